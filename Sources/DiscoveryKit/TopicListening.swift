internal import Messaging
internal import Store
internal import Synchronization

/// What one listener hears of topics: a subscription with a queue of its own to each topic that its address has led to, leased by this process
/// and ended with the listener.
final class TopicListening: QueueAdapter {
    private let home: EmbeddedBackend
    private let queues: FileQueueAdapter
    private let subscription: Messaging.SubscriptionConfiguration
    /// By the topic's location.
    private let subscriptions = Mutex<[String: Messaging.Subscription]>([:])

    /// - Returns: `nil` on a backend without a home.
    /// - Throws: `.invalid` for a filter policy that breaks a rule.
    init?(_ client: Client, _ options: SubscribeOptions, _ address: Address) throws(DiscoveryError) {
        guard let home = client.names as? EmbeddedBackend, let queues = client.homeQueues else { return nil }
        self.home = home
        self.queues = queues
        subscription = try options.configuration(of: address)
    }

    /// Ends the subscriptions. Should that fail, they end with the process.
    func end() async {
        let ended = subscriptions.withLock { subscriptions in
            defer { subscriptions = [:] }
            return Array(subscriptions.values)
        }
        for subscription in ended {
            try? await uncancelled { [home] () async throws(DiscoveryError) in
                try await home.runMessaging { try await $0.unsubscribe(subscription.id) }
            }
        }
    }

    func accepts(_ resource: Resource) -> Bool { resource.kind == .topic && LocalTopic(resource.location) != nil }

    func send(_ messages: [OutgoingMessage], to queue: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        throw DiscoveryError(.wrongKind, "Messages are published to a topic. Use `publish`.")
    }

    func receive(
        _ maximum: Int, from topic: Resource, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> [QueuedMessage] {
        let queue = try await subscribed(to: topic)
        do throws(DiscoveryError) {
            return try await queues.receive(maximum, from: queue, visibility: visibility, waiting: waiting)
        } catch {
            // The topic was deleted, and its subscriptions with it: the next look is at the one that may take its place.
            if error.code == .notFound { subscriptions.withLock { $0[topic.location] = nil } }
            throw error
        }
    }

    func finish(_ receipt: Receipt, of topic: Resource) async throws(DiscoveryError) {
        try await queues.finish(receipt, of: queue(of: topic))
    }

    func extend(_ receipt: Receipt, of topic: Resource, to visibility: Duration) async throws(DiscoveryError) {
        try await queues.extend(receipt, of: queue(of: topic), to: visibility)
    }

    func giveBack(_ receipt: Receipt, of topic: Resource, after delay: Duration, because reason: String?) async throws(DiscoveryError) {
        try await queues.giveBack(receipt, of: queue(of: topic), after: delay, because: reason)
    }

    func deadLetter(_ receipt: Receipt, of topic: Resource, because reason: String) async throws(DiscoveryError) -> Bool {
        try await queues.deadLetter(receipt, of: queue(of: topic), because: reason)
    }

    private func queue(of topic: Resource) throws(DiscoveryError) -> Resource {
        guard let subscription = subscriptions.withLock({ $0[topic.location] }) else {
            throw DiscoveryError(.leaseLost, "The subscription that the message came by has ended.")
        }
        return .queue(named: subscription.queue)
    }

    /// One receive of a listener is in flight at a time, so one subscription is made.
    private func subscribed(to topic: Resource) async throws(DiscoveryError) -> Resource {
        if let known = subscriptions.withLock({ $0[topic.location] }) { return .queue(named: known.queue) }
        guard let name = LocalTopic(topic.location)?.name else { preconditionFailure("what is not accepted is not received from") }
        let made = try await home.runMessaging { [subscription] messaging in
            try await messaging.subscribe(.process(messaging.store.home.lease()), to: name, subscription)
        }
        subscriptions.withLock { $0[topic.location] = made }
        return .queue(named: made.queue)
    }
}
