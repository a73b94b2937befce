internal import Foundation
internal import Logging
internal import NIOPosix
internal import Synchronization

/// A file of keys, read again when it has changed. A file that cannot be used is reported once, and the keys from before stay.
///
/// It is read when a request comes and the last look was a second ago, and compared with what it held then: nobody watches it, and no clock of
/// the file system is trusted.
final class KeyFile: Sendable {
    private struct State {
        var keys: AccessKeys
        /// What was last read, whether it could be used or not; `nil` where nothing could be.
        var content: Data?
        var due: ContinuousClock.Instant
    }

    private let path: String
    private let logger: Logger
    private let interval: Duration
    private let state: Mutex<State>

    /// Reads the file. Blocks for the disk.
    ///
    /// - Parameter interval: for how long a look is good.
    /// - Throws: `.configuration`.
    init(path: String, logger: Logger, interval: Duration = .seconds(1)) throws(ServerError) {
        self.path = path
        self.logger = logger
        self.interval = interval
        let content = try Self.read(path)
        state = Mutex(State(keys: try Self.keys(content, path), content: content, due: .now + interval))
    }

    /// The keys as they are now: looks at the file where the last look is long ago. Waits for the disk then.
    func current() async -> AccessKeys {
        // Whoever finds that it is time looks; the others need not wait for that.
        let keys = state.withLock { state -> AccessKeys? in
            guard ContinuousClock.now >= state.due else { return state.keys }
            state.due = .now + interval
            return nil
        }
        if let keys { return keys }
        return (try? await NIOThreadPool.singleton.runIfActive { self.look() }) ?? state.withLock { $0.keys }
    }

    private func look() -> AccessKeys {
        let known = state.withLock { $0.content }
        var content: Data?
        do throws(ServerError) {
            let found = try Self.read(path)
            content = found
            if found != known {
                let keys = try Self.keys(found, path)
                state.withLock { ($0.keys, $0.content) = (keys, found) }
                logger.info("keys were read again", metadata: ["discovery.keys": .stringConvertible(keys.count)])
            }
        } catch {
            let isNews = state.withLock { state in
                defer { state.content = content }
                return state.content != content
            }
            if isNews {
                logger.error(
                    "the keys are not as they should be; those from before stay", metadata: ["discovery.reason": .string(error.description)]
                )
            }
        }
        return state.withLock { $0.keys }
    }

    /// - Throws: `.configuration` for a file that cannot be read, or can be by others.
    private static func read(_ path: String) throws(ServerError) -> Data {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & 0o077 != 0 {
            throw ServerError(.configuration, "The file of keys \(path) can be read by others. Run `chmod 600 \(path)`.")
        }
        do { return try Data(contentsOf: URL(filePath: path)) } catch {
            throw ServerError(.configuration, "The file of keys \(path) cannot be read. Correct its path or its rights.")
        }
    }

    private static func keys(_ content: Data, _ path: String) throws(ServerError) -> AccessKeys {
        do throws(ServerError) { return try AccessKeys(parsing: content) } catch {
            throw ServerError(.configuration, "The file of keys \(path) cannot be used. \(error.description)")
        }
    }
}
