internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// Moves what was committed from the write-ahead log into the database, on a thread and a connection of its own: never inside a commit.
///
/// PASSIVE once the log has grown, which disturbs nobody; TRUNCATE when the database has been quiet for a while, so that an idle home
/// is small. Pages that became free go back to the file system in small steps, under the lock: all of them when it is quiet, and while it is
/// not only when they are many.
final class Checkpointer: @unchecked Sendable {  // the variables are guarded by `condition`
    private static let pageSize = 4096
    private static let threshold = (16 << 20) / pageSize
    /// A log that grew this long while it was moved: writers who never pause keep SQLite from starting it over.
    private static let limit = 2 * threshold
    /// Beyond, this process's writer waits for the log to be moved: a slow disk would else let it grow without end.
    private static let ceiling = 6 * threshold
    private static let quiet: TimeInterval = 2
    /// Pages given back in one step: a few milliseconds for those who want to write.
    private static let step = 1024
    /// Free pages worth keeping: the next messages go there.
    private static let reserve = 256

    private let path: String
    private let lock: FairLock
    private let ballast: Ballast
    private let condition = NSCondition()
    private var pages = 0
    private var commits = 0
    /// How many the log held after the last commit of this process. The writer's thread alone sets and asks.
    private(set) var pagesInLog = 0
    private var isStopped = false
    private var hasThread = false
    /// Threads that have not closed their connection yet.
    private var threads = 0

    init(path: String, lock: FairLock, ballast: Ballast) {
        self.path = path
        self.lock = lock
        self.ballast = ballast
    }

    /// Asks SQLite to say after each commit on the writer's connection how many pages the log holds, those of other processes included.
    func observe(_ connection: Connection) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_wal_hook(
            connection.database.sqliteConnection,
            { this, _, _, pages in
                guard let this else { return SQLITE_OK }
                Unmanaged<Checkpointer>.fromOpaque(this).takeUnretainedValue().noticed(Int(pages))
                return SQLITE_OK
            }, this)
    }

    private func noticed(_ pages: Int) {
        condition.lock()
        self.pages = pages
        pagesInLog = pages
        commits += 1
        condition.unlock()
    }

    /// Called by the writer after each group, outside the lock. Blocks while the log is far too long.
    func wakeIfNeeded() {
        condition.lock()
        defer { condition.unlock() }
        guard pages > 0, !isStopped else { return }
        if !hasThread {
            hasThread = true
            threads += 1
            let thread = Thread { [self] in work() }
            thread.name = "discovery-checkpoint"
            thread.start()
        } else if pages >= Self.threshold {
            condition.broadcast()
        }
        while pages >= Self.ceiling, hasThread, !isStopped { condition.wait() }
    }

    /// Moves the whole log into the database and empties it: nothing hangs on the log any more. Blocks for the disk, and for a
    /// while for those who read or write.
    ///
    /// - Returns: whether that was done.
    func moveAll() -> Bool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(0.5)
        return move(.truncate, try? DatabaseQueue(path: path, configuration: configuration), patience: Store.patience)
    }

    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        while threads > 0 { condition.wait() }
        condition.unlock()
    }

    /// The thread ends when the log is empty and the database quiet: an idle home costs nothing.
    private func work() {
        let database = try? DatabaseQueue(path: path)
        var failures = 0
        condition.lock()
        while !isStopped, failures < 3 {
            if pages >= Self.threshold {
                pages = 0
                condition.unlock()
                _ = try? database?.inDatabase { try $0.checkpoint(.passive) }
                shrink(database, whenOver: 16 * Self.reserve, ofAll: 4, patience: Self.quiet)
                ballast.take()
                condition.lock()
                if pages >= Self.limit {
                    pages = 0
                    condition.unlock()
                    // While writers wait, so that the next of them starts the log over unless a reader still needs it.
                    move(.restart, database, patience: Self.quiet)
                    condition.lock()
                }
                condition.broadcast()
                continue
            }
            let seen = commits
            if condition.wait(until: Date(timeIntervalSinceNow: Self.quiet)) || commits != seen { continue }
            condition.unlock()
            while shrink(database, whenOver: Self.reserve, ofAll: .max, patience: 0), isQuiet(since: seen) {}
            // Unless another process writes or reads just now.
            let isEmpty = move(.truncate, database, patience: 0)
            ballast.take()
            condition.lock()
            failures += isEmpty ? 0 : 1
            if isEmpty, commits == seen { break }
        }
        hasThread = false
        pages = 0
        condition.unlock()
        try? database?.close()
        condition.lock()
        threads -= 1
        condition.broadcast()
        condition.unlock()
    }

    private func isQuiet(since seen: Int) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        return commits == seen && !isStopped
    }

    /// Gives some free pages back.
    ///
    /// - Parameters:
    ///   - limit: only when there are more of them than this,
    ///   - share: and more than one in so many of all pages.
    ///   - patience: how long to wait for those who write.
    /// - Returns: whether it did.
    @discardableResult
    private func shrink(_ database: DatabaseQueue?, whenOver limit: Int, ofAll share: Int, patience: TimeInterval) -> Bool {
        let count = try? database?.inDatabase { database in
            let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
            let all = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            return free > limit && free > all / share ? min(Self.step, free - limit) : 0
        }
        guard let database, let count, count > 0, (try? lock.acquire(until: Date(timeIntervalSinceNow: patience))) == true else {
            return false
        }
        defer { lock.release() }
        return (try? database.inDatabase { try $0.execute(sql: "PRAGMA incremental_vacuum(\(count))") }) != nil
    }

    /// Moves the rest of the log under the lock, and has it begun anew.
    @discardableResult
    private func move(_ mode: Database.CheckpointMode, _ database: DatabaseQueue?, patience: TimeInterval) -> Bool {
        guard let database, (try? lock.acquire(until: Date(timeIntervalSinceNow: patience))) == true else { return false }
        defer { lock.release() }
        return (try? database.inDatabase { try $0.checkpoint(mode) }) != nil
    }
}
