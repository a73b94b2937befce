internal import Messaging
internal import Store

extension FileTopicAdapter: TopicBackend {
    func subscribe(
        _ subscriber: TopicSubscriber, to topic: Resource, _ options: SubscribeOptions
    ) async throws(DiscoveryError) -> String {
        let endpoint: Messaging.Subscription.Endpoint
        switch subscriber {
        case .queue(let queue):
            guard let name = queue.queueName else {
                throw DiscoveryError(.unsupported, "`\(Resource.shown(queue.location))` is no queue of this home. Subscribe one that is.")
            }
            endpoint = .queue(name)
        case .function(let address): endpoint = .function(address.description)
        case .url(let url): endpoint = .http(url)
        }
        let name = try self.name(of: topic)
        let configuration = try options.configuration()
        return try await home.runMessaging { try await $0.subscribe(endpoint, to: name, configuration) }.id.description
    }

    func listen(to topic: Resource, _ options: SubscribeOptions) async throws(DiscoveryError) -> TopicHearing {
        let name = try self.name(of: topic)
        let configuration = try options.configuration()
        let subscription = try await home.runMessaging { messaging in
            try await messaging.subscribe(.process(messaging.store.home.lease()), to: name, configuration)
        }
        return TopicHearing(subscription: subscription.id.description, queue: .queue(named: subscription.queue), adapter: queues)
    }

    func unsubscribe(_ subscription: String) async throws(DiscoveryError) {
        guard let id = Messaging.SubscriptionID(parsing: subscription) else {
            throw DiscoveryError(
                .notFound,
                "`\(subscription.excerpt(reach: 60))` is no subscription's id: those look like 01234567-89ab-8cde-8f01-23456789abcd.")
        }
        try await home.runMessaging { try await $0.unsubscribe(id) }
    }

    private func name(of topic: Resource) throws(DiscoveryError) -> String {
        guard let name = topic.topicName else {
            throw DiscoveryError(.unsupported, "`\(Resource.shown(topic.location))` is no topic of this home. Name one that is.")
        }
        return name
    }
}
