/// The operations on addresses of known kinds. Each is the one on its address.
extension Discovery {
    // MARK: Functions

    /// Calls a function and decodes its answer: see ``request(_:_:as:options:)``.
    public func request<Answer: Decodable>(
        _ function: Address.Function, _ body: some Encodable, as: Answer.Type = Answer.self, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Answer {
        try await request(function.address, body, as: Answer.self, options: options)
    }

    /// Calls a function without a body and decodes its answer: see ``request(_:as:options:)``.
    public func request<Answer: Decodable>(
        _ function: Address.Function, as: Answer.Type = Answer.self, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Answer {
        try await request(function.address, as: Answer.self, options: options)
    }

    /// Calls a function and returns its answer as it came: see ``request(_:_:options:)``.
    @discardableResult
    public func request(
        _ function: Address.Function, _ body: some Encodable, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Reply {
        try await request(function.address, body, options: options)
    }

    /// Calls a function without a body and returns its answer as it came: see ``request(_:_:options:)``.
    @discardableResult
    public func request(_ function: Address.Function, options: RequestOptions? = nil) async throws(DiscoveryError) -> Reply {
        try await request(function.address, Message.empty, options: options)
    }

    /// Accepts a call of a function for the courier to make: see ``requestLater(_:_:options:)``.
    @discardableResult
    public func requestLater(
        _ function: Address.Function, _ body: some Encodable, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await requestLater(function.address, body, options: options)
    }

    /// Makes a closure callable as the function: see ``serve(_:options:handler:)``.
    public func serve<Body: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ function: Address.Function, options: ServeOptions? = nil,
        handler: @escaping @concurrent @Sendable (Body) async throws -> Answer
    ) async throws(DiscoveryError) {
        try await serve(function.address, options: options, handler: handler)
    }

    // MARK: Queues

    /// Puts a value into a queue: see ``queue(_:_:options:)``.
    @discardableResult
    public func queue(
        _ queue: Address.Queue, _ body: some Encodable, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await self.queue(queue.address, body, options: options)
    }

    /// Listens to a queue, delivery by delivery: see ``listen(_:options:)``.
    public func listen(
        _ queue: Address.Queue, options: ListenOptions? = nil
    ) -> Deliveries {
        listen(queue.address, options: options)
    }

    /// Hands each message of a queue to a closure: see ``listen(_:options:handler:)``.
    public func listen<Body: Decodable & Sendable>(
        _ queue: Address.Queue, options: ListenOptions? = nil, handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await listen(queue.address, options: options, handler: handler)
    }

    // MARK: Topics

    /// Publishes a value to a topic: see ``publish(_:_:options:)``.
    @discardableResult
    public func publish(
        _ topic: Address.Topic, _ body: some Encodable, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await publish(topic.address, body, options: options)
    }

    /// Hands what is published to a topic to a closure: see ``subscribe(_:options:listening:handler:)``.
    public func subscribe<Body: Decodable & Sendable>(
        _ topic: Address.Topic, options: SubscribeOptions? = nil, listening: ListenOptions? = nil,
        handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await subscribe(topic.address, options: options, listening: listening, handler: handler)
    }

    /// Subscribes a queue to a topic: see ``subscribe(_:_:options:)``.
    @discardableResult
    public func subscribe(
        _ topic: Address.Topic, _ queue: Address.Queue, options: SubscribeOptions? = nil
    ) async throws(DiscoveryError) -> String {
        try await subscribe(topic.address, queue.address, options: options)
    }

    /// Subscribes a function to a topic: see ``subscribe(_:_:options:)``.
    @discardableResult
    public func subscribe(
        _ topic: Address.Topic, _ function: Address.Function, options: SubscribeOptions? = nil
    ) async throws(DiscoveryError) -> String {
        try await subscribe(topic.address, function.address, options: options)
    }

    /// Hears what is published to a topic, delivery by delivery: see ``listen(_:options:)``.
    public func listen(
        _ topic: Address.Topic, options: ListenOptions? = nil
    ) -> Deliveries {
        listen(topic.address, options: options)
    }

    /// Hands what is published to a topic to a closure: see ``listen(_:options:handler:)``.
    public func listen<Body: Decodable & Sendable>(
        _ topic: Address.Topic, options: ListenOptions? = nil, handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await listen(topic.address, options: options, handler: handler)
    }
}
