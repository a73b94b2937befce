internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// SQL as `Registry` and `Messaging` speak it: static statements, prepared once per connection, values bound and never spliced.
package struct Connection {
    let database: Database
    private let statements: PreparedStatements?

    /// - Parameter statements: those of this connection, where it is one that writes.
    init(_ database: Database, _ statements: PreparedStatements? = nil) {
        self.database = database
        self.statements = statements
    }

    /// Runs a statement that returns no rows.
    ///
    /// - Returns: the number of rows it changed.
    @discardableResult
    package func run(_ sql: StaticString, _ values: SQLValue...) throws(StoreError) -> Int {
        try each(sql, values) { _ in }
        return Int(sqlite3_changes(database.sqliteConnection))
    }

    /// The first row, made into a value; `nil` when there is none.
    package func first<Value>(_ sql: StaticString, _ values: SQLValue..., make: (Row) throws(StoreError) -> Value) throws(StoreError)
        -> Value?
    {
        var first: Value?
        try each(sql, values, atMostOne: true) { row throws(StoreError) in first = try make(row) }
        return first
    }

    /// The first row, made into a value, its statement's values set one by one: costs no array. For what is asked for each of many messages.
    package func first<Value>(
        _ sql: StaticString, binding bind: (Binding) -> Void, make: (Row) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        var first: Value?
        try step(sql, binding: bind) { row throws(StoreError) in
            first = try make(row)
            return false
        }
        return first
    }

    /// All rows, made into values.
    package func all<Value>(_ sql: StaticString, _ values: SQLValue..., make: (Row) throws(StoreError) -> Value) throws(StoreError)
        -> [Value]
    {
        var all: [Value] = []
        try each(sql, values) { row throws(StoreError) in all.append(try make(row)) }
        return all
    }

    /// Runs a statement that returns no rows, its values set one by one: costs no array. For what is run for each of many messages.
    @discardableResult
    package func run(_ sql: StaticString, binding bind: (Binding) -> Void) throws(StoreError) -> Int {
        try step(sql, binding: bind) { _ in true }
        return Int(sqlite3_changes(database.sqliteConnection))
    }

    /// Hands the rows of a statement to `body`, its values set one by one, until there are no more or `body` returns false.
    package func each(_ sql: StaticString, binding bind: (Binding) -> Void, _ body: (Row) throws(StoreError) -> Bool) throws(StoreError) {
        try step(sql, binding: bind, body)
    }

    private func each(
        _ sql: StaticString, _ values: [SQLValue], atMostOne: Bool = false, _ body: (Row) throws(StoreError) -> Void
    ) throws(StoreError) {
        try step(
            sql,
            binding: { binding in for (index, value) in values.enumerated() { value.bind(to: binding.statement, at: Int32(index + 1)) } }
        ) { row throws(StoreError) in
            try body(row)
            return !atMostOne
        }
    }

    @inline(__always)
    private func step(
        _ sql: StaticString, binding bind: (Binding) -> Void, _ body: (Row) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let statement: OpaquePointer
        do {
            statement = try (statements?.statement(sql, on: database) ?? database.cachedStatement(sql: sql.description)).sqliteStatement
        } catch {
            throw StoreError(sqlite: error)
        }
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        bind(Binding(statement: statement))
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_DONE: return
            case SQLITE_ROW: guard try body(Row(statement: statement)) else { return }
            default: throw StoreError(sqlite: database.sqliteConnection, doing: sql.description)
            }
        }
    }

    /// Rows changed by this connection since it was opened.
    var totalChanges: Int { Int(sqlite3_total_changes(database.sqliteConnection)) }
}

/// The statements of one connection, found by where their text lies in the program: GRDB would make and hash a string each time. For the
/// writer, which thousands of callers wait for; one thread at a time.
final class PreparedStatements {
    private var statements: [UnsafePointer<UInt8>: Statement] = [:]

    func statement(_ sql: StaticString, on database: Database) throws -> Statement {
        if let statement = statements[sql.utf8Start] { return statement }
        let statement = try database.cachedStatement(sql: sql.description)
        statements[sql.utf8Start] = statement
        return statement
    }

    /// Lets go of them: a connection is not closed while it has statements.
    func removeAll() { statements = [:] }
}

/// A row while it is being read; not to be kept.
package struct Row {
    let statement: OpaquePointer

    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
    package func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    package func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    package func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(statement, column) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, column))), as: UTF8.self)
    }

    package func bytes(_ column: Int32) -> [UInt8] {
        guard let bytes = sqlite3_column_blob(statement, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, column))))
    }
}

/// The values of a statement while they are being set, counted from 1; those not set are NULL. Not to be kept.
package struct Binding {
    let statement: OpaquePointer

    package func set(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(statement, index, value) }
    package func set(_ index: Int32, _ value: Int64?) {
        if let value { sqlite3_bind_int64(statement, index, value) }
    }
    package func set(_ index: Int32, _ text: String?) {
        if let text { SQLValue.text(text).bind(to: statement, at: index) }
    }
    package func set(_ index: Int32, _ bytes: [UInt8]?) {
        if let bytes { SQLValue.bytes(bytes).bind(to: statement, at: index) }
    }
    /// A text of UTF-8 that is not copied: it is to stay where it is until the statement has run.
    package func set(_ index: Int32, lasting text: UnsafeBufferPointer<UInt8>) {
        text.withMemoryRebound(to: CChar.self) {
            // An empty text may be nowhere; what is nowhere is NULL.
            guard let start = $0.baseAddress else { return set(index, "") }
            sqlite3_bind_text(statement, index, start, Int32($0.count), nil)
        }
    }
}

/// A value to bind.
package enum SQLValue: Sendable, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])

    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(nilLiteral: ()) { self = .null }
    package static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
    package static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
    package static func optional(_ integer: Int64?) -> SQLValue { integer.map { .integer($0) } ?? .null }

    /// SQLite copies what is bound: the value may die before the statement does.
    fileprivate func bind(to statement: OpaquePointer, at index: Int32) {
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch self {
        case .null: sqlite3_bind_null(statement, index)
        case .integer(let value): sqlite3_bind_int64(statement, index, value)
        case .text(var text):
            text.withUTF8 { bytes in
                _ = bytes.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text(statement, index, $0.baseAddress, Int32($0.count), transient)
                }
            }
        case .bytes(let bytes):
            if bytes.isEmpty {
                sqlite3_bind_zeroblob(statement, index, 0)
            } else {
                _ = bytes.withUnsafeBytes { sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), transient) }
            }
        }
    }
}

extension StoreError {
    /// What SQLite just reported on a connection.
    init(sqlite connection: OpaquePointer?, doing sql: String) {
        let message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? "unknown error"
        let code = sqlite3_extended_errcode(connection)
        self.init(
            sqliteCode: code, errno: code == Self.failedWrite ? Self.logErrno(connection) : sqlite3_system_errno(connection),
            "\(message), while doing: \(sql)")
    }

    // SQLITE_IOERR_WRITE and SQLITE_IOERR_FSYNC: macros that Swift does not see.
    private static let failedWrite = SQLITE_IOERR | 3 << 8
    private static let failedSync = SQLITE_IOERR | 4 << 8

    /// Why a write to the log failed. What SQLite keeps for the connection may be the errno of a later call.
    private static func logErrno(_ connection: OpaquePointer?) -> Int32 {
        var file: UnsafeMutablePointer<sqlite3_file>?
        var code: Int32 = 0
        guard sqlite3_file_control(connection, nil, SQLITE_FCNTL_JOURNAL_POINTER, &file) == SQLITE_OK, let file,
            let control = file.pointee.pMethods?.pointee.xFileControl, control(file, SQLITE_FCNTL_LAST_ERRNO, &code) == SQLITE_OK
        else { return 0 }
        return code
    }

    /// What GRDB threw. An error of our own passes through.
    init(sqlite error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError:
            self.init(sqliteCode: error.extendedResultCode.rawValue, errno: 0, error.message ?? error.description)
        default: self.init(.statement, String(describing: error))
        }
    }

    private init(sqliteCode: Int32, errno code: Int32, _ detail: String) {
        switch sqliteCode & 0xFF {
        case SQLITE_FULL: self.init(.full, "The disk is full (\(detail)). Make room, then try again.")
        // Not a failed sync: what it was to make durable is in the log already.
        case SQLITE_IOERR where sqliteCode != Self.failedSync && [ENOSPC, EDQUOT, EFBIG].contains(code):
            self.init(.full, "The disk is full or a limit on file sizes was met (\(detail)). Make room, then try again.")
        case SQLITE_IOERR:
            self.init(
                .outcomeUnknown, "The disk failed (\(detail)): whether the operation was done is unknown. Look, then repeat it if needed.")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            self.init(
                .damaged, "The database is damaged (\(detail)). Run `discovery doctor`; it says what is affected and can salvage the rest.")
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(.busy, "The database is locked by a program that is not ours (\(detail)). Close it, then try again.")
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            self.init(
                .unusable,
                "The database cannot be opened for writing (\(detail)). Check the rights to the home, or name another with DISCOVERY_HOME.")
        default: self.init(.statement, "SQLite refused a statement (\(detail)).")
        }
    }
}
