internal import Foundation

/// What an application talks to: names in, results out.
///
/// ```swift
/// let job: Job = try await Discovery.request("ais.scheduler->get-job", Query(id: 7))
/// ```
///
/// The static operations use the process-wide client, which the environment configures at first use. Make one of your own for other
/// settings; copies share everything. Nothing is opened before the first operation.
public struct Discovery: Sendable {
    let client: Client

    /// Makes a client. Opens nothing and waits for nothing.
    ///
    /// - Throws: `.configuration` when the settings contradict one another.
    public init(_ configuration: Configuration) throws(DiscoveryError) {
        try configuration.check()
        client = Client(configuration)
    }

    /// Ends what this client has open, once what it accepted is done. Idempotent. Operations that come later throw `.homeUnusable`.
    public func shutdown() async {
        await client.backend.shutdown()
        client.resolver.forget()
    }
}

/// What the copies of one `Discovery` share.
final class Client: Sendable {
    let configuration: Discovery.Configuration
    let backend: EmbeddedBackend
    let resolver: Resolver
    let adapters: [any RequestAdapter]
    let telemetry: Telemetry

    init(_ configuration: Discovery.Configuration) {
        self.configuration = configuration
        backend = EmbeddedBackend(home: configuration.backend.home, group: configuration.backend.group)
        resolver = Resolver(backend, defaultNamespace: configuration.namespace, logger: configuration.logger)
        adapters = configuration.adapters + [HTTPFunctionAdapter(maximumReplySize: configuration.maximumReplySize)]
        telemetry = Telemetry(logger: configuration.logger)
    }
}
