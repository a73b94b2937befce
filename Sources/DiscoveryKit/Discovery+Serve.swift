internal import HTTPServing
internal import Logging
internal import Registry
internal import ServiceLifecycle
internal import Store

extension Discovery {
    /// Makes a closure callable by address: binds a port, registers it with a lease, and answers until graceful shutdown or cancellation.
    ///
    /// The registration lives as long as this process: when it is killed, the instance is gone at the next look. Serving an address that
    /// another process serves takes it over. While it serves it is a candidate for the home's courier: see ``run()``.
    /// Graceful shutdown deregisters, keeps answering for a second, and drains; cancellation deregisters and ends at once, but for two
    /// seconds that a courier's deliveries have.
    ///
    /// - Parameters:
    ///   - address: names an instance, or `->*` for a fresh id of its own beside others.
    ///   - handler: its answer is sent as JSON; what it throws reaches the caller as `.functionFailed`.
    /// - Throws: `.invalid` for an address without an instance; `.configuration` for a host or port that cannot be listened on; `.cancelled`;
    ///   what the home throws.
    public func serve<Body: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ address: Address, options: ServeOptions? = nil, handler: @escaping @concurrent @Sendable (Body) async throws -> Answer
    ) async throws(DiscoveryError) {
        try await serve(address, options: options) { (request: Request) in
            try Message.json(try await handler(try request.decode()))
        }
    }

    /// Makes a closure over raw requests callable by address. Waits and throws as the typed form.
    public func serve(
        _ address: Address, options: ServeOptions? = nil, handler: @escaping @concurrent @Sendable (Request) async throws -> Message
    ) async throws(DiscoveryError) {
        try await serve(address, options: options, whenServing: { _ in }, handler: handler)
    }

    /// Tells the instance's own address and its URL once callers can reach it.
    package func serve(
        _ address: Address, options: ServeOptions? = nil, whenServing: @Sendable (Serving) -> Void,
        handler: @escaping @concurrent @Sendable (Request) async throws -> Message
    ) async throws(DiscoveryError) {
        let options = (options ?? ServeOptions()).completed(from: client.configuration.serve)
        let (address, isReplica) = try instance(of: address)
        let host = options.host ?? "127.0.0.1"
        let identifying = ["type", "rid", "arn", "url", "id", "scheme", "path"]
        if let key = options.attributes.keys.first(where: { identifying.contains($0) || $0.hasPrefix("AWS_INSTANCE_") }) {
            throw DiscoveryError(
                .invalid, "The attribute `\(key.excerpt())` says where a resource is, which serving says itself. Leave it out.",
                address: address)
        }
        let function = ServedFunction(
            address: address, defaultDeadline: client.configuration.request.deadline ?? .seconds(30), client.telemetry, handler)
        let server = try await bind(options, host, function, address)
        do throws(DiscoveryError) {
            guard !["0.0.0.0", "::", "::ffff:0.0.0.0"].contains(server.host) else {
                throw DiscoveryError(
                    .configuration,
                    "Callers cannot connect to \(server.host). Serve on an address that they can reach, such as this machine's own.",
                    address: address)
            }
            let url = "http://\(server.host.contains(":") ? "[\(server.host)]" : server.host):\(server.port)/"
            var attributes = options.attributes
            attributes["type"] = "function"
            if isReplica {
                attributes[server.host.contains(":") ? "AWS_INSTANCE_IPV6" : "AWS_INSTANCE_IPV4"] = server.host
                attributes["AWS_INSTANCE_PORT"] = String(server.port)
            } else {
                attributes["url"] = url
            }
            let registered = try await register(address, .function, Registry.Attributes(attributes), isLeased: true)
            whenServing(Serving(address: address, url: url, replaced: registered.replaced))
            try await client.candidacy.stand { () throws(DiscoveryError) in try await run(server, as: address, registered.incarnation) }
        } catch {
            await server.drain(deadline: .zero)
            throw error
        }
    }

    /// Where a function is served.
    package struct Serving: Sendable {
        package let address: Address
        package let url: String
        /// Whether another registration of the address was taken over.
        package let replaced: Bool
    }

    /// The address to register: its own id, or a fresh one.
    private func instance(of address: Address) throws(DiscoveryError) -> (Address, isReplica: Bool) {
        let (namespace, parts) = try client.resolver.name(address)
        switch parts.instance {
        case .id where parts.filters.isEmpty:
            return (Address(namespace: namespace, service: parts.service, instance: parts.instance), false)
        case .any where parts.filters.isEmpty:
            let id = String(UInt64.random(in: .min ... .max), radix: 36)
            return (Address(namespace: namespace, service: parts.service, instance: .id(id)), true)
        default:
            throw DiscoveryError(
                .invalid,
                "To serve, name an instance, as in `\(namespace).\(parts.service)->my-function`, or `->*` for one of several; \(address) does neither.",
                address: address)
        }
    }

    private func bind(
        _ options: ServeOptions, _ host: String, _ function: ServedFunction, _ address: Address
    ) async throws(DiscoveryError) -> HTTPServer {
        var configuration = HTTPServerConfiguration(host: host, port: options.port ?? 0)
        configuration.maximumConcurrentRequests = max(1, options.concurrency ?? configuration.maximumConcurrentRequests)
        do {
            return try await HTTPServer.bind(configuration) { await function.respond(to: $0) }
        } catch {
            throw DiscoveryError(
                .configuration, "\(address) cannot be served: \(error). Choose another host or port.", address: address, cause: error)
        }
    }

    private func run(_ server: HTTPServer, as address: Address, _ incarnation: Int64) async throws(DiscoveryError) {
        let (service, id) = try place(address, to: "serve")
        let names = client.names
        let logger = client.configuration.logger
        let watch = Task {
            do throws(DiscoveryError) {
                try await names.waitUntilReplaced(id, in: service, incarnation: incarnation)
                guard !Task.isCancelled else { return }
                logger.notice("served elsewhere from now on, or deregistered", metadata: ["discovery.address": .string(address.text)])
            } catch {
                logger.warning(
                    "a server that is replaced will not be told",
                    metadata: ["discovery.address": .string(address.text), "discovery.reason": .string(error.message)])
            }
        }
        // Only its own registration: a successor's stays. The lease lasts as long as the process, so a busy home is waited for; what else
        // fails is no reason not to drain.
        @Sendable func leave() async {
            watch.cancel()
            await watch.value
            for attempt in 1... {
                do throws(DiscoveryError) {
                    return try await names.deregister(id, from: service, incarnation: incarnation)
                } catch  where error.code == .busy && attempt < 6 {
                    continue
                } catch {
                    logger.warning(
                        "deregistering failed",
                        metadata: ["discovery.address": .string(address.text), "discovery.reason": .string(error.message)])
                    return
                }
            }
        }
        var failure: (any Error)?
        do {
            try await withGracefulShutdownHandler {
                try await withTaskCancellationHandler {
                    try await server.run()
                } onCancel: {
                    Task { await leave() }
                }
            } onGracefulShutdown: {
                Task {
                    await leave()
                    await server.drain(deadline: .seconds(30))
                }
            }
        } catch {
            failure = error
        }
        // Not in the cancelled task itself, which could not write any more.
        await Task { await leave() }.value
        if let failure { throw DiscoveryError(wrapping: failure) }
    }
}
