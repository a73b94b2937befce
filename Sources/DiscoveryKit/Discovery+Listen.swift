internal import ServiceLifecycle

extension Discovery {
    /// Listens to a queue: its messages one by one, each to be settled by who asked for it. On a topic, hears what is published from the first
    /// `next()` on: see ``subscribe(_:options:listening:handler:)``.
    ///
    /// A message's lease is extended for as long as its delivery is referenced; one that is dropped unsettled is given back at once.
    ///
    /// - Returns: a sequence, whose first `next()` throws what is wrong with the address.
    public func listen(_ address: Address, options: ListenOptions? = nil) -> Deliveries {
        let client = client
        return Deliveries { () throws(DiscoveryError) in
            try Listener(address, client, options, isSequence: true)
        }
    }

    /// Listens to a queue: hands each message to a closure, several at once, until graceful shutdown or cancellation.
    ///
    /// A message is finished when the handler returns, and comes again after a while when it throws; the handler may settle it otherwise
    /// itself. Its lease is extended while the handler runs, up to 12 hours. Messages of one group of a FIFO queue are handled in order, one
    /// after the other. A queue that cannot be reached is waited for. When the address is registered anew, the next message is from the new
    /// place.
    ///
    /// Graceful shutdown takes no more messages, gives back at once those that were not begun, and waits for the handlers that run.
    /// Cancellation cancels the handlers, too, and gives back what they do not finish.
    ///
    /// - Throws: `.notFound`, `.ambiguous`, `.wrongKind`, `.unsupported` and `.invalid` for an address or options that never worked;
    ///   `.malformedAddress`; `.homeUnusable` and `.damaged`; `.cancelled`.
    public func listen(
        _ address: Address, options: ListenOptions? = nil, handler: @escaping @concurrent @Sendable (Delivery) async throws -> Void
    ) async throws(DiscoveryError) {
        try await run(try Listener(address, client, options, isSequence: false), handler)
    }

    func run(_ listener: Listener, _ handler: @escaping Listener.Handler) async throws(DiscoveryError) {
        let result: Result<Void, DiscoveryError> = await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                do throws(DiscoveryError) { return .success(try await listener.run(handler)) } catch { return .failure(error) }
            } onCancel: {
                listener.stop()
            }
        } onGracefulShutdown: {
            listener.stop()
        }
        try result.get()
        if Task.isCancelled { throw Listener.cancelled.with(address: listener.address) }
    }

    /// Listens to a queue: hands each message's body, read as JSON, to a closure. Waits and throws as the form over deliveries; a body that
    /// cannot be read goes to the queue's dead-letter queue at once: see ``ListenOptions/undecodable``.
    public func listen<Body: Decodable & Sendable>(
        _ address: Address, options: ListenOptions? = nil, handler: @escaping @concurrent @Sendable (Body) async throws -> Void
    ) async throws(DiscoveryError) {
        try await listen(address, options: options) { (delivery: Delivery) in
            try await handler(try delivery.decode())
        }
    }
}
