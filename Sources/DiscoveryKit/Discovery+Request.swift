extension Discovery {
    /// What an address stands for now.
    ///
    /// Answers from memory while the registry is unchanged; otherwise waits for the disk, briefly.
    ///
    /// - Throws: `.malformedAddress`; `.notFound`, with names that are near; `.ambiguous` when the address names several instances;
    ///   `.unsupported` and `.invalid` when what is registered says nothing usable, or an override answers calls; what the home throws.
    public func resolve(_ address: Address) async throws(DiscoveryError) -> Resource {
        try await client.resolver.target(address).resource
    }

    /// Calls a function and decodes its answer. The body is sent as JSON without exception. Waits for the network until the deadline.
    ///
    /// - Throws: what ``resolve(_:)`` throws; `.wrongKind` for a queue or a topic; `.unreachable` when no connection was made;
    ///   `.functionFailed` with the function's own error; `.coding`; `.deadlineExceeded`; `.outcomeUnknown`; `.tooLarge`; `.cancelled`.
    public func request<Answer: Decodable>(
        _ address: Address, _ body: some Encodable, as: Answer.Type = Answer.self, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Answer {
        let message = try encoded(body, address)
        return try await request(address, message, options: options).decode()
    }

    /// Calls a function without a body and decodes its answer. Waits and throws as ``request(_:_:as:options:)``.
    public func request<Answer: Decodable>(
        _ address: Address, as: Answer.Type = Answer.self, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> Answer {
        try await request(address, Message.empty, options: options).decode()
    }

    /// Calls a function with a body, sent as JSON without exception, and returns its answer as it came. Waits and throws as
    /// ``request(_:_:as:options:)``.
    @discardableResult
    public func request(_ address: Address, _ body: some Encodable, options: RequestOptions? = nil) async throws(DiscoveryError) -> Reply {
        let message = try encoded(body, address)
        return try await request(address, message, options: options)
    }

    /// Calls a function with a message, sent as it is, and returns its answer as it came. Waits and throws as
    /// ``request(_:_:as:options:)``.
    @discardableResult
    public func request(_ address: Address, _ message: Message = .empty, options: RequestOptions? = nil) async throws(DiscoveryError)
        -> Reply
    {
        let start = ContinuousClock.now
        let options = options ?? RequestOptions()
        if let limit = options.deadline, limit <= .zero {
            throw DiscoveryError(.deadlineExceeded, "The deadline passed before the call began. Nothing was sent.", address: address)
        }
        return try await client.telemetry.observe(.request, address, from: start) { observation throws(DiscoveryError) in
            try await client.caller.call(address, message, options, from: start, &observation)
        }
    }

    /// What `request` and `queue` send of a value: as JSON, with the address in the error where that cannot be.
    func encoded(_ body: some Encodable, _ address: Address) throws(DiscoveryError) -> Message {
        do { return try Message.json(body) } catch { throw error.with(address: address) }
    }

    /// Why no adapter takes a resource: the kind is wrong, or the place is one that this client cannot reach.
    static func refusal(of operation: String, _ resource: Resource, _ address: Address) -> DiscoveryError {
        if resource.kind == .function {
            return DiscoveryError(
                .unsupported,
                "\(address) is at `\(Resource.shown(resource.location))`, which no adapter calls: there is one for http and https URLs.",
                address: address)
        }
        return DiscoveryError(
            .wrongKind,
            "\(address) is a \(resource.kind), and \(operation) is for functions. Name a function, or use the operation for a \(resource.kind).",
            address: address)
    }
}
