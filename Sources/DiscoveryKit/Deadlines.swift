internal import Synchronization

/// Ends what runs beyond its deadline. One timer serves all calls, set anew only for a nearer deadline: a timer for each call would wake a
/// thread for each.
final class Deadlines: Sendable {
    static let shared = Deadlines()

    private struct State {
        var watched: [UInt64: (deadline: ContinuousClock.Instant, end: @Sendable () -> Void)] = [:]
        var next: UInt64 = 0
        var timer: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// Runs `operation` in a task that is cancelled at `deadline`, and with the caller.
    func run<Value: Sendable>(until deadline: ContinuousClock.Instant, _ operation: @escaping @Sendable () async throws -> Value)
        async throws -> Value
    {
        // What has arrived already is taken on the spot, without a hop to another thread and back.
        let task: Task<Value, any Error>
        if #available(macOS 26.0, *) {
            task = Task.immediate { try await operation() }
        } else {
            task = Task { try await operation() }
        }
        let id = watch(until: deadline) { task.cancel() }
        defer { state.withLock { $0.watched[id] = nil } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func watch(until deadline: ContinuousClock.Instant, _ end: @escaping @Sendable () -> Void) -> UInt64 {
        let (id, isNearest) = state.withLock { state in
            state.next += 1
            state.watched[state.next] = (deadline, end)
            let isNearest = state.timer.map { deadline < $0 } ?? true
            if isNearest { state.timer = deadline }
            return (state.next, isNearest)
        }
        if isNearest { setTimer(deadline) }
        return id
    }

    private func setTimer(_ deadline: ContinuousClock.Instant) {
        Task {
            try? await Task.sleep(until: deadline, clock: .continuous)
            let (due, next) = state.withLock { state in
                let now = ContinuousClock.now
                let due = state.watched.filter { $0.value.deadline <= now }
                for id in due.keys { state.watched[id] = nil }
                // A timer that a nearer one overtook has nothing to set.
                guard state.timer == deadline else { return (due, nil as ContinuousClock.Instant?) }
                state.timer = state.watched.values.map(\.deadline).min()
                return (due, state.timer)
            }
            for call in due.values { call.end() }
            if let next { setTimer(next) }
        }
    }
}
