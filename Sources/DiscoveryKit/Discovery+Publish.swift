extension Discovery {
    /// Publishes a value to a topic, as JSON without exception. Returns when every queue that gets it has it durably, and what is delivered to
    /// others waits for them as durably: all or none. Waits for the disk or the network.
    ///
    /// - Returns: the message's id.
    /// - Throws: what ``resolve(_:)`` throws; `.wrongKind` for what is no topic; `.notFound` when the topic is not there; `.invalid` for a message
    ///   that breaks a rule of the topic; `.tooLarge`; `.full`, `.busy` and `.unreachable` when nothing was accepted; `.outcomeUnknown`;
    ///   `.cancelled`.
    @discardableResult
    public func publish(
        _ address: Address, _ body: some Encodable, options: SendOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        let message = try encoded(body, address)
        return try await publish(address, message, options: options)
    }

    /// Publishes a message to a topic, as it is. Waits and throws as ``publish(_:_:options:)``.
    @discardableResult
    public func publish(_ address: Address, _ message: Message, options: SendOptions? = nil) async throws(DiscoveryError) -> MessageID {
        let start = ContinuousClock.now
        let results = try await client.telemetry.observe(.publish, address, from: start) { observation throws(DiscoveryError) in
            let results = try await client.publisher.send([message], to: address, options ?? SendOptions(), from: start, &observation)
            client.telemetry.sent(results, by: .publish)
            return results
        }
        guard let result = results.first else { preconditionFailure("A message was published and nothing became of it.") }
        return try result.get()
    }
}
