package import Registry

/// Where names are kept: all that the facade asks of a backend.
///
/// Errors are `DiscoveryError`s without an address, which the facade adds. Every operation waits for the disk or the network.
package protocol NameService: Sendable {
    /// What people are told of it: a home's path, an endpoint.
    var place: String { get }

    /// How long what is read from now on holds.
    func freshness() async throws(DiscoveryError) -> any Freshness

    /// The instance with the id that `parts` name, or all of the service; living ones only.
    ///
    /// - Throws: `.notFound`, with near names; what the backend throws.
    func instances(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> NamedInstances

    /// The same for a call that is over at `deadline`: nobody waits for an answer beyond that.
    func instances(
        of parts: Address.Parts, in namespace: String, until deadline: ContinuousClock.Instant
    ) async throws(DiscoveryError) -> NamedInstances

    /// The same, with those of ended processes: for people.
    func listing(of parts: Address.Parts, in namespace: String, limit: Int) async throws(DiscoveryError) -> NamedInstances

    /// The override that all processes share for an address, if there is one now.
    func override(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> Override?

    /// Registers an instance or replaces the one that has its id, durably.
    ///
    /// - Parameter isLeased: it lives only as long as this process.
    func register(
        _ id: String, in service: Registry.ServiceName, attributes: Registry.Attributes, isLeased: Bool
    ) async throws(DiscoveryError) -> Registry.Registered

    /// Removes an instance, durably; with an incarnation, only if it is still that registration, and then it is no error if it is gone.
    func deregister(_ id: String, from service: Registry.ServiceName, incarnation: Int64?) async throws(DiscoveryError)

    /// Returns when an instance's registration is no longer this one, or when the task is cancelled.
    func waitUntilReplaced(_ id: String, in service: Registry.ServiceName, incarnation: Int64) async throws(DiscoveryError)

    /// All services, by name. For people.
    func services() async throws(DiscoveryError) -> [NamedService]

    /// Ends what is open, once what was accepted is done. Idempotent; what comes later throws `.homeUnusable`.
    func shutdown() async
}

extension NameService {
    // A disk answers, or fails.
    package func instances(
        of parts: Address.Parts, in namespace: String, until deadline: ContinuousClock.Instant
    ) async throws(DiscoveryError) -> NamedInstances {
        try await instances(of: parts, in: namespace)
    }

    package func services() async throws(DiscoveryError) -> [NamedService] {
        throw DiscoveryError(.unsupported, "\(place) does not list its services. Name one.")
    }
}

/// A service, for people.
package struct NamedService: Sendable {
    package let namespace: String
    package let name: String
    package let id: String
    package let instances: Int
    package let revision: Int64?

    package init(namespace: String, name: String, id: String, instances: Int, revision: Int64?) {
        self.namespace = namespace
        self.name = name
        self.id = id
        self.instances = instances
        self.revision = revision
    }
}

/// Instances of one service.
package struct NamedInstances: Sendable {
    package let instances: [Registry.Instance]
    package let hasHealthCheck: Bool
    package let revision: Int64?
    /// How long they hold, where a backend can tell that for each service; otherwise as long as all of it.
    package var freshness: (any Freshness)?

    package init(_ instances: [Registry.Instance], hasHealthCheck: Bool, revision: Int64?) {
        self.instances = instances
        self.hasHealthCheck = hasHealthCheck
        self.revision = revision
    }
}

/// Whether what was read from a backend at one time still holds.
package protocol Freshness: Sendable {
    /// Asked for every call: memory only.
    var isFresh: Bool { get }

    /// Whether the process that holds an instance's lease lives.
    func isAlive(_ instance: Registry.Instance) -> Bool

    /// Notices by a system call that the backend is gone altogether.
    func check() throws(DiscoveryError)

    /// A call to what was read has failed: what could have changed without a notice is to be read again, unless it was since `start`, when
    /// the call was begun.
    func doubt(since start: ContinuousClock.Instant)

    /// How long ago it was last known to hold, where it is used although nobody can say whether it does.
    var staleness: Duration? { get }
}

extension Freshness {
    // Whoever is told of changes has nothing to doubt.
    package func doubt(since start: ContinuousClock.Instant) {}
    package var staleness: Duration? { nil }
}
