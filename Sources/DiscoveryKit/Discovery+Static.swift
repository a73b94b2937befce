/// The operations on the process-wide client: see the methods of the same names.
extension Discovery {
    /// ``Discovery/resolve(_:)-swift.method`` on ``current``.
    public static func resolve(_ address: Address) async throws(DiscoveryError) -> Resource {
        try await current.resolve(address)
    }

    /// The method of the same name on ``current``.
    public static func request<Answer: Decodable>(
        _ address: Address, _ body: some Encodable, as: Answer.Type = Answer.self, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Answer {
        try await current.request(address, body, as: Answer.self, options: options)
    }

    /// The method of the same name on ``current``.
    public static func request<Answer: Decodable>(
        _ address: Address, as: Answer.Type = Answer.self, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Answer {
        try await current.request(address, as: Answer.self, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func request(_ address: Address, _ body: some Encodable, options: RequestOptions? = nil) async throws(DiscoveryError)
        -> Reply
    {
        try await current.request(address, body, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func request(_ address: Address, _ message: Message = .empty, options: RequestOptions? = nil) async throws(DiscoveryError)
        -> Reply
    {
        try await current.request(address, message, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func requestLater(
        _ address: Address, _ body: some Encodable, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await current.requestLater(address, body, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func requestLater(
        _ address: Address, _ message: Message, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await current.requestLater(address, message, options: options)
    }

    /// The method of the same name on ``current``.
    public static func serve<Body: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ address: Address, options: ServeOptions? = nil, handler: @escaping @concurrent @Sendable (Body) async throws -> Answer
    ) async throws(DiscoveryError) {
        try await current.serve(address, options: options, handler: handler)
    }

    /// The method of the same name on ``current``.
    public static func serve(
        _ address: Address, options: ServeOptions? = nil, handler: @escaping @concurrent @Sendable (Request) async throws -> Message
    ) async throws(DiscoveryError) {
        try await current.serve(address, options: options, handler: handler)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func queue(
        _ address: Address, _ body: some Encodable, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await current.queue(address, body, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func queue(
        _ address: Address, _ message: Message, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await current.queue(address, message, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func queue(
        _ address: Address, contentsOf messages: [Message], options: SendOptions? = nil
    ) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        try await current.queue(address, contentsOf: messages, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func publish(
        _ address: Address, _ body: some Encodable, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await current.publish(address, body, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func publish(
        _ address: Address, _ message: Message, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await current.publish(address, message, options: options)
    }

    /// The method of the same name on ``current``.
    public static func subscribe(
        _ topic: Address, options: SubscribeOptions? = nil, listening: ListenOptions? = nil,
        handler: @escaping @concurrent @Sendable (Delivery) async throws -> Void
    ) async throws(DiscoveryError) {
        try await current.subscribe(topic, options: options, listening: listening, handler: handler)
    }

    /// The method of the same name on ``current``.
    public static func subscribe<Body: Decodable & Sendable>(
        _ topic: Address, options: SubscribeOptions? = nil, listening: ListenOptions? = nil,
        handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await current.subscribe(topic, options: options, listening: listening, handler: handler)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func subscribe(
        _ topic: Address, _ subscriber: Address, options: SubscribeOptions? = nil
    ) async throws(DiscoveryError) -> String {
        try await current.subscribe(topic, subscriber, options: options)
    }

    /// The method of the same name on ``current``.
    @discardableResult
    public static func subscribe(_ topic: Address, url: String, options: SubscribeOptions? = nil) async throws(DiscoveryError) -> String {
        try await current.subscribe(topic, url: url, options: options)
    }

    /// The method of the same name on ``current``.
    public static func unsubscribe(_ subscription: String) async throws(DiscoveryError) { try await current.unsubscribe(subscription) }

    /// The method of the same name on ``current``, as it is when the first message is asked for.
    public static func listen(_ address: Address, options: ListenOptions? = nil) -> Deliveries {
        Deliveries { () throws(DiscoveryError) in try Listener(address, current.client, options, isSequence: true) }
    }

    /// The method of the same name on ``current``.
    public static func listen(
        _ address: Address, options: ListenOptions? = nil, handler: @escaping @concurrent @Sendable (Delivery) async throws -> Void
    ) async throws(DiscoveryError) {
        try await current.listen(address, options: options, handler: handler)
    }

    /// The method of the same name on ``current``.
    public static func listen<Body: Decodable & Sendable>(
        _ address: Address, options: ListenOptions? = nil, handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await current.listen(address, options: options, handler: handler)
    }

    /// The method of the same name on ``current``.
    public static func register(_ address: Address, _ resource: Resource) async throws(DiscoveryError) {
        try await current.register(address, resource)
    }

    /// The method of the same name on ``current``.
    public static func deregister(_ address: Address) async throws(DiscoveryError) {
        try await current.deregister(address)
    }

    /// ``Discovery/override(_:)-swift.method`` on ``current``.
    public static func override(_ override: Override) async throws(DiscoveryError) {
        try await current.override(override)
    }

    /// ``Discovery/removeOverride(_:)-swift.method`` on ``current``.
    public static func removeOverride(_ pattern: AddressPattern) async throws(DiscoveryError) {
        try await current.removeOverride(pattern)
    }

    /// ``Discovery/removeOverrides()-swift.method`` on ``current``.
    @discardableResult
    public static func removeOverrides() async throws(DiscoveryError) -> Int {
        try await current.removeOverrides()
    }

    /// ``Discovery/overrides()-swift.method`` on ``current``.
    public static func overrides() async throws(DiscoveryError) -> [Override] {
        try await current.overrides()
    }

    /// The method of the same name on ``current``.
    public static func explain(_ address: Address) async throws(DiscoveryError) -> Explanation {
        try await current.explain(address)
    }
}
