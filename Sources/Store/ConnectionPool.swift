internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// The connections of this process to one database: one that writes, a few that read, and how they are set up.
final class ConnectionPool: Sendable {
    let path: String
    private let schema: Schema
    private let state: Mutex<State>

    private enum State {
        case open(DatabasePool)
        /// It was to be opened anew and could not, for this reason.
        case broken(StoreError)
        case closed
    }

    /// Opens the file, or makes it, and takes it to the schema's version. Called under the writer lock, so that of processes that start
    /// at once one creates and the others find. Blocks for the disk.
    init(path: String, schema: Schema) throws(StoreError) {
        self.path = path
        self.schema = schema
        state = Mutex(.open(try Self.open(path, schema)))
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
                    if try Int.fetchOne(database, sql: "PRAGMA page_count") == 0 {
                        try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                    }
                    try database.execute(sql: "PRAGMA foreign_keys = OFF")
                }
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
                try schema.migrate(database, path: path)
                // From here on `LogSync` syncs the log; never OFF, which would move a log that is not on the disk.
                try database.execute(sql: "PRAGMA synchronous = NORMAL")
            }
            return pool
        } catch {
            throw Self.whileOpening(StoreError(sqlite: error), path)
        }
    }

    /// Nothing was asked for yet whose outcome could be unknown: the disk is full, or else it fails.
    private static func whileOpening(_ error: StoreError, _ path: String) -> StoreError {
        guard error.code == .outcomeUnknown else { return error }
        var room = statvfs()
        guard statvfs((path as NSString).deletingLastPathComponent, &room) == 0, UInt64(room.f_bavail) * UInt64(room.f_frsize) < 1 << 20
        else {
            return StoreError(
                .unusable, "\(path) cannot be opened: the disk fails. Look after it, or name another home with DISCOVERY_HOME.")
        }
        return StoreError(.full, "The disk is full: \(path) cannot be opened. Make room, then try again.")
    }

    private func current() throws(StoreError) -> DatabasePool {
        switch state.withLock({ $0 }) {
        case .open(let pool): return pool
        case .broken(let error): throw error
        case .closed: throw .closed(path)
        }
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

    /// Whether the last attempt to open the file anew failed: the writer is to try again.
    var isBroken: Bool {
        if case .broken = state.withLock({ $0 }) { true } else { false }
    }

    /// Opens the file anew: after a failed commit SQLite's idea of the log and the disk's may differ. Who wants to read meanwhile waits.
    func reopen() throws(StoreError) {
        let failure: StoreError? = state.withLock { state in
            switch state {
            case .open(let old): try? old.close()
            case .broken: break
            case .closed: return .closed(path)
            }
            do throws(StoreError) {
                state = .open(try Self.open(path, schema))
                return nil
            } catch {
                state = .broken(error)
                return error
            }
        }
        if let failure { throw failure }
    }

    func close() {
        let old = state.withLock { state in
            defer { state = .closed }
            return state
        }
        if case .open(let pool) = old { try? pool.close() }
    }
}
