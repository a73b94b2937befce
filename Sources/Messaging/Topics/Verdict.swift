internal import Store

extension Messaging {
    /// What would become of a message at a subscription.
    package enum Verdict: Sendable, Hashable {
        case accepted
        /// Nothing is delivered until the endpoint has confirmed.
        case pending
        /// By its filter policy.
        case refused(FilterRefusal)
        /// Its queue cannot take the message, for a reason: it goes to the subscription's dead-letter queue, or is dropped without one.
        case undeliverable(String)
    }

    /// What would become of a message at each subscription of a topic, were it published now. Nothing is: what a FIFO topic remembers of
    /// earlier messages is not asked, nor whether this one has a group.
    ///
    /// - Throws: `.topicDoesNotExist`; what ``publish(_:to:)`` has against the message wherever it goes.
    package func verdicts(
        on publication: Publication, to topic: String
    ) async throws -> [(subscription: Subscription, verdict: Verdict)] {
        try Rules.check(publication)
        let subscriptions = try await subscriptions(to: topic, limit: .max)
        let queues = try await store.read { connection in
            try subscriptions.map { try connection.knownQueue(name: $0.queue)?.configuration }
        }
        let subject = FilterSubject(body: publication.body, attributes: publication.attributes)
        return zip(subscriptions, queues).map { subscription, queue in
            (subscription, subscription.verdict(on: publication, subject, queue: queue))
        }
    }
}

extension Messaging.Subscription {
    /// - Parameters:
    ///   - subject: what policies look at in the message.
    ///   - queue: where the messages go, as it is configured; `nil` when it is gone.
    func verdict(
        on publication: Messaging.Publication, _ subject: Messaging.FilterSubject, queue: Messaging.QueueConfiguration?
    ) -> Messaging.Verdict {
        if isPending { return .pending }
        if let refusal = configuration.filter?.refusal(of: subject) { return .refused(refusal) }
        guard let queue else { return .undeliverable(Rules.missing(self.queue)) }
        let obstacle = Rules.obstacle(
            size: publication.size(for: endpoint.protocolName), attributes: publication.attributes.count,
            isRaw: configuration.isRaw, at: queue)
        return obstacle.map { .undeliverable($0) } ?? .accepted
    }
}
