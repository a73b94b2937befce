internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// The one thread of this process that writes to one database.
///
/// Operations queue up while a transaction is in flight and share the next. The lock between processes is taken per transaction, so that
/// they take turns; the disk is waited for outside it, by `LogSync`.
///
/// `condition` guards `queue` with its deadlines, and `isStopped` to `awaited`; the rest is the thread's own.
final class Writer: @unchecked Sendable {
    struct Limits {
        static let operations = 1024
        static let bytes = 1 << 20
    }

    private let pool: ConnectionPool
    private let lock: FairLock
    private let commits: CommitWord
    private let home: Home
    private let checkpointer: Checkpointer
    private let sync: LogSync
    private let overlaps: Bool
    private let condition = NSCondition()
    private var queue: [PendingWrite] = []
    private var isStopped = false
    private var hasThread = false
    private var thread: Thread?
    /// Until when the thread waits for the lock.
    private var awaited: Date?
    private var transactions: UInt64 = 0
    private let statements = PreparedStatements()

    init(pool: ConnectionPool, lock: FairLock, commits: CommitWord, home: Home, checkpointer: Checkpointer, overlaps: Bool) {
        self.pool = pool
        self.lock = lock
        self.commits = commits
        self.home = home
        self.checkpointer = checkpointer
        self.overlaps = overlaps
        sync = LogSync(path: pool.path, home: home, commits: commits, checkpointer: checkpointer)
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
        var isHasty = false
        if let awaited {
            let deadline = write.deadline(from: Date())
            write.deadline = deadline
            isHasty = deadline < awaited
        }
        condition.unlock()
        if isHasty { lock.wake() }
    }

    /// Takes an operation back whose caller was cancelled, if it has not begun.
    func cancel(_ write: PendingWrite) {
        condition.lock()
        let index = queue.firstIndex { $0 === write }
        if let index { queue.remove(at: index) }
        condition.unlock()
        if index != nil { write.finish(.cancelled) }
    }

    /// Ends the thread once everything queued is done. Blocks until then, except on the thread itself: an operation may be the last to
    /// hold its store.
    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        let isOwnThread = thread === Thread.current
        while hasThread, !isOwnThread { condition.wait() }
        condition.unlock()
        if isOwnThread { statements.removeAll() }
        sync.stop()
    }

    private func startThread() {
        hasThread = true
        let thread = Thread { [self] in
            while waitForWork() { serve() }
            statements.removeAll()
            condition.lock()
            hasThread = false
            self.thread = nil
            condition.broadcast()
            condition.unlock()
        }
        // Linux shows 15 characters, and takes no name that is longer.
        thread.name = "discovery-write"
        thread.stackSize = 1 << 20
        self.thread = thread
        thread.start()
    }

    /// Whether there is any; false when the writer is to end.
    private func waitForWork() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while queue.isEmpty {
            if isStopped { return false }
            condition.wait()
        }
        return true
    }

    private func hasWork() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        return !queue.isEmpty
    }

    /// The earliest deadline of what is queued: all of it waits from now on, or has waited before.
    private func earliestDeadline() -> Date {
        condition.lock()
        defer { condition.unlock() }
        let now = Date()
        var earliest = Date.distantFuture
        for write in queue {
            let deadline = write.deadline(from: now)
            write.deadline = deadline
            earliest = min(earliest, deadline)
        }
        awaited = earliest
        return earliest
    }

    private func serve() {
        do {
            try home.check()
            guard try lock.acquire(until: earliestDeadline) else {
                let holder = lock.holder()
                let error = StoreError(.busy, "\(pool.path) is being written by \(holder). Nothing was done; try again.")
                let now = Date()
                return take { $0.deadline(from: now) <= now }.forEach { $0.finish(error) }
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
        sync.confirm(finished, atOnce: !overlaps || !hasWork())
        checkpointer.wakeIfNeeded()
    }

    private func take(_ isTaken: (PendingWrite) -> Bool) -> [PendingWrite] {
        condition.lock()
        defer { condition.unlock() }
        awaited = nil
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

    private func run(_ group: [PendingWrite]) -> [LogSync.Told] {
        guard !group.isEmpty else { return [] }
        switch attempt(group) {
        case .committed: return group.map { ($0, nil) }
        case .spoiled where group.count == 1: return [(group[0], nil)]
        case .spoiled: return group.flatMap { run([$0]) }
        // Only who met the damage is told of it.
        case .failed(let error) where error.code == .damaged && group.count > 1: return group.flatMap { run([$0]) }
        case .failed(let error) where error.code == .full && group.contains(where: \.reclaims) && home.ballast.giveUp():
            return run(group.filter(\.reclaims)) + group.filter { !$0.reclaims }.map { ($0, error) }
        case .failed(let error):
            if error.code == .outcomeUnknown {
                // What fails here is tried again, and told, at the next operation.
                try? reopen()
            }
            return group.map { ($0, error) }
        }
    }

    private func reopen() throws {
        statements.removeAll()
        try pool.reopen()
        sync.forget()
        try pool.write { checkpointer.observe($0) }
    }

    private func attempt(_ group: [PendingWrite]) -> Outcome {
        do {
            if pool.isBroken { try reopen() }
            return try pool.write { plain in
                let connection = Connection(plain.database, statements)
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
        try connection.run("BEGIN IMMEDIATE")
        transactions += 1
        let transaction = Transaction(connection, now: home.now(), number: transactions)
        let start = connection.totalChanges
        for write in group {
            let before = connection.totalChanges - transaction.settled
            let isAccepted = try write.perform(transaction)
            if !isAccepted, connection.totalChanges - transaction.settled != before {
                try connection.run("ROLLBACK")
                return .spoiled
            }
        }
        try transaction.finish()
        try home.seam.insideTransaction?()
        guard connection.totalChanges != start else {
            try connection.run("ROLLBACK")
            return .committed
        }
        do {
            commits.beginCommit()
            defer { commits.endCommit() }
            try home.seam.atCommit?()
            try connection.run("COMMIT")
            home.seam.afterCommit?()
        }
        // After the counter: who wakes and finds the version unchanged sleeps again.
        home.ring(transaction.bells)
        LogRoom.make(connection, pages: checkpointer.pagesInLog)
        return .committed
    }
}
