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
    /// Of the library and its programs.
    package static let version = "0.1.0"

    let client: Client

    /// Makes a client. Opens nothing and waits for nothing.
    ///
    /// - Throws: `.configuration` when the settings contradict one another.
    public init(_ configuration: Configuration) throws(DiscoveryError) {
        try configuration.check()
        client = Client(configuration)
    }

    /// The same client, but that its calls reach elsewhere. It is shut down with this one.
    package func reaching(_ reach: Reach) -> Discovery {
        var configuration = client.configuration
        configuration.reach = reach
        return Discovery(Client(configuration, sharing: client))
    }

    private init(_ client: Client) { self.client = client }

    /// Ends what this client has open, once what it accepted is done. Idempotent. Operations that come later throw `.homeUnusable`.
    public func shutdown() async {
        await client.names.shutdown()
        await client.resolver.shutdown()
        await client.courier?.caller.resolver.shutdown()
    }
}

/// What the copies of one `Discovery` share.
final class Client: Sendable {
    let configuration: Discovery.Configuration
    let names: any NameService
    let resolver: Resolver
    let caller: Caller
    let queues: Queues
    let sender: Sender
    let publisher: Sender
    /// The topics of the backend, if it has any.
    let topics: (any TopicBackend)?
    let telemetry: Telemetry
    /// Delivers for all who use the home, if there is one.
    let courier: Courier?
    /// For the courier's office of the home.
    let candidacy: Candidacy

    /// - Parameter other: whose names and courier this client uses, too.
    init(_ configuration: Discovery.Configuration, sharing other: Client? = nil) {
        self.configuration = configuration
        names = other?.names ?? configuration.backend.names(for: configuration)
        resolver = other?.resolver ?? Resolver(names, configuration)
        let builtIn = HTTPFunctionAdapter(maximumReplySize: configuration.maximumReplySize, reach: configuration.reach)
        caller = Caller(
            resolver: resolver,
            adapters: (configuration.backend.adapters + configuration.adapters).map { BoundedAdapter(adapter: $0) }
                + [builtIn, LocalFunctionAdapter(resolver: resolver, adapter: builtIn)],
            interceptor: configuration.backend.interceptor, defaults: configuration.request)
        let limit = configuration.request.deadline ?? RequestOptions.defaultDeadline
        let homeQueues = FileQueueAdapter.built(for: names, resolver, configuration.homes)
        // Who keeps names over the network, and carries no messages yet.
        let daemon = (names as? CloudMapNames)?.place
        let queues = Queues(
            resolver: resolver, daemon: daemon,
            adapters: configuration.backend.queueAdapters
                + configuration.queueAdapters.map { BoundedQueueAdapter(adapter: $0, limit: limit) } + (homeQueues.map { [$0] } ?? []))
        self.queues = queues
        sender = Sender(resolver: resolver, isStrictFIFO: configuration.isStrictFIFO) { route, address, failed throws(DiscoveryError) in
            try queues.outlet(on: route, of: address, avoiding: failed)
        }
        let homeTopics = homeQueues.map { FileTopicAdapter(queues: $0) }
        let ownTopics = configuration.backend.topics
        topics = ownTopics ?? homeTopics
        let publishing = Topics(
            daemon: daemon,
            adapters: (ownTopics.map { [$0] } ?? []) + configuration.publishAdapters + (homeTopics.map { [$0] } ?? []))
        publisher = Sender(resolver: resolver, isStrictFIFO: configuration.isStrictFIFO) { route, address, failed throws(DiscoveryError) in
            try publishing.outlet(on: route, of: address, avoiding: failed)
        }
        telemetry = Telemetry(logger: configuration.logger)
        courier =
            other?.courier
            ?? (names as? EmbeddedBackend).map { [names, resolver, caller, telemetry] home in
                // What it delivers is others' as well: the overrides of this process are not for them.
                var shared = configuration
                shared.overrides = []
                return Courier(
                    home: home,
                    caller: Caller(
                        resolver: configuration.overrides.isEmpty ? resolver : Resolver(names, shared), adapters: caller.adapters,
                        interceptor: caller.interceptor, defaults: RequestOptions()),
                    reach: configuration.reach, telemetry: telemetry, logger: configuration.logger)
            }
        candidacy = Candidacy(courier)
    }

    /// The home, for what only a home can do.
    func home() throws(DiscoveryError) -> EmbeddedBackend {
        guard let home = names as? EmbeddedBackend else {
            if names is CloudMapNames { throw Self.needsHome(names.place) }
            throw DiscoveryError(.unsupported, "\(names.place) cannot do this: only the embedded backend can. Use a home.")
        }
        return home
    }

    /// What is not done through a daemon yet.
    static func needsHome(_ daemon: String) -> DiscoveryError {
        DiscoveryError(
            .unsupported,
            "The library does not do this through the daemon at \(daemon) yet: unset DISCOVERY_ENDPOINT and name its home by DISCOVERY_HOME, on its machine, or use its HTTP endpoint, \(daemon)/_discovery/."
        )
    }
}
