internal import Foundation
internal import Synchronization

/// Room set aside on the disk while there is some, given up when it is full: so that work which frees room can still be written.
final class Ballast: Sendable {
    static let size = 16 << 20
    private let path: String
    private let turn = Mutex(())

    init(path: String) { self.path = path }

    /// Asked of the file each time: another process may have given it up, or taken it.
    private var isTaken: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_size == Self.size
    }

    /// Takes the room if the disk has four times as much to spare. Best effort: a home works without.
    func take() {
        turn.withLock { _ in
            guard !isTaken else { return }
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            var room = statvfs()
            guard fstatvfs(descriptor, &room) == 0, UInt64(room.f_bavail) * UInt64(room.f_frsize) > UInt64(4 * Self.size) else { return }
            #if canImport(Darwin)
                let zeros = [UInt8](repeating: 0, count: Self.size)
                let isComplete = pwrite(descriptor, zeros, zeros.count, 0) == zeros.count
            #else
                // Under a limit on file sizes fallocate would raise a signal; such a process leaves the ballast to others.
                var limit = rlimit()
                guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur > Self.size else { return }
                let isComplete = posix_fallocate(descriptor, 0, off_t(Self.size)) == 0
            #endif
            if !isComplete { ftruncate(descriptor, 0) }
        }
    }

    /// Gives the room up.
    ///
    /// - Returns: whether there was any to give.
    func giveUp() -> Bool {
        turn.withLock { _ in isTaken && truncate(path, 0) == 0 }
    }
}
