extension Discovery {
    /// Puts a value into a queue, as JSON without exception. Returns when the message is durable; waits for the disk or the network.
    ///
    /// - Returns: the message's id.
    /// - Throws: what ``resolve(_:)`` throws; `.wrongKind` for a function or a topic; `.notFound` when the queue is not there; `.invalid` for a
    ///   message that breaks a rule of the queue; `.tooLarge`; `.full`, `.busy` and `.unreachable` when nothing was accepted;
    ///   `.outcomeUnknown`; `.cancelled`.
    @discardableResult
    public func queue(
        _ address: Address, _ body: some Encodable, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        let message = try encoded(body, address)
        return try await queue(address, message, options: options)
    }

    /// Puts a message into a queue, as it is. Waits and throws as ``queue(_:_:options:)``.
    @discardableResult
    public func queue(_ address: Address, _ message: Message, options: SendOptions? = nil) async throws(DiscoveryError) -> MessageID {
        let results = try await send([message], to: address, options)
        guard let result = results.first else { preconditionFailure("A message was sent and nothing became of it.") }
        return try result.get()
    }

    /// Puts many messages into a queue, in their order, with as few trips to it as it allows. Waits as ``queue(_:_:options:)``.
    ///
    /// - Parameter options: for each of the messages.
    /// - Returns: for each message, in order, its id or why it was not accepted.
    /// - Throws: what happened to all of them alike.
    @discardableResult
    public func queue(
        _ address: Address, contentsOf messages: [Message], options: SendOptions? = nil
    ) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        if messages.isEmpty { return [] }
        return try await send(messages, to: address, options)
    }

    private func send(
        _ messages: [Message], to address: Address, _ options: SendOptions?
    ) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        let start = ContinuousClock.now
        return try await client.telemetry.observe(.queue, address, from: start) { observation throws(DiscoveryError) in
            let results = try await client.sender.send(messages, to: address, options ?? SendOptions(), from: start, &observation)
            client.telemetry.sent(results, by: .queue)
            return results
        }
    }
}
