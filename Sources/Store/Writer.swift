internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// The one thread of this process that writes to one database.
///
/// Operations queue up while a transaction is in flight and share the next: one sync of the disk confirms them all. The lock between
/// processes is taken per transaction, so that they take turns.
final class Writer: @unchecked Sendable {  // `queue` and `isStopped` are guarded by `condition`; the rest is the thread's own
    struct Limits {
        static let operations = 1024
        static let bytes = 1 << 20
    }

    private let pool: ConnectionPool
    private let lock: FairLock
    private let commits: CommitWord
    private let home: Home
    private let checkpointer: Checkpointer
    private let condition = NSCondition()
    private var queue: [PendingWrite] = []
    private var isStopped = false
    private var hasThread = false
    private var synchronous = Durability.synced
    private var transactions: UInt64 = 0

    init(pool: ConnectionPool, lock: FairLock, commits: CommitWord, home: Home, checkpointer: Checkpointer) {
        self.pool = pool
        self.lock = lock
        self.commits = commits
        self.home = home
        self.checkpointer = checkpointer
    }

    func enqueue(_ write: PendingWrite) {
        condition.lock()
        if isStopped {
            condition.unlock()
            return write.finish(.closed(pool.path))
        }
        queue.append(write)
        if !hasThread { startThread() }
        if queue.count == 1 { condition.broadcast() }
        condition.unlock()
    }

    /// Takes an operation back whose caller was cancelled, if it has not begun.
    func cancel(_ write: PendingWrite) {
        condition.lock()
        let index = queue.firstIndex { $0 === write }
        if let index { queue.remove(at: index) }
        condition.unlock()
        if index != nil { write.finish(.cancelled) }
    }

    /// Ends the thread once everything queued is done. Blocks until then.
    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        while hasThread { condition.wait() }
        condition.unlock()
    }

    private func startThread() {
        hasThread = true
        let thread = Thread { [self] in
            while let deadline = waitForWork() { serve(until: deadline) }
            condition.lock()
            hasThread = false
            condition.broadcast()
            condition.unlock()
        }
        // Linux shows 15 characters, and takes no name that is longer.
        thread.name = "discovery-write"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// The earliest deadline of what is queued; `nil` when the writer is to end.
    private func waitForWork() -> Date? {
        condition.lock()
        defer { condition.unlock() }
        while queue.isEmpty {
            if isStopped { return nil }
            condition.wait()
        }
        return queue.reduce(queue[0].deadline) { min($0, $1.deadline) }
    }

    private func serve(until deadline: Date) {
        do {
            try home.check()
            guard try lock.acquire(until: deadline) else {
                let holder = lock.holder()
                let error = StoreError(.busy, "\(pool.path) is being written by \(holder). Nothing was done; try again.")
                return take { $0.deadline <= deadline }.forEach { $0.finish(error) }
            }
        } catch {
            return take { _ in true }.forEach { $0.finish(error) }
        }
        commits.recover()
        var bytes = 0
        var count = 0
        let group = take { write in
            count += 1
            bytes += write.bytes
            return count == 1 || (count <= Limits.operations && bytes <= Limits.bytes)
        }
        let finished = run(group)
        lock.release()
        for (write, failure) in finished { write.finish(failure) }
        checkpointer.wakeIfNeeded()
    }

    private func take(_ isTaken: (PendingWrite) -> Bool) -> [PendingWrite] {
        condition.lock()
        defer { condition.unlock() }
        var taken: [PendingWrite] = []
        queue.removeAll { write in
            guard isTaken(write) else { return false }
            taken.append(write)
            return true
        }
        return taken
    }

    // MARK: A group

    private enum Outcome {
        case committed
        /// An operation was refused after it had written: its writes are undone with those of the others, who try again without it.
        case spoiled
        case failed(StoreError)
    }

    private func run(_ group: [PendingWrite]) -> [(PendingWrite, StoreError?)] {
        guard !group.isEmpty else { return [] }
        switch attempt(group) {
        case .committed: return group.map { ($0, nil) }
        case .spoiled where group.count == 1: return [(group[0], nil)]
        case .spoiled: return group.flatMap { run([$0]) }
        case .failed(let error) where error.code == .full && group.contains(where: \.reclaims) && home.ballast.giveUp():
            return run(group.filter(\.reclaims)) + group.filter { !$0.reclaims }.map { ($0, error) }
        case .failed(let error):
            if error.code == .outcomeUnknown {
                synchronous = .synced
                // What fails here fails again, with its own sentence, at the next operation.
                try? pool.reopen()
                try? pool.write { checkpointer.observe($0) }
            }
            return group.map { ($0, error) }
        }
    }

    private func attempt(_ group: [PendingWrite]) -> Outcome {
        do {
            return try pool.write { connection in
                do {
                    return try commit(group, on: connection)
                } catch {
                    if sqlite3_get_autocommit(connection.database.sqliteConnection) == 0 { _ = try? connection.run("ROLLBACK") }
                    throw error
                }
            }
        } catch {
            return .failed(StoreError(sqlite: error))
        }
    }

    private func commit(_ group: [PendingWrite], on connection: Connection) throws -> Outcome {
        let durability = group.reduce(.ordered) { max($0, $1.durability) }
        if durability != synchronous {
            // Not a cached statement: this pragma acts when it is compiled.
            try connection.database.execute(sql: durability == .synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
            synchronous = durability
        }
        try connection.run("BEGIN IMMEDIATE")
        transactions += 1
        let transaction = Transaction(connection, now: home.now(), number: transactions)
        let start = connection.totalChanges
        for write in group {
            let before = connection.totalChanges
            let isAccepted = try write.perform(transaction)
            if !isAccepted, connection.totalChanges != before {
                try connection.run("ROLLBACK")
                return .spoiled
            }
        }
        try home.seam.insideTransaction?()
        guard connection.totalChanges != start else {
            try connection.run("ROLLBACK")
            return .committed
        }
        commits.beginCommit()
        defer { commits.endCommit() }
        try home.seam.atCommit?()
        try connection.run("COMMIT")
        home.seam.afterCommit?()
        home.ring(transaction.bells)
        return .committed
    }
}
