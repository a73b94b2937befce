internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// The connections of this process to one database: one that writes, a few that read, and how they are set up.
final class ConnectionPool: Sendable {
    let path: String
    private let schema: Schema
    private let pool: Mutex<DatabasePool?>

    /// Opens the file, or makes it, and takes it to the schema's version. Called under the writer lock, so that of processes that start
    /// at once one creates and the others find. Blocks for the disk.
    init(path: String, schema: Schema) throws(StoreError) {
        self.path = path
        self.schema = schema
        pool = Mutex(try Self.open(path, schema))
    }

    private static func open(_ path: String, _ schema: Schema) throws(StoreError) -> DatabasePool {
        do {
            var configuration = Configuration()
            configuration.label = "discovery.\(schema.name.rawValue)"
            // Only a program that is not ours can hold SQLite's lock while we hold the home's.
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            configuration.persistentReadOnlyConnections = true
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY")
                if !database.configuration.readonly {
                    if try Int.fetchOne(database, sql: "PRAGMA page_count") == 0 { try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
                    try database.execute(sql: "PRAGMA foreign_keys = OFF")
                }
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // The pool sets NORMAL when it opens a database in WAL mode; a confirmed operation is to survive power loss.
                try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
                try schema.migrate(database, path: path)
            }
            return pool
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    private func current() throws(StoreError) -> DatabasePool {
        guard let pool = pool.withLock({ $0 }) else { throw .closed(path) }
        return pool
    }

    /// Runs `body` on the writing connection, on the calling thread. The writer's thread only.
    func write<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        try current().writeWithoutTransaction { try body(Connection($0)) }
    }

    /// Runs `body` on a reading connection and a snapshot, on a thread that may wait for the disk.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        let pool = try current()
        return try await withCheckedThrowingContinuation { continuation in
            pool.asyncRead { database in
                continuation.resume(with: Result { try body(Connection(database.get())) })
            }
        }
    }

    /// The same on the calling thread, which it blocks.
    func readBlocking<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        try current().read { try body(Connection($0)) }
    }

    /// Opens the file anew: after a failed commit SQLite's idea of the log and the disk's may differ.
    func reopen() throws(StoreError) {
        close()
        let fresh = try Self.open(path, schema)
        pool.withLock { $0 = fresh }
    }

    func close() {
        let old = pool.withLock { pool in
            defer { pool = nil }
            return pool
        }
        try? old?.close()
    }
}
