internal import Synchronization

extension CloudMapNames {
    /// The registrations that this client renews, each by a task of its own.
    final class Leases: Sendable {
        private struct Held {
            let incarnation: Int64
            let task: Task<Void, Never>
            let isOver: AsyncStream<Void>
        }

        private struct State {
            var held: [Key: Held] = [:]
            var isClosed = false
        }

        private let state = Mutex(State())

        /// Renews by `renewing`, which returns when there is nothing to renew any more, or when it is cancelled. Once all have ended nothing is
        /// renewed any more.
        func hold(_ key: Key, _ incarnation: Int64, _ renewing: @escaping @Sendable () async -> Void) async {
            let (isOver, end) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
            let before = state.withLock { state in
                if state.isClosed { return Held?.none }
                let task = Task {
                    await renewing()
                    end.finish()
                }
                return state.held.updateValue(Held(incarnation: incarnation, task: task, isOver: isOver), forKey: key)
            }
            await Self.end(before)
        }

        /// Ends the renewals of a registration, of whichever without an incarnation. Nothing is under way any more when this returns.
        func end(_ key: Key, _ incarnation: Int64?) async {
            let ended = state.withLock { state in
                guard let found = state.held[key], incarnation == nil || found.incarnation == incarnation else { return Held?.none }
                return state.held.removeValue(forKey: key)
            }
            await Self.end(ended)
        }

        func endAll() async {
            let all = state.withLock { state in
                state.isClosed = true
                defer { state.held = [:] }
                return Array(state.held.values)
            }
            for held in all { held.task.cancel() }
            for held in all { await held.task.value }
        }

        /// Returns when the renewals end, or when the task is cancelled. To be called once for each.
        func waitUntilEnded(_ key: Key, _ incarnation: Int64) async {
            guard let found = state.withLock({ $0.held[key] }), found.incarnation == incarnation else { return }
            for await _ in found.isOver {}
        }

        private static func end(_ held: Held?) async {
            held?.task.cancel()
            await held?.task.value
        }
    }
}
