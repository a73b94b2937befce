internal import AWSProtocol
internal import Logging
internal import Registry
internal import Synchronization

/// Names kept by a registry that speaks AWS Cloud Map: a daemon. Nothing but AWS's operations is used.
///
/// What is read counts for as long as ``RemoteTimes`` says; a call that failed, and what this client changes itself, has it read again. Of a
/// service with more than 1,000 instances an address that names none of them means 1,000 taken at random, as DiscoverInstances gives no more,
/// and its filters choose among those; each of them is found by its id. The overrides that a home keeps are not known: Cloud Map has none.
final class CloudMapNames: NameService {
    struct Key: Hashable, Sendable {
        let name: CloudMapDirectory.Name
        /// `nil`: all of the service.
        let id: String?
    }

    /// A bound on memory: a full table is emptied.
    private static let limit = 4_096
    /// What DiscoverInstances gives at most.
    private static let mostInstances = 1_000

    let client: CloudMapClient
    let directory: CloudMapDirectory
    let times: RemoteTimes
    let logger: Logger
    let leases = Leases()
    private let memories = Mutex<[Key: NamesMemory]>([:])
    private let isShutDown = Atomic(false)

    init(_ access: CloudMapAccess, times: RemoteTimes, logger: Logger) {
        client = CloudMapClient(access)
        directory = CloudMapDirectory(client)
        self.times = times
        self.logger = logger
    }

    var place: String { client.access.url }

    func freshness() async throws(DiscoveryError) -> any Freshness {
        try check()
        return ClientFreshness(names: self)
    }

    func instances(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> NamedInstances {
        try check()
        return try await memory(key(parts, namespace)).value()
    }

    func instances(
        of parts: Address.Parts, in namespace: String, until deadline: ContinuousClock.Instant
    ) async throws(DiscoveryError) -> NamedInstances {
        try check()
        return try await memory(key(parts, namespace)).value(until: deadline)
    }

    /// Read anew, and as it is remembered where nobody answers; that is not waited for for long then.
    func listing(of parts: Address.Parts, in namespace: String, limit: Int) async throws(DiscoveryError) -> NamedInstances {
        try check()
        let key = key(parts, namespace)
        let result: Result<NamedInstances, CloudMapFailure>
        if memories.withLock({ $0[key] })?.last == nil {
            result = await listed(key, limit)
        } else {
            do {
                result = try await Deadlines.shared.run(until: .now + times.patience) {
                    let result = await self.listed(key, limit)
                    try Task.checkCancellation()
                    return result
                }
            } catch {
                result = .failure(CloudMapFailure(error, at: place, wasSent: false))
            }
        }
        if case .failure(let failure) = result, failure.isDown, let last = memories.withLock({ $0[key] })?.last { return last }
        do throws(CloudMapFailure) { return try result.get() } catch { throw error.error }
    }

    private func listed(_ key: Key, _ limit: Int) async -> Result<NamedInstances, CloudMapFailure> {
        do throws(CloudMapFailure) {
            let revision = try await revision(key.name)
            guard let id = key.id else {
                let found = try await discovered(key.name)
                return .success(
                    NamedInstances(Array(found.instances.prefix(limit)), hasHealthCheck: found.hasHealthCheck, revision: revision))
            }
            do throws(CloudMapFailure) {
                let found = try await instance(id, key.name)
                let health = try await health(of: id, key.name)
                let instance = Registry.Instance(
                    id: id, attributes: found.attributes, health: health, incarnation: found.incarnation)
                return .success(NamedInstances([instance], hasHealthCheck: health != .unknown, revision: revision))
            } catch  where error.fault?.code == .instanceNotFound {
                return .success(NamedInstances([], hasHealthCheck: false, revision: revision))
            }
        } catch { return .failure(error) }
    }

    func services() async throws(DiscoveryError) -> [NamedService] {
        try check()
        do throws(CloudMapFailure) {
            return try await directory.list().map {
                NamedService(namespace: $0.name.namespace, name: $0.name.service, id: $0.id, instances: $0.instances, revision: nil)
            }
        } catch { throw error.error }
    }

    func override(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> Override? { nil }

    func shutdown() async {
        isShutDown.store(true, ordering: .relaxed)
        memories.withLock { $0 = [:] }
        await leases.endAll()
    }

    func check() throws(DiscoveryError) {
        guard isShutDown.load(ordering: .relaxed) else { return }
        throw DiscoveryError(.homeUnusable, "This client was shut down. Make another to go on.")
    }

    /// Has what this client remembers of an instance and its service read again.
    func changed(_ name: CloudMapDirectory.Name, _ id: String, isAnswered: Bool = true) {
        let known = memories.withLock { memories in [Key(name: name, id: nil), Key(name: name, id: id)].compactMap { memories[$0] } }
        for memory in known { memory.changed(isAnswered: isAnswered) }
    }

    // MARK: Looking

    private func key(_ parts: Address.Parts, _ namespace: String) -> Key {
        Key(name: .init(namespace: namespace, service: parts.service), id: parts.id)
    }

    private func memory(_ key: Key) -> NamesMemory {
        memories.withLock { memories in
            if let memory = memories[key] { return memory }
            if memories.count >= Self.limit { memories.removeAll() }
            let check: NamesMemory.Check = { [weak self] () throws(DiscoveryError) in try self?.check() }
            let memory = NamesMemory(times, check: check) { [weak self] known, last async throws(CloudMapFailure) in
                guard let self else { throw CloudMapFailure(DiscoveryError(.cancelled, "The client was dropped.")) }
                return try await self.look(key, known, last)
            }
            memories[key] = memory
            return memory
        }
    }

    /// - Parameters:
    ///   - known: holds if its revision does.
    ///   - last: what was read before, however long ago.
    private func look(
        _ key: Key, _ known: NamedInstances?, _ last: NamedInstances?
    ) async throws(CloudMapFailure) -> NamesMemory.Finding {
        guard let id = key.id else {
            if let known, try await revision(key.name) == known.revision { return .same }
            return .read(try await discovered(key.name))
        }
        // Of what was read once and never again, the revision is not worth a call. Asked before the instance: what changes meanwhile makes it
        // another.
        let revision = last == nil ? nil : try await revision(key.name)
        if let known, known.revision == revision { return .same }
        return .read(NamedInstances([try await instance(id, key.name)], hasHealthCheck: false, revision: revision))
    }

    private func revision(_ name: CloudMapDirectory.Name) async throws(CloudMapFailure) -> Int64? {
        let answer = try await client.call(
            CloudMap.DiscoverInstancesRevision.self, .init(namespaceName: name.namespace, serviceName: name.service))
        return answer.instancesRevision.map { Int64($0) }
    }

    /// All of a service, whatever their health: whom an address means is the facade's to say.
    private func discovered(_ name: CloudMapDirectory.Name) async throws(CloudMapFailure) -> NamedInstances {
        let answer = try await client.call(
            CloudMap.DiscoverInstances.self,
            .init(
                namespaceName: name.namespace, serviceName: name.service, maxResults: Self.mostInstances, healthStatus: .all))
        // They come in another order each time.
        let instances = (answer.instances ?? []).compactMap { summary -> Registry.Instance? in
            guard let id = summary.instanceID else { return nil }
            let attributes = summary.attributes ?? [:]
            return Registry.Instance(
                id: id, attributes: attributes, health: Registry.Health(rawValue: summary.healthStatus?.rawValue ?? "") ?? .unknown,
                incarnation: Registry.Instance.incarnation(of: attributes))
        }.sorted { $0.id < $1.id }
        return NamedInstances(
            instances, hasHealthCheck: instances.contains { $0.health != .unknown }, revision: answer.instancesRevision.map { Int64($0) })
    }

    /// One by its id, its health unknown: who names an instance means it however it does.
    func instance(_ id: String, _ name: CloudMapDirectory.Name) async throws(CloudMapFailure) -> Registry.Instance {
        let client = self.client
        let answer = try await directory.with(name) { service throws(CloudMapFailure) in
            try await client.call(CloudMap.GetInstance.self, .init(serviceID: service, instanceID: id))
        }
        let attributes = answer.instance?.attributes ?? [:]
        return Registry.Instance(
            id: id, attributes: attributes, health: .unknown, incarnation: Registry.Instance.incarnation(of: attributes))
    }

    private func health(of id: String, _ name: CloudMapDirectory.Name) async throws(CloudMapFailure) -> Registry.Health {
        let client = self.client
        let answer = try await directory.with(name) { service throws(CloudMapFailure) in
            try await client.call(CloudMap.GetInstancesHealthStatus.self, .init(serviceID: service, instances: [id]))
        }
        return Registry.Health(rawValue: answer.status?[id] ?? "") ?? .unknown
    }
}

/// Of what is not about one service.
private struct ClientFreshness: Freshness {
    let names: CloudMapNames

    var isFresh: Bool { true }
    func isAlive(_ instance: Registry.Instance) -> Bool { true }
    func check() throws(DiscoveryError) { try names.check() }
}
