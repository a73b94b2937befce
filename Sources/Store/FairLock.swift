internal import Foundation
internal import Synchronization

/// The writer lock of one database, between processes.
///
/// `flock` queues waiters in the kernel, so processes take turns, and the kernel frees it when its holder dies. It has no time-out;
/// so when it is contended a thread of our own waits for it while the writer waits for that thread, boundedly.
final class FairLock: @unchecked Sendable {  // every stored variable is guarded by `condition`; the descriptors never change
    let path: String
    private let descriptor: Int32
    /// A second open file description: `flock` asked through the first would answer about itself.
    private let probe: Int32
    private let probing = Mutex(())
    private let condition = NSCondition()
    private var state = State.free
    private var hasWaiter = false
    /// The threads of this process that hold the lock or wait for it, the writer's and the checkpointer's, in the order they came.
    private var turns: [UInt64] = []
    private var lastTurn: UInt64 = 0
    private let note: [UInt8]

    private enum State {
        case free
        /// A thread of ours sits in `flock`; `wanted` says whether the writer still waits for it.
        case waiting(wanted: Bool)
        case held
    }

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

    /// Takes the lock. Blocks the calling thread until `deadline` at most.
    ///
    /// - Returns: whether it was taken.
    func acquire(until deadline: Date) throws(StoreError) -> Bool { try acquire { deadline } }

    /// The same with a deadline that may come nearer while the thread waits: `wake` has it looked at again.
    func acquire(until deadline: () -> Date) throws(StoreError) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        lastTurn += 1
        let turn = lastTurn
        turns.append(turn)
        var isTaken = false
        defer {
            if !isTaken { end(turn) }
        }
        while turns.first != turn {
            guard wait(until: deadline()) || turns.first == turn else { return false }
        }
        switch state {
        case .held: preconditionFailure("\(path): a lock is taken once")
        case .free:
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                state = .held
            } else {
                guard errno == EWOULDBLOCK || errno == EINTR else { throw .system("flock", path, errno: errno) }
                guard deadline() > Date() else { return false }
                state = .waiting(wanted: true)
                startWaiter()
            }
        case .waiting: state = .waiting(wanted: true)
        }
        while case .waiting = state {
            guard wait(until: deadline()) else {
                if case .held = state { break }
                state = .waiting(wanted: false)
                return false
            }
        }
        isTaken = true
        writeNote()
        return true
    }

    func release() {
        condition.lock()
        flock(descriptor, LOCK_UN)
        state = .free
        if let turn = turns.first { end(turn) }
        condition.unlock()
    }

    /// Has those who wait look at their deadlines again.
    func wake() {
        condition.lock()
        condition.broadcast()
        condition.unlock()
    }

    private func end(_ turn: UInt64) {
        turns.removeAll { $0 == turn }
        condition.broadcast()
    }

    /// Foundation's condition traps on dates after 2262, and a caller's patience may be endless.
    private func wait(until deadline: Date) -> Bool {
        condition.wait(until: min(deadline, Date(timeIntervalSinceNow: 365 * 86_400)))
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

    /// Who holds the lock, for an error message.
    func holder() -> String {
        let text = String(decoding: Platform.contents(of: path, atMost: Self.noteSize), as: UTF8.self)
        let parts = text.split(separator: "\n").first?.split(separator: " ", maxSplits: 1) ?? []
        guard let id = parts.first.flatMap({ Int32($0) }) else { return "another process" }
        let name = parts.count > 1 ? String(parts[1]) : "a process"
        guard let process = Platform.process(id) else { return "`\(name)` (pid \(id)), which has ended since" }
        return "`\(name)` (pid \(id))" + (process.isStopped ? ", which is stopped: continue or end it" : "")
    }

    /// The thread that blocks in `flock`. It lives only while the lock is contended.
    private func startWaiter() {
        guard !hasWaiter else { return }
        hasWaiter = true
        let thread = Thread { [self] in
            while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
            condition.lock()
            if case .waiting(wanted: true) = state {
                state = .held
            } else {
                flock(descriptor, LOCK_UN)
                state = .free
            }
            hasWaiter = false
            condition.broadcast()
            condition.unlock()
        }
        thread.name = "discovery-lock"
        thread.start()
    }

    private func writeNote() {
        _ = note.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    private static let noteSize = 80
}
