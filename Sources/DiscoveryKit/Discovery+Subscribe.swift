internal import Messaging

extension Discovery {
    /// Hears what is published to a topic from now on: hands each message to a closure, several at once, until graceful shutdown or
    /// cancellation. What comes while it is busy waits, durably; the subscription is this process's, and gone with it.
    ///
    /// A handler that throws is given the message again, as with ``listen(_:options:handler:)``, which waits and throws the same, and on a
    /// topic's address does the same with everything that is published.
    ///
    /// - Parameters:
    ///   - options: which messages. They come raw, whatever that says.
    ///   - listening: how they are handled.
    public func subscribe(
        _ topic: Address, options: SubscribeOptions? = nil, listening: ListenOptions? = nil,
        handler: @escaping @concurrent @Sendable (Delivery) async throws -> Void
    ) async throws(DiscoveryError) {
        var options = options ?? SubscribeOptions()
        options.isRaw = true
        let resource = try await resolve(topic)
        guard resource.kind == .topic else { throw Self.noTopic(topic, resource) }
        try await run(try Listener(topic, client, listening, isSequence: false, subscription: options), handler)
    }

    /// Hears what is published to a topic: hands each message's body, read as JSON, to a closure. Waits and throws as the form over deliveries.
    public func subscribe<Body: Decodable & Sendable>(
        _ topic: Address, options: SubscribeOptions? = nil, listening: ListenOptions? = nil,
        handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await subscribe(topic, options: options, listening: listening) { (delivery: Delivery) in
            try await handler(try delivery.decode())
        }
    }

    /// Subscribes what an address leads to, a queue or a function, to a topic, durably: until ``unsubscribe(_:)``. Subscribing it again just so
    /// finds the subscription. Waits for the disk.
    ///
    /// A queue is subscribed as the one that the address leads to now; a function as its address, which is looked up for each delivery.
    ///
    /// - Returns: the subscription's id.
    /// - Throws: what ``resolve(_:)`` throws for either address; `.wrongKind`; `.notFound` for a topic or queue that is not there;
    ///   `.alreadyExists` when it is subscribed with other options; `.invalid` for a filter policy or a combination that breaks a rule;
    ///   `.unsupported` on a backend without a home.
    @discardableResult
    public func subscribe(
        _ topic: Address, _ subscriber: Address, options: SubscribeOptions? = nil
    ) async throws(DiscoveryError) -> String {
        let resource = try await resolve(subscriber)
        let endpoint: Messaging.Subscription.Endpoint
        switch resource.kind {
        case .queue:
            guard let name = resource.queueName else {
                throw DiscoveryError(
                    .unsupported, "\(subscriber) is at `\(Resource.shown(resource.location))`, which is no queue of this home.",
                    address: subscriber)
            }
            endpoint = .queue(name)
        case .function: endpoint = .function(try client.resolver.complete(subscriber).description)
        default:
            throw DiscoveryError(
                .wrongKind, "\(subscriber) is a \(resource.kind), and queues and functions subscribe. Name one of these.",
                address: subscriber)
        }
        return try await subscribe(topic, endpoint, options)
    }

    /// Subscribes an http or https URL to a topic; otherwise as ``subscribe(_:_:options:)``. What is published is POSTed there by the home's
    /// courier: see ``run()``.
    @discardableResult
    public func subscribe(_ topic: Address, url: String, options: SubscribeOptions? = nil) async throws(DiscoveryError) -> String {
        try await subscribe(topic, .http(url), options)
    }

    /// Ends a subscription; what waits to be delivered by it is dropped. Waits for the disk.
    ///
    /// - Throws: `.notFound`; `.unsupported` on a backend without a home.
    public func unsubscribe(_ subscription: String) async throws(DiscoveryError) {
        guard let id = Messaging.SubscriptionID(parsing: subscription) else {
            throw DiscoveryError(
                .notFound,
                "`\(subscription.excerpt(reach: 60))` is no subscription's id: those look like 01234567-89ab-8cde-8f01-23456789abcd.")
        }
        try await withMessages { try await $0.unsubscribe(id) }
    }

    private func subscribe(
        _ topic: Address, _ endpoint: Messaging.Subscription.Endpoint, _ options: SubscribeOptions?
    ) async throws(DiscoveryError) -> String {
        let resource = try await resolve(topic)
        guard resource.kind == .topic else { throw Self.noTopic(topic, resource) }
        guard let name = LocalTopic(resource.location)?.name else {
            throw DiscoveryError(
                .unsupported, "\(topic) is at `\(Resource.shown(resource.location))`, which is no topic of this home.", address: topic)
        }
        let configuration = try (options ?? SubscribeOptions()).configuration(of: topic)
        do {
            return try await withMessages { try await $0.subscribe(endpoint, to: name, configuration) }.id.description
        } catch {
            throw error.with(address: topic)
        }
    }

    private static func noTopic(_ address: Address, _ resource: Resource) -> DiscoveryError {
        DiscoveryError(.wrongKind, "\(address) is a \(resource.kind), and only topics are subscribed to. Name a topic.", address: address)
    }
}
