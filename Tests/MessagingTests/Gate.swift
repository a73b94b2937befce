import Foundation

/// Holds a thread of the store up until the test has arranged what it wants to happen meanwhile.
final class Gate: @unchecked Sendable {  // the variables are guarded by `condition`
    private let condition = NSCondition()
    private var isOpen = false
    private var isReached = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Blocks the calling thread until the gate is open.
    func pass() {
        condition.lock()
        isReached = true
        let waiting = self.waiting
        self.waiting = []
        for continuation in waiting { continuation.resume() }
        while !isOpen { condition.wait() }
        condition.unlock()
    }

    func open() {
        condition.lock()
        isOpen = true
        condition.broadcast()
        condition.unlock()
    }

    /// Returns once a thread stands at the gate.
    func reached() async {
        await withCheckedContinuation { continuation in
            condition.lock()
            if isReached { continuation.resume() } else { waiting.append(continuation) }
            condition.unlock()
        }
    }
}
