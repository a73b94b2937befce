internal import Foundation
internal import Synchronization

/// A file that one process at a time holds locked, with a note of which.
///
/// `flock` queues those who wait in the kernel, and the kernel frees the lock when its holder dies, however it dies.
final class LockFile: Sendable {
    let path: String
    private let descriptor: Int32
    /// A second open file description: `flock` asked through the first would answer about itself.
    private let probe: Int32
    private let probing = Mutex(())
    private let note: [UInt8]

    init(path: String) throws(StoreError) {
        func openLock() throws(StoreError) -> Int32 {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
            guard descriptor >= 0 else { throw .system("open", path, errno: errno) }
            return descriptor
        }
        self.path = path
        descriptor = try openLock()
        do { probe = try openLock() } catch {
            close(descriptor)
            throw error
        }
        let line = "\(getpid()) \(ProcessInfo.processInfo.processName)"
        note = Array(line.utf8.prefix(Self.noteSize - 1)) + [UInt8](repeating: 10, count: max(1, Self.noteSize - line.utf8.count))
    }

    deinit {
        close(descriptor)
        close(probe)
    }

    /// Takes the lock if nobody else holds it. Does not wait.
    func tryLock() throws(StoreError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK || errno == EINTR else { throw .system("flock", path, errno: errno) }
        return false
    }

    /// Takes the lock. Blocks the calling thread for as long as somebody else holds it: there is no time-out, and no way to call it off.
    func lock() throws(StoreError) {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .system("flock", path, errno: errno) }
        }
    }

    func unlock() { flock(descriptor, LOCK_UN) }

    /// Says in the file that this process holds the lock.
    func writeNote() {
        _ = note.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Whether anybody holds the lock, this process included. Does not wait.
    func isHeld() -> Bool {
        probing.withLock { _ in
            if flock(probe, LOCK_SH | LOCK_NB) == 0 {
                flock(probe, LOCK_UN)
                return false
            }
            return true
        }
    }

    /// Who holds the lock, for a message.
    func holder() -> String {
        guard let (id, name) = noted else { return "another process" }
        guard let process = Platform.process(id) else { return "`\(name)` (pid \(id)), which has ended since" }
        return "`\(name)` (pid \(id))" + (process.isStopped ? ", which is stopped: continue or end it" : "")
    }

    /// Whether who holds the lock was stopped by a signal.
    var isHolderStopped: Bool { noted.flatMap { Platform.process($0.id) }?.isStopped ?? false }

    /// What the holder has said of itself.
    private var noted: (id: Int32, name: String)? {
        let text = String(decoding: Platform.contents(of: path, atMost: Self.noteSize), as: UTF8.self)
        let parts = text.split(separator: "\n").first?.split(separator: " ", maxSplits: 1) ?? []
        return parts.first.flatMap { Int32($0) }.map { ($0, parts.count > 1 ? String(parts[1]) : "a process") }
    }

    private static let noteSize = 80
}
