internal import Foundation
internal import Logging
internal import NIOPosix
internal import Synchronization

/// A file of keys, read again when it has changed. A file that cannot be used is reported once, and the keys from before stay.
///
/// Nobody watches it: it is looked at when a request comes and the last look was a second ago.
final class KeyFile: Sendable {
    private static let interval = Duration.seconds(1)

    /// What tells one content of a file from another.
    private struct Stamp: Equatable {
        let device, inode, size, seconds, nanoseconds: Int64

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            #if canImport(Darwin)
                let time = status.st_mtimespec
            #else
                let time = status.st_mtim
            #endif
            device = Int64(truncatingIfNeeded: status.st_dev)
            inode = Int64(truncatingIfNeeded: status.st_ino)
            size = Int64(status.st_size)
            seconds = Int64(time.tv_sec)
            nanoseconds = Int64(time.tv_nsec)
        }
    }

    private struct State {
        var keys: AccessKeys
        var stamp: Stamp?
        var due: ContinuousClock.Instant
    }

    private let path: String
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the file. Blocks for the disk.
    ///
    /// - Throws: `.configuration`.
    init(path: String, logger: Logger) throws(ServerError) {
        self.path = path
        self.logger = logger
        let stamp = Stamp(path)
        let keys = try AccessKeys(readingFileAt: path)
        state = Mutex(State(keys: keys, stamp: stamp, due: .now + Self.interval))
    }

    /// The keys as they were at the last look, where that is not long ago.
    func keys(at now: ContinuousClock.Instant) -> AccessKeys? {
        state.withLock { now < $0.due ? $0.keys : nil }
    }

    /// The keys as they are now: looks at the file where the last look is long ago. Waits for the disk then.
    func current() async -> AccessKeys {
        if let keys = keys(at: .now) { return keys }
        return (try? await NIOThreadPool.singleton.runIfActive { self.look() }) ?? state.withLock { $0.keys }
    }

    private func look() -> AccessKeys {
        let stamp = Stamp(path)
        let isKnown = state.withLock { state in
            state.due = .now + Self.interval
            defer { state.stamp = stamp }
            return state.stamp == stamp
        }
        if isKnown { return state.withLock { $0.keys } }
        do throws(ServerError) {
            let keys = try AccessKeys(readingFileAt: path)
            state.withLock { $0.keys = keys }
            logger.info("keys were read again", metadata: ["discovery.keys": .stringConvertible(keys.count)])
            return keys
        } catch {
            logger.error(
                "keys are not as they should be; those from before stay", metadata: ["discovery.reason": .string(error.description)])
            return state.withLock { $0.keys }
        }
    }
}
