internal import Foundation
internal import Synchronization

/// The writer lock of one database, between processes.
///
/// `flock` has no time-out; so when it is contended a thread of our own waits for it while the writer waits for that thread, boundedly.
final class FairLock: @unchecked Sendable {  // `condition` guards every variable; the file never changes
    private let file: LockFile
    private let condition = NSCondition()
    private var state = State.free
    private var hasWaiter = false
    /// The waiting thread has the lock, and has not said so yet.
    private let isInHand = Atomic(false)
    /// The threads of this process that hold the lock or wait for it, the writer's and the checkpointer's, in the order they came.
    private var turns: [UInt64] = []
    private var lastTurn: UInt64 = 0

    private enum State {
        case free
        /// A thread of ours sits in `flock`; `wanted` says whether the writer still waits for it.
        case waiting(wanted: Bool)
        case held
    }

    init(path: String) throws(StoreError) { file = try LockFile(path: path) }

    /// Takes the lock. Blocks the calling thread until `deadline` at most, and for a second more while the lock is free: after a stall the
    /// thread that waits for it has only not come to it.
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
        case .held: preconditionFailure("\(file.path): a lock is taken once")
        case .free:
            if try file.tryLock() {
                state = .held
            } else {
                guard deadline() > Date() else { return false }
                state = .waiting(wanted: true)
                startWaiter()
            }
        case .waiting: state = .waiting(wanted: true)
        }
        var extensions = 0
        while case .waiting = state {
            guard wait(until: deadline()) else {
                if case .held = state { break }
                if extensions < 1_000, isInHand.load(ordering: .acquiring) || !file.isHeld() {
                    extensions += 1
                    _ = wait(until: Date(timeIntervalSinceNow: 0.001))
                    continue
                }
                state = .waiting(wanted: false)
                return false
            }
        }
        isTaken = true
        file.writeNote()
        return true
    }

    func release() {
        condition.lock()
        file.unlock()
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
    func isHeld() -> Bool { file.isHeld() }

    /// Who holds the lock, for an error message.
    func holder() -> String { file.holder() }

    /// The thread that blocks in `flock`. It lives only while the lock is contended.
    private func startWaiter() {
        guard !hasWaiter else { return }
        hasWaiter = true
        let thread = Thread { [self] in
            try? file.lock()
            isInHand.store(true, ordering: .releasing)
            condition.lock()
            isInHand.store(false, ordering: .relaxed)
            if case .waiting(wanted: true) = state {
                state = .held
            } else {
                file.unlock()
                state = .free
            }
            hasWaiter = false
            condition.broadcast()
            condition.unlock()
        }
        thread.name = "discovery-lock"
        thread.start()
    }
}
