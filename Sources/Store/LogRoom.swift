internal import GRDB
internal import GRDBSQLite

/// Keeps the write-ahead log written ahead of its end.
///
/// A commit that lengthens a file must also sync the file's new length and blocks; one that overwrites what is there need not, and takes
/// about three quarters of the time. So a log that grows is made longer by zeros before they are needed, in proportion to its length: a short one
/// never is. SQLite ends a log at the first frame whose page number is zero, as at the stale frames of a log that was started over.
enum LogRoom {
    private static let frame: Int64 = 24 + 4096
    /// A log shorter than this may never be needed again.
    private static let least: Int64 = 128 << 10
    private static let most: Int64 = 1 << 20
    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)

    /// How far a file of `size` bytes, `used` of them frames, is to be lengthened; `nil` while it has room.
    static func target(used: Int64, size: Int64) -> Int64? {
        guard used >= least, size - used < min(used / 4, most / 4) else { return nil }
        return used + min(used, most)
    }

    /// Makes room in the log of a connection that has just committed, while nobody else may write. What fails here, the disk being full
    /// perhaps, is found by the commit that needs the room.
    static func make(_ connection: Connection, pages: Int) {
        var file: UnsafeMutablePointer<sqlite3_file>?
        var size: Int64 = 0
        guard Int64(pages) * frame >= least,
            sqlite3_file_control(connection.database.sqliteConnection, nil, SQLITE_FCNTL_JOURNAL_POINTER, &file) == SQLITE_OK,
            let file, let methods = file.pointee.pMethods?.pointee, methods.xFileSize(file, &size) == SQLITE_OK,
            let target = target(used: Int64(pages) * frame, size: size)
        else { return }
        while size < target, methods.xWrite(file, zeros, Int32(zeros.count), size) == SQLITE_OK { size += Int64(zeros.count) }
    }
}
