internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Ends what runs beyond its deadline. One timer serves all calls, set anew only for a nearer deadline: a timer for each call would wake a
/// thread for each.
final class Deadlines: Sendable {
    static let shared = Deadlines()

    /// What an operation fails with that was ended by its deadline.
    struct Passed: Error {}

    private struct State {
        var watched: [UInt64: (deadline: ContinuousClock.Instant, end: @Sendable () -> Void)] = [:]
        var next: UInt64 = 0
        var timer: (deadline: ContinuousClock.Instant, scheduled: Scheduled<Void>)?
    }

    // An event loop's timer and not a sleeping task, which would keep what is local to the task of the first caller.
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    private let state = Mutex(State())

    /// Runs `operation` in a task that is cancelled at `deadline`, and with the caller.
    ///
    /// - Throws: ``Passed`` when the deadline ended it; otherwise what it throws.
    func run<Value: Sendable>(
        until deadline: ContinuousClock.Instant, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        // At once and here: what need not wait costs no hop to another thread and back, and need not be watched.
        let early = Early<Value>()
        let task: Task<Value, any Error>
        if #available(macOS 26.0, *) {
            task = Task.immediate {
                let value = try await operation()
                early.value.withLock { $0 = value }
                return value
            }
            if let value = early.value.withLock({ $0 }) { return value }
        } else {
            task = Task { try await operation() }
        }
        let id = watch(until: deadline) { task.cancel() }
        return try await withTaskCancellationHandler {
            let result = await task.result
            let isPassed = !unwatch(id)
            if isPassed, case .failure = result, !Task.isCancelled { throw Passed() }
            return try result.get()
        } onCancel: {
            task.cancel()
        }
    }

    /// Runs what answers for `address`, code of others, in the same way, and gives its errors the facade's form.
    func answer<Value: Sendable>(
        for address: Address, until deadline: ContinuousClock.Instant, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws(DiscoveryError) -> Value {
        do {
            return try await run(until: deadline, operation)
        } catch is Passed {
            throw DiscoveryError(
                .deadlineExceeded, "\(address) did not answer within the deadline. Give it more time, or look why it is slow.",
                address: address)
        } catch {
            throw DiscoveryError(wrapping: error)
        }
    }

    /// What an operation came to that had nothing to wait for.
    private final class Early<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    /// Has `end` called at `deadline`, unless ``unwatch(_:)`` comes first.
    func watch(until deadline: ContinuousClock.Instant, _ end: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock { state in
            state.next += 1
            state.watched[state.next] = (deadline, end)
            if state.timer.map({ deadline < $0.deadline }) ?? true { setTimer(deadline, &state) }
            return state.next
        }
    }

    /// - Returns: whether the deadline had not passed yet.
    @discardableResult
    func unwatch(_ id: UInt64) -> Bool { state.withLock { $0.watched.removeValue(forKey: id) != nil } }

    private func setTimer(_ deadline: ContinuousClock.Instant, _ state: inout State) {
        state.timer?.scheduled.cancel()
        let delay = max(0, Int64(ContinuousClock.now.duration(to: deadline) / .nanoseconds(1)))
        state.timer = (deadline, loop.scheduleTask(in: .nanoseconds(delay)) { self.endDue() })
    }

    private func endDue() {
        let due = state.withLock { state in
            let now = ContinuousClock.now
            let due = state.watched.filter { $0.value.deadline <= now }
            for id in due.keys { state.watched[id] = nil }
            state.timer = nil
            if let next = state.watched.values.map(\.deadline).min() { setTimer(next, &state) }
            return due
        }
        for call in due.values { call.end() }
    }
}
