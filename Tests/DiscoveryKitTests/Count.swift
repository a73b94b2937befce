import Synchronization

/// Counts from anywhere, and lets others wait for a number to be reached.
final class Count: Sendable {
    private struct State {
        var value = 0
        var waiters: [(number: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var value: Int { state.withLock(\.value) }

    @discardableResult
    func add() -> Int {
        let (value, due) = state.withLock { state in
            state.value += 1
            let due = state.waiters.filter { $0.number <= state.value }
            if !due.isEmpty { state.waiters.removeAll { $0.number <= state.value } }
            return (state.value, due)
        }
        for waiter in due { waiter.continuation.resume() }
        return value
    }

    func reached(_ number: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.value < number { state.waiters.append((number, continuation)) }
                return state.value >= number
            }
            if isReached { continuation.resume() }
        }
    }
}
