internal import Store

extension Registry {
    /// A service as it was at one version of the store.
    package struct Snapshot: Sendable {
        package let instances: [Instance]
        package let hasHealthCheck: Bool
        package let revision: Int64
        package let version: UInt64
    }

    /// One instance as it was at one version of the store.
    package struct Found: Sendable {
        package let instance: Instance
        package let hasHealthCheck: Bool
        package let version: UInt64
    }

    /// One instance by its id: a point query, whatever the size of the service. A dead lease is not found.
    ///
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, `.instanceNotFound`, with near names.
    package func find(_ id: String, namespace: String, service: String) async throws -> Found {
        let version = store.version()
        let home = store.home
        return try await store.read { connection in
            let row = try connection.service(.name(namespace: namespace, service: service))
            guard let instance = try connection.instance(id, of: row.number), instance.lease.map(home.isAlive) ?? true else {
                throw try connection.missing(instance: id, of: row, isAlive: home.isAlive)
            }
            return Found(instance: instance, hasHealthCheck: row.configuration.hasHealth, version: version)
        }
    }

    /// All instances of a service, those with dead leases left out.
    ///
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, with near names.
    package func snapshot(namespace: String, service: String) async throws -> Snapshot {
        let version = store.version()
        let home = store.home
        return try await store.read { connection in
            let row = try connection.service(.name(namespace: namespace, service: service))
            let instances = try connection.instances(of: row.number).filter { $0.lease.map(home.isAlive) ?? true }
            return Snapshot(instances: instances, hasHealthCheck: row.configuration.hasHealth, revision: row.revision, version: version)
        }
    }

    /// Cloud Map's DiscoverInstances: the wanted instances in random order.
    ///
    /// - Parameter limit: 1 to 1,000; 100 unless told.
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, `.invalidInput`.
    package func discover(
        namespace: String, service: String, _ selection: Selection = Selection(), limit: Int = 100,
        using generator: inout some RandomNumberGenerator
    ) async throws -> (instances: [Instance], revision: Int64) {
        guard (1...1_000).contains(limit) else { throw Rules.invalid("A result has 1 to 1,000 instances, not \(limit).") }
        let snapshot = try await snapshot(namespace: namespace, service: service)
        let wanted = selection.select(from: snapshot.instances, hasHealthCheck: snapshot.hasHealthCheck)
        return (Array(wanted.shuffled(using: &generator).prefix(limit)), snapshot.revision)
    }
}

extension Registry {
    /// A service's instances as they are stored, those of dead processes included; or the one with an id. For those who explain.
    ///
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, with near names.
    package func list(namespace: String, service: String, id: String? = nil, limit: Int) async throws -> Snapshot {
        let version = store.version()
        return try await store.read { connection in
            let row = try connection.service(.name(namespace: namespace, service: service))
            let instances =
                if let id { try connection.instance(id, of: row.number).map { [$0] } ?? [] } else {
                    try connection.instances(of: row.number)
                }
            return Snapshot(
                instances: Array(instances.prefix(limit)), hasHealthCheck: row.configuration.hasHealth, revision: row.revision,
                version: version)
        }
    }

    /// One instance by its id; `nil` when it is not there, or its process has ended. For those who compare.
    ///
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`.
    package func instance(_ id: String, in service: ServiceName) async throws -> Instance? {
        let home = store.home
        return try await store.read { connection in
            let instance = try connection.instance(id, of: connection.service(service).number)
            return instance.flatMap { $0.lease.map(home.isAlive) ?? true ? $0 : nil }
        }
    }
}
