internal import DiscoveryKit
internal import HTTPServing
internal import Logging
internal import Messaging
internal import Registry
internal import ServiceLifecycle
internal import Store

/// A home, served over the network: AWS's protocols and addresses over HTTP, with the home's courier inside.
///
/// Of all daemons one serves a home; any number of other processes use it besides, and see what it changes at once.
package struct Server: Service {
    private let configuration: ServerConfiguration
    private let metrics: PrometheusMetrics
    private let whenListening: @Sendable (Listening) -> Void

    /// The office that a daemon holds of its home.
    static let office = "daemon"

    private enum Part { case listener, courier, keeper, checker }

    /// Where a daemon can be reached.
    package struct Listening: Sendable {
        package let host: String
        package let port: Int
        package let isTLS: Bool
        package let home: String
        /// Otherwise everybody may do everything.
        package let hasKeys: Bool

        package var url: String { "\(isTLS ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    }

    /// - Parameters:
    ///   - metrics: what `/_discovery/metrics` shows; the process's factory, or one of its own.
    ///   - whenListening: told once requests are answered.
    package init(
        _ configuration: ServerConfiguration, metrics: PrometheusMetrics = PrometheusMetrics(),
        whenListening: @escaping @Sendable (Listening) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.metrics = metrics
        self.whenListening = whenListening
    }

    /// Serves until graceful shutdown, which answers all that was accepted, or cancellation, which does not. Waits for the disk at the start.
    ///
    /// - Throws: ``ServerError``; what ends the courier or the listener.
    package func run() async throws {
        try configuration.check()
        let keys = try configuration.keyFile.map { path throws(ServerError) in try KeyFile(path: path, logger: configuration.logger) }
        let discovery = try Discovery(facade)
        // The home is opened while the port is: the system queues who comes, and nobody is answered before the home is ours.
        async let opening: Void = discovery.withRegistry { _ in }
        let port = await Port(configuration)
        let result: Result<Void, any Error>
        do {
            try await opening
            // What is thrown inside becomes an error of the facade's outside, and ours are not.
            result = try await discovery.withRegistry { registry in
                do { return .success(try await serve(discovery, registry, keys, at: port)) } catch let error as ServerError {
                    return .failure(error)
                }
            }
        } catch {
            result = .failure(error)
        }
        await port.close()
        await discovery.shutdown()
        try result.get()
    }

    /// Makes sure that of all daemons this is the one that serves the home.
    private func serve(_ discovery: Discovery, _ registry: Registry, _ keys: KeyFile?, at port: Port) async throws {
        let office = registry.store.home.election(Self.office)
        guard try await office.holdIfFree({ try await answer(discovery, registry, keys, at: port) }) == nil else { return }
        throw ServerError(
            .isServed,
            "The home \(configuration.home) is served by \(office.holder()?.description ?? "another daemon") already. Use that one, end it, or name another home."
        )
    }

    private func answer(_ discovery: Discovery, _ registry: Registry, _ keys: KeyFile?, at port: Port) async throws {
        let http = try port.server.get()
        let remote = discovery.reaching(reach(loopback: configuration.allowsLoopback))
        let keeper = Keeper(registry, configuration.logger)
        let probe = HealthProbe(reach: reach(loopback: true))
        let checker = HealthChecker(
            registry, interval: configuration.checkInterval, logger: configuration.logger, objection: probe.objection, isWell: probe.isWell)
        let rules = RegistrationRules(allowsLoopback: configuration.allowsLoopback)
        let cloudMap = CloudMapEndpoint(
            registry, keeper, fidelity: configuration.isFaithful ? configuration.faithful : .instant, region: configuration.region,
            rules: rules, logger: configuration.logger)
        let router = Router(
            admin: AdminEndpoint(unreadiness: { unreadiness(registry, port.drain) }, metrics: metrics),
            address: AddressEndpoint(
                local: discovery, remote: remote, namespace: configuration.namespace, drain: port.drain, rules: rules,
                calls: InFlight(limit: configuration.maximumCalls), logger: configuration.logger),
            services: [(CloudMapEndpoint.target, cloudMap)])
        port.answers(
            with: Front(
                router: router, gate: Gate(keys, isTLS: configuration.tls != nil), traffic: Traffic(metrics), logger: configuration.logger))
        whenListening(
            Listening(host: http.host, port: http.port, isTLS: configuration.tls != nil, home: configuration.home, hasKeys: keys != nil))
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Part.self) { group in
                group.addTask {
                    try await http.run()
                    return .listener
                }
                group.addTask {
                    try await discovery.run()
                    return .courier
                }
                group.addTask {
                    try await keeper.run()
                    return .keeper
                }
                if configuration.checkInterval > .zero {
                    group.addTask {
                        try await checker.run()
                        return .checker
                    }
                }
                defer { group.cancelAll() }
                // Which of them ends first by itself ends the others. A graceful shutdown ends the courier before all that was taken is
                // answered: then the listener is waited for.
                while let ended = try await group.next(), ended != .listener, Task.isShuttingDownGracefully {}
            }
        } onGracefulShutdown: {
            let timeout = configuration.drainTimeout
            Task { await http.drain(deadline: timeout) }
        }
    }

    /// Looks at the files that the settings name, as ``run()`` does first. Waits for the disk.
    ///
    /// - Throws: `.configuration`.
    package static func check(_ configuration: ServerConfiguration) async throws(ServerError) {
        if let path = configuration.keyFile { _ = try KeyFile(path: path, logger: configuration.logger) }
        guard let tls = configuration.tls else { return }
        do { try await HTTPServer.check(HTTPServerTLS(certificateChain: tls.certificate, privateKey: tls.key) { _ in }) } catch {
            throw Port.cannotEncrypt(error)
        }
    }

    private func unreadiness(_ registry: Registry, _ drain: DrainNotice) -> String? {
        if drain.isDraining { return "The daemon is about to end." }
        do throws(StoreError) { try registry.store.home.check() } catch { return error.message }
        return nil
    }

    /// The facade that addresses are dispatched through, and the courier delivers with.
    private var facade: Discovery.Configuration {
        var facade = Discovery.Configuration()
        facade.backend = .embedded(home: configuration.home, group: configuration.homeGroup)
        facade.namespace = configuration.namespace
        facade.reach = reach(loopback: true)
        facade.logger = configuration.logger
        return facade
    }

    private func reach(loopback: Bool) -> Reach { Reach(loopback: loopback, linkLocal: configuration.allowsLinkLocal) }
}

extension Server: CustomStringConvertible {
    /// What a service group calls it: it would else describe all that is in it, which takes a tenth of the start.
    package var description: String { "discoveryd" }
}
