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
    ///   `.unsupported` on a backend without topics of its own.
    @discardableResult
    public func subscribe(
        _ topic: Address, _ subscriber: Address, options: SubscribeOptions? = nil
    ) async throws(DiscoveryError) -> String {
        let resource = try await resolve(subscriber)
        switch resource.kind {
        case .queue: return try await subscribe(topic, .queue(resource), options)
        case .function: return try await subscribe(topic, .function(try client.resolver.complete(subscriber)), options)
        default:
            throw DiscoveryError(
                .wrongKind, "\(subscriber) is a \(resource.kind), and queues and functions subscribe. Name one of these.",
                address: subscriber)
        }
    }

    /// Subscribes an http or https URL to a topic; otherwise as ``subscribe(_:_:options:)``. What is published is POSTed there by the home's
    /// courier: see ``run()``.
    @discardableResult
    public func subscribe(_ topic: Address, url: String, options: SubscribeOptions? = nil) async throws(DiscoveryError) -> String {
        try await subscribe(topic, .url(url), options)
    }

    /// Ends a subscription; what waits to be delivered by it is dropped. Waits for the disk.
    ///
    /// - Throws: `.notFound`; `.unsupported` on a backend without topics of its own.
    public func unsubscribe(_ subscription: String) async throws(DiscoveryError) {
        try await topics().unsubscribe(subscription)
    }

    private func subscribe(
        _ topic: Address, _ subscriber: TopicSubscriber, _ options: SubscribeOptions?
    ) async throws(DiscoveryError) -> String {
        let resource = try await resolve(topic)
        guard resource.kind == .topic else { throw Self.noTopic(topic, resource) }
        do {
            return try await topics().subscribe(subscriber, to: resource, options ?? SubscribeOptions())
        } catch {
            throw error.with(address: topic)
        }
    }

    private func topics() throws(DiscoveryError) -> any TopicBackend {
        guard let topics = client.topics else {
            if client.names is CloudMapNames { throw Client.needsHome(client.names.place) }
            throw DiscoveryError(.unsupported, "\(client.names.place) has no topics of its own to subscribe to. Use a home.")
        }
        return topics
    }

    private static func noTopic(_ address: Address, _ resource: Resource) -> DiscoveryError {
        DiscoveryError(.wrongKind, "\(address) is a \(resource.kind), and only topics are subscribed to. Name a topic.", address: address)
    }
}
