internal import Messaging
internal import ServiceLifecycle
package import Store

extension Discovery {
    /// Delivers what was accepted for later, as the *courier* of the home: what topics have for HTTP endpoints and functions, and the calls of
    /// ``requestLater(_:_:options:)``. Of all processes that run this, serve, or listen, one does it, and the next takes over at once when
    /// that ends. Runs until the task is cancelled or the application shuts down gracefully; what is in flight then has two seconds to end,
    /// or is delivered again by the next. Calls are made with this client's adapters and policies, and without its own overrides.
    ///
    /// - Throws: `.unsupported` on a backend without a home; what keeps the home from being used; `.cancelled`.
    public func run() async throws(DiscoveryError) {
        try await run(whenDelivering: {})
    }

    /// Says when it is this process's turn.
    package func run(whenDelivering: @escaping @Sendable () async -> Void) async throws(DiscoveryError) {
        let courier = try courier()
        let result: Result<Void, DiscoveryError> = await cancelWhenGracefulShutdown {
            do throws(DiscoveryError) { return .success(try await courier.run(whenDelivering: whenDelivering)) } catch {
                return .failure(error)
            }
        }
        // Cancelled by a graceful shutdown, and not by who runs it: this is the end.
        if case .failure(let error) = result, error.code != .cancelled || Task.isCancelled { throw error }
    }

    /// For how many subscriptions messages wait to be delivered, and who delivers them: a program and its pid, `nil` when no courier runs.
    package func deliveries() async throws(DiscoveryError) -> (waiting: Int, courier: Election.Holder?) {
        try await withMessages { messaging in
            (try await messaging.pendingDeliveries().count, messaging.store.home.election(Courier.office).holder())
        }
    }

    /// What waits to be delivered, by who is to get it, and who delivers; `nil` when no courier runs.
    package func backlog() async throws(DiscoveryError) -> (backlog: [Backlog], courier: Election.Holder?) {
        try await withMessages { messaging in
            var backlog: [Backlog] = []
            for subscription in try await messaging.pendingDeliveries() {
                // One that ended just now has nothing any more.
                guard let counts = try? await messaging.counts(of: subscription.queue) else { continue }
                backlog.append(
                    Backlog(
                        endpoint: subscription.endpoint.name ?? "", topic: subscription.topic,
                        messages: counts.waiting + counts.inFlight + counts.delayed))
            }
            return (backlog, messaging.store.home.election(Courier.office).holder())
        }
    }

    /// What waits to be delivered to somebody.
    package struct Backlog: Sendable, Encodable {
        /// A URL, a function's address or ARN.
        package let endpoint: String
        /// Empty where calls wait.
        package let topic: String
        package let messages: Int
    }

    /// Delivers what waits, its retries included, and returns when nothing is left. When another process is the courier that is left to it.
    ///
    /// - Throws: as ``run()``.
    package func deliver() async throws(DiscoveryError) {
        if let courier = try await deliveries().courier {
            guard courier.isStopped else { return }
            throw DiscoveryError(.busy, "What waits is delivered by nobody: the courier is \(courier).")
        }
        try await courier().run(untilNothingWaits: true)
    }

    private func courier() throws(DiscoveryError) -> Courier {
        _ = try client.home()
        guard let courier = client.courier else { preconditionFailure("whoever has a home has its courier") }
        return courier
    }
}
