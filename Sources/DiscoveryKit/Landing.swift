internal import Synchronization

/// What comes once and is waited for by many, each for as long as it likes.
final class Landing<Value: Sendable>: Sendable {
    private struct State {
        var landed: Value?
        var waiting: [UInt64: AsyncStream<Value>.Continuation] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    func land(_ value: Value) {
        let waiting = state.withLock { state in
            state.landed = value
            defer { state.waiting = [:] }
            return state.waiting
        }
        for one in waiting.values {
            one.yield(value)
            one.finish()
        }
    }

    /// - Returns: `nil` where the deadline passed before, or the task was cancelled.
    func value(until deadline: ContinuousClock.Instant?) async -> Value? {
        let (values, tell) = AsyncStream<Value>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (landed, number) = state.withLock { state in
            state.next += 1
            if state.landed == nil { state.waiting[state.next] = tell }
            return (state.landed, state.next)
        }
        if let landed { return landed }
        defer { state.withLock { _ = $0.waiting.removeValue(forKey: number) } }
        let watch = deadline.map { Deadlines.shared.watch(until: $0) { tell.finish() } }
        defer { if let watch { Deadlines.shared.unwatch(watch) } }
        for await value in values { return value }
        return nil
    }
}
