internal import Foundation
internal import Synchronization

/// Room set aside on the disk while there is some, given up when it is full: so that work which frees room can still be written.
final class Ballast: Sendable {
    static let size = 16 << 20
    private let path: String
    private let isTaken: Mutex<Bool>

    init(path: String) {
        self.path = path
        var status = stat()
        isTaken = Mutex(stat(path, &status) == 0 && status.st_size == Self.size)
    }

    /// Takes the room if the disk has four times as much to spare. Best effort: a home works without.
    func take() {
        isTaken.withLock { isTaken in
            guard !isTaken else { return }
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            var room = statvfs()
            guard fstatvfs(descriptor, &room) == 0, UInt64(room.f_bavail) * UInt64(room.f_frsize) > UInt64(4 * Self.size) else { return }
            #if canImport(Darwin)
                let zeros = [UInt8](repeating: 0, count: Self.size)
                isTaken = pwrite(descriptor, zeros, zeros.count, 0) == zeros.count
            #else
                // Under a limit on file sizes fallocate would raise a signal; such a process leaves the ballast to others.
                var limit = rlimit()
                guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur > Self.size else { return }
                isTaken = posix_fallocate(descriptor, 0, off_t(Self.size)) == 0
            #endif
            if !isTaken { ftruncate(descriptor, 0) }
        }
    }

    /// Gives the room up.
    ///
    /// - Returns: whether there was any to give.
    func giveUp() -> Bool {
        isTaken.withLock { isTaken in
            guard isTaken else { return false }
            isTaken = false
            return truncate(path, 0) == 0
        }
    }
}
