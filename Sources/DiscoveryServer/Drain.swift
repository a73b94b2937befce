internal import Synchronization

/// Tells those who wait for long that the server is about to end, so that they answer now.
final class Drain: Sendable {
    private struct State {
        var isDraining = false
        var waiting: [UInt64: @Sendable () -> Void] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())

    var isDraining: Bool { state.withLock { $0.isDraining } }

    func begin() {
        let waiting = state.withLock { state in
            state.isDraining = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for tell in waiting { tell() }
    }

    /// Has `tell` called when the drain begins; at once when it has.
    func whenDraining(_ tell: @escaping @Sendable () -> Void) -> UInt64 {
        let (id, isDraining) = state.withLock { state in
            state.last += 1
            if !state.isDraining { state.waiting[state.last] = tell }
            return (state.last, state.isDraining)
        }
        if isDraining { tell() }
        return id
    }

    func forget(_ id: UInt64) {
        state.withLock { $0.waiting[id] = nil }
    }
}
