internal import Foundation
internal import GRDB

extension Home {
    /// What an examination of a home found.
    package struct Examination: Sendable, Codable {
        package struct Database: Sendable, Codable {
            package let name: String
            package let path: String
            /// Format version of the file.
            package let version: Int
            package let bytes: Int
            package let logBytes: Int
            /// Rows that can be read, by table.
            package var rows: [String: Int]
            /// One sentence each; empty when all is well.
            package var problems: [String]
        }

        package let path: String
        package let databases: [Database]
        package var isHealthy: Bool { databases.allSatisfy(\.problems.isEmpty) }
    }

    /// Examines the databases of a home that others may be using: SQLite's integrity check, and whether every row can be read. Blocks for
    /// the disk, in proportion to the size of the home.
    ///
    /// - Throws: `.unusable` when there is no home.
    package static func examine(path: String) throws(StoreError) -> Examination {
        let names = Schema.Name.allCases.filter { access("\(path)/\($0.rawValue).sqlite", F_OK) == 0 }
        guard !names.isEmpty else {
            throw StoreError(.unusable, "There is no home at \(path): it holds no database. Name one with --home or DISCOVERY_HOME.")
        }
        return Examination(path: path, databases: names.map { examine("\(path)/\($0.rawValue).sqlite", $0) })
    }

    private static func examine(_ path: String, _ name: Schema.Name) -> Examination.Database {
        func size(_ path: String) -> Int {
            var status = stat()
            return stat(path, &status) == 0 ? Int(status.st_size) : 0
        }
        var problems: [String] = []
        var rows: [String: Int] = [:]
        var version = 0
        do {
            let queue = try DatabaseQueue(path: path, configuration: patient)
            defer { try? queue.close() }
            try queue.inDatabase { database in
                version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                do {
                    problems += try String.fetchAll(database, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
                } catch {
                    problems.append(StoreError(sqlite: error).message)
                }
                for table in try tables(database) {
                    var count = 0
                    do {
                        let cursor = try GRDB.Row.fetchCursor(database, sql: "SELECT * FROM \"\(table)\"")
                        while try cursor.next() != nil { count += 1 }
                    } catch {
                        problems.append("The table \(table) can be read to row \(count) only.")
                    }
                    rows[table] = count
                }
            }
        } catch {
            problems.append(StoreError(sqlite: error).message)
        }
        return Examination.Database(
            name: name.rawValue, path: path, version: version, bytes: size(path), logBytes: size(path + "-wal"), rows: rows,
            problems: problems)
    }

    /// Copies whatever can still be read of a damaged database into the same database of a new home. Blocks for the disk.
    ///
    /// - Parameter target: a home that has no such database yet.
    /// - Returns: rows saved, by table.
    /// - Throws: `.unusable` when the target has one; `.damaged` when nothing at all can be read; `.full`.
    package static func salvage(_ schema: Schema, from path: String, to target: String) throws(StoreError) -> [String: Int] {
        let source = "\(path)/\(schema.name.rawValue).sqlite"
        let destination = "\(target)/\(schema.name.rawValue).sqlite"
        guard access(source, F_OK) == 0 else { throw StoreError(.unusable, "There is no database \(source) to salvage.") }
        guard access(destination, F_OK) != 0 else {
            throw StoreError(.unusable, "\(destination) exists already. Name a new folder to salvage into.")
        }
        let store = try Store(Home(path: target), schema)
        defer { store.close() }
        do {
            let damaged = try DatabaseQueue(path: source, configuration: patient)
            defer { try? damaged.close() }
            return try store.pool.write { connection in
                let database = connection.database
                var saved: [String: Int] = [:]
                try database.inTransaction(.immediate) {
                    for table in try tables(database) {
                        let key = try database.primaryKey(table).columns
                        let back = key.isEmpty ? "rowid DESC" : key.map { "\"\($0)\" DESC" }.joined(separator: ", ")
                        // A damaged page ends a scan: one from each end reads what lies before and behind it.
                        for order in ["", " ORDER BY \(back)"] {
                            try damaged.inDatabase { try copy(table, order, from: $0, to: database) }
                        }
                        saved[table] = try Int.fetchOne(database, sql: "SELECT count(*) FROM \"\(table)\"")
                    }
                    return .commit
                }
                return saved
            }
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    private static func copy(_ table: String, _ order: String, from damaged: Database, to database: Database) throws {
        guard let cursor = try? GRDB.Row.fetchCursor(damaged, sql: "SELECT * FROM \"\(table)\"\(order)") else { return }
        while let row = try? cursor.next() {
            // Named, as an older format may have fewer.
            let columns = row.columnNames.map { "\"\($0)\"" }.joined(separator: ", ")
            let places = databaseQuestionMarks(count: row.count)
            do {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO \"\(table)\" (\(columns)) VALUES (\(places))",
                    arguments: StatementArguments(row.databaseValues))
            } catch let error as DatabaseError where [.SQLITE_CONSTRAINT, .SQLITE_MISMATCH].contains(error.resultCode) {
                // What damage made of a row: the table does not take it.
            }
        }
    }

    private static func tables(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
    }

    private static var patient: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        return configuration
    }

    /// Copies every database of this home into a new folder, each in a consistent state, while others go on. The copy is a home. Blocks.
    ///
    /// - Throws: `.unusable` when the folder is not empty; `.full`.
    package static func backup(path: String, to target: String) throws(StoreError) {
        let names = Schema.Name.allCases.filter { access("\(path)/\($0.rawValue).sqlite", F_OK) == 0 }
        guard !names.isEmpty else {
            throw StoreError(.unusable, "There is no home at \(path): it holds no database. Name one with --home or DISCOVERY_HOME.")
        }
        if let entries = try? FileManager.default.contentsOfDirectory(atPath: target), !entries.isEmpty {
            throw StoreError(.unusable, "\(target) is not empty. Name a new folder for the backup.")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: target, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for name in names {
                let source = try DatabaseQueue(path: "\(path)/\(name.rawValue).sqlite", configuration: patient)
                let copy = try DatabaseQueue(path: "\(target)/\(name.rawValue).sqlite")
                try source.backup(to: copy)
                try copy.close()
                try source.close()
            }
        } catch {
            throw error is DatabaseError
                ? StoreError(sqlite: error) : StoreError(.unusable, "\(target) cannot be written: \(error.localizedDescription).")
        }
    }
}
