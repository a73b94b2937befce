internal import Messaging

extension Discovery {
    /// Accepts a call of a function, with a value sent as JSON without exception, for the home's courier to make: see ``run()``. Returns when
    /// that is durable, and does not wait for the function.
    ///
    /// The function need not be there yet: its address is looked up for each try. What fails is tried again, with growing waits, for about an
    /// hour; a call that the function refuses, with a status of 400 to 499 but 408, 421, 425 and 429, is not. In the end it goes to the queue `undelivered` of the home.
    /// A function may be called twice: have that do no harm.
    ///
    /// - Parameter options: the deadline is that of each try, 50 minutes at most.
    /// - Returns: the id of the message that waits for the courier.
    /// - Throws: `.malformedAddress`, `.ambiguous`; `.wrongKind` for what is no function; `.invalid` for a message that breaks a rule of queues,
    ///   such as more than eight attributes; `.tooLarge`; `.full`, `.busy`; `.outcomeUnknown`; `.cancelled`; `.unsupported` on a backend that
    ///   keeps no calls; what the home throws.
    @discardableResult
    public func requestLater(
        _ address: Address, _ body: some Encodable, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        let message = try encoded(body, address)
        return try await requestLater(address, message, options: options)
    }

    /// Accepts a call of a function with a message, sent as it is, for the home's courier to make. Waits and throws as
    /// ``requestLater(_:_:options:)``.
    @discardableResult
    public func requestLater(
        _ address: Address, _ message: Message, options: RequestOptions? = nil
    ) async throws(DiscoveryError) -> MessageID {
        try await client.telemetry.observe(.requestLater, address) { observation throws(DiscoveryError) in
            observation.kind = .function
            let full = try client.resolver.complete(address)
            try await checkFunction(at: address)
            let options = options ?? RequestOptions()
            if let interceptor = client.caller.interceptor {
                return try await interceptor.putOff(message, to: address, options) { [client] in
                    _ = try? await client.telemetry.observe(.request, address) { observation throws(DiscoveryError) in
                        try await client.caller.call(address, message, options, from: .now, &observation)
                    }
                }
            }
            // With what this client sends along: who makes the call has headers of his own, which are not for it.
            var kept = options
            kept.headers = options.headers(over: client.caller.defaults)
            let call = DeferredCall(full, message, kept)
            let outgoing = try call.outgoing(message)
            do throws(DiscoveryError) {
                let id = try await client.home().runMessaging { try await $0.putOff(outgoing, to: full.text) }
                return MessageID(id.description)
            } catch {
                throw error.with(address: address)
            }
        }
    }

    /// - Throws: when the address leads to something that is never called. Where nothing is, there may be something in time.
    private func checkFunction(at address: Address) async throws(DiscoveryError) {
        let route: Route
        do throws(DiscoveryError) { route = try await client.resolver.route(address) } catch {
            if error.code == .notFound { return }
            throw error
        }
        guard route.canned == nil, let resource = route.targets.first?.resource, resource.kind != .function else { return }
        throw Self.refusal(of: "requestLater", resource, address)
    }
}
