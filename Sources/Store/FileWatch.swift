internal import Foundation

/// Blocks a thread until a file is written to: inotify on Linux, kqueue on Darwin.
final class FileWatch: Sendable {
    private let descriptor: Int32

    init(path: String) throws(StoreError) {
        #if canImport(Darwin)
            descriptor = kqueue()
            let file = open(path, O_EVTONLY | O_CLOEXEC)
            guard descriptor >= 0, file >= 0 else { throw .system("kqueue", path, errno: errno) }
            var event = kevent(
                ident: UInt(file), filter: Int16(EVFILT_VNODE), flags: UInt16(EV_ADD | EV_CLEAR), fflags: UInt32(NOTE_WRITE), data: 0,
                udata: nil)
            guard kevent(descriptor, &event, 1, nil, 0, nil) == 0 else { throw .system("kevent", path, errno: errno) }
        #else
            let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
            guard descriptor >= 0 else {
                guard errno == EMFILE else { throw .system("inotify_init1", path, errno: errno) }
                throw StoreError(
                    .unusable,
                    "This user has no inotify instances left, which waiting for messages needs. Raise fs.inotify.max_user_instances, or end some programs."
                )
            }
            guard inotify_add_watch(descriptor, path, UInt32(IN_MODIFY)) >= 0 else {
                let code = errno
                close(descriptor)
                throw .system("inotify_add_watch", path, errno: code)
            }
            self.descriptor = descriptor
        #endif
    }

    deinit { close(descriptor) }

    func wait(until deadline: ContinuousClock.Instant?) {
        let limit: Int32 =
            deadline.map { Int32(min(86_400_000, max(0, (ContinuousClock.now.duration(to: $0) / .milliseconds(1)).rounded(.up)))) } ?? -1
        #if canImport(Darwin)
            var event = kevent()
            var time = timespec(tv_sec: Int(limit / 1000), tv_nsec: Int(limit % 1000) * 1_000_000)
            kevent(descriptor, nil, 0, &event, 1, limit < 0 ? nil : &time)
        #else
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, limit) > 0 else { return }
            withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
                while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
            }
        #endif
    }
}
