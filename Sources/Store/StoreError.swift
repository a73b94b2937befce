internal import Foundation

/// What can go wrong between a caller and a home on disk.
///
/// The message is a sentence that says what happened and what to do: it reaches people unchanged.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The home cannot be used as it is: not writable, on a network file system, written by a newer version, removed, after a fork.
        case unusable
        /// Another process held the writer lock for longer than the caller would wait. Nothing was done.
        case busy
        /// The disk is full. Nothing was done.
        case full
        /// A database file is damaged.
        case damaged
        /// The disk failed during a commit: the operation may or may not be there after a restart.
        case outcomeUnknown
        /// The caller was cancelled while its operation still waited. Nothing was done.
        case cancelled
        /// The home was closed. Nothing was done.
        case closed
        /// SQLite refused a statement: a fault of ours.
        case statement
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// One factory for system calls, so that every message names the call, the file and the reason.
    static func system(_ call: String, _ path: String, errno code: Int32) -> StoreError {
        let reason = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            return StoreError(.full, "The disk is full: \(call) on \(path) failed (\(reason)). Make room, then try again.")
        case EACCES, EPERM, EROFS:
            return StoreError(
                .unusable,
                "\(path) cannot be written (\(call): \(reason)). Give this user the right to it, or name another home with DISCOVERY_HOME.")
        default:
            return StoreError(.unusable, "\(call) on \(path) failed: \(reason).")
        }
    }

    static let cancelled = StoreError(.cancelled, "The operation was cancelled before it began. Nothing was done.")
    static func closed(_ path: String) -> StoreError {
        StoreError(.closed, "The home at \(path) was shut down by this process. Open it again to go on.")
    }
}
