/// The operations on addresses of known kinds on the process-wide client: see the methods of the same names.
extension Discovery {
    // MARK: Functions

    /// The method of the same name on ``current``.
    public static func request<Answer: Decodable>(
        _ function: Address.Function, _ body: some Encodable, as: Answer.Type = Answer.self, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Answer {
        try await request(function.address, body, as: Answer.self, options: options)
    }

    /// The method of the same name on ``current``.
    public static func request<Answer: Decodable>(
        _ function: Address.Function, as: Answer.Type = Answer.self, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Answer {
        try await request(function.address, as: Answer.self, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func request(
        _ function: Address.Function, _ body: some Encodable, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Reply {
        try await request(function.address, body, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func request(_ function: Address.Function, options: RequestOptions? = nil) async throws(DiscoveryError) -> Reply {
        try await request(function.address, Message.empty, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func requestLater(
        _ function: Address.Function, _ body: some Encodable, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await requestLater(function.address, body, options: options)
    }

    /// The method of the same name on ``current``.
    public static func serve<Body: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ function: Address.Function, options: ServeOptions? = nil,
        handler: @escaping @concurrent @Sendable (Body) async throws -> Answer
    ) async throws(DiscoveryError) {
        try await serve(function.address, options: options, handler: handler)
    }

    // MARK: Queues

    /// The method of the same name on ``current``.
    @discardableResult
    public static func queue(
        _ queue: Address.Queue, _ body: some Encodable, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await Self.queue(queue.address, body, options: options)
    }

    /// The method of the same name on ``current``.
    public static func listen(
        _ queue: Address.Queue, options: ListenOptions? = nil
    ) -> Deliveries {
        listen(queue.address, options: options)
    }

    /// The method of the same name on ``current``.
    public static func listen<Body: Decodable & Sendable>(
        _ queue: Address.Queue, options: ListenOptions? = nil, handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await listen(queue.address, options: options, handler: handler)
    }

    // MARK: Topics

    /// The method of the same name on ``current``.
    @discardableResult
    public static func publish(
        _ topic: Address.Topic, _ body: some Encodable, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await publish(topic.address, body, options: options)
    }

    /// The method of the same name on ``current``.
    public static func subscribe<Body: Decodable & Sendable>(
        _ topic: Address.Topic, options: SubscribeOptions? = nil, listening: ListenOptions? = nil,
        handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await subscribe(topic.address, options: options, listening: listening, handler: handler)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func subscribe(
        _ topic: Address.Topic, _ queue: Address.Queue, options: SubscribeOptions? = nil
    ) async throws(DiscoveryError) -> String {
        try await subscribe(topic.address, queue.address, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func subscribe(
        _ topic: Address.Topic, _ function: Address.Function, options: SubscribeOptions? = nil
    ) async throws(DiscoveryError) -> String {
        try await subscribe(topic.address, function.address, options: options)
    }

    /// The method of the same name on ``current``.
    public static func listen(
        _ topic: Address.Topic, options: ListenOptions? = nil
    ) -> Deliveries {
        listen(topic.address, options: options)
    }

    /// The method of the same name on ``current``.
    public static func listen<Body: Decodable & Sendable>(
        _ topic: Address.Topic, options: ListenOptions? = nil, handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await listen(topic.address, options: options, handler: handler)
    }
}
