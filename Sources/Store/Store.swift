internal import Foundation
internal import GRDB

/// One database of a home, as this process uses it.
///
/// Operations of many callers share one synced transaction; readers know by one atomic load whether what they hold is current; file work
/// never touches Swift's cooperative pool. Opened by any number of processes at once.
package final class Store: Sendable {
    package let home: Home
    package let path: String
    let pool: ConnectionPool
    private let commits: CommitWord
    private let writer: Writer
    private let checkpointer: Checkpointer

    /// Opens the database, making or migrating it when needed. Blocks for the disk, and up to 5 s for another process that writes.
    ///
    /// - Throws: `.unusable` for a home on a network file system, without write permission, or written by a newer version;
    ///   `.damaged`; `.busy`; `.full`.
    package init(_ home: Home, _ schema: Schema) throws(StoreError) {
        try home.check()
        let path = "\(home.path)/\(schema.name.rawValue).sqlite"
        let lock = try FairLock(path: "\(home.path)/lock-\(schema.name.rawValue)")
        home.share("lock-\(schema.name.rawValue)")
        guard try lock.acquire(until: Date(timeIntervalSinceNow: Self.patience)) else {
            throw StoreError(.busy, "\(path) is being written by \(lock.holder()). Try again.")
        }
        defer { lock.release() }
        let commits = CommitWord(home.signals, index: schema.name == .registry ? 8 : 16, lock: lock)
        commits.recover()
        let pool = try ConnectionPool(path: path, schema: schema)
        home.share("\(schema.name.rawValue).sqlite", "\(schema.name.rawValue).sqlite-wal", "\(schema.name.rawValue).sqlite-shm")
        self.home = home
        self.path = path
        self.pool = pool
        self.commits = commits
        checkpointer = Checkpointer(path: path, lock: lock, ballast: home.ballast)
        writer = Writer(pool: pool, lock: lock, commits: commits, home: home, checkpointer: checkpointer, overlaps: schema.overlaps)
        do { try pool.write { checkpointer.observe($0) } } catch { throw StoreError(sqlite: error) }
    }

    deinit { close() }

    /// How long an operation waits for other processes before it fails with `.busy`, seconds.
    static let patience: TimeInterval = 5

    /// Ends the threads once everything accepted is done. Blocks until then. Idempotent.
    package func close() {
        writer.stop()
        checkpointer.stop()
        pool.close()
    }

    // MARK: Freshness

    /// The version of everything confirmed so far, by any process. What is read after this call is at least as new.
    package func version() -> UInt64 { commits.version() }

    /// Whether nothing was committed since `version` was current: one atomic load.
    @inline(__always)
    package func isStill(_ version: UInt64) -> Bool { commits.isStill(version) }

    // MARK: Reading and writing

    /// Reads from a snapshot that holds everything confirmed before the call, on a thread that may wait for the disk.
    package func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try home.check()
        do { return try await pool.read(body) } catch { throw Self.wrapped(error) }
    }

    /// Decides and writes, in a transaction shared with other callers; returns when it is as durable as asked.
    ///
    /// `body` runs on the writer's thread, possibly more than once, of which the last counts. It decides first and writes then: an error
    /// thrown before the first write costs the others nothing.
    ///
    /// - Parameters:
    ///   - bytes: roughly what the operation writes; bounds a transaction.
    ///   - patience: how long to wait for other processes, from when they are met.
    ///   - reclaims: the operation frees room on the disk and may use the room kept for that.
    /// - Throws: what `body` throws, or a ``StoreError``. `.cancelled`, `.busy` and `.full` mean that nothing was done; `.outcomeUnknown`
    ///   that a commit failed on the disk. A task cancelled while its transaction is in flight gets the true outcome.
    package func write<Value: Sendable>(
        _ durability: Durability = .synced, bytes: Int = 512, patience: Duration? = nil, reclaims: Bool = false,
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        let operation = ClosureOperation(body)
        try await write(durability, bytes: bytes, patience: patience, reclaims: reclaims, operation)
        guard let value = operation.value else { preconditionFailure("what was confirmed has been performed") }
        return value
    }

    /// The same with an operation that keeps itself what it comes to.
    package func write(
        _ durability: Durability = .synced, bytes: Int = 512, patience: Duration? = nil, reclaims: Bool = false,
        _ operation: any WriteOperation
    ) async throws {
        try home.checkProcess()
        let write = PendingWrite(
            operation, durability, bytes: bytes, patience: patience?.inSeconds ?? Self.patience, reclaims: reclaims)
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                write.prepare(continuation)
                if Task.isCancelled { write.finish(.cancelled) } else { writer.enqueue(write) }
            }
        } onCancel: {
            writer.cancel(write)
        }
    }

    private static func wrapped(_ error: any Error) -> any Error {
        error is DatabaseError ? StoreError(sqlite: error) : error
    }
}

extension Duration {
    fileprivate var inSeconds: TimeInterval { TimeInterval(components.seconds) + TimeInterval(components.attoseconds) / 1e18 }
}
