internal import Store

extension Registry {
    /// A service as it was at one version of the store.
    package struct Snapshot: Sendable {
        package let instances: [Instance]
        package let hasHealthCheck: Bool
        package let revision: Int64
        package let version: UInt64
        /// Whether any instance lives only as long as its process, which may end without a commit.
        package let hasLeases: Bool

        init(instances: [Instance], hasHealthCheck: Bool, revision: Int64, version: UInt64) {
            self.instances = instances
            self.hasHealthCheck = hasHealthCheck
            self.revision = revision
            self.version = version
            hasLeases = instances.contains { $0.lease != nil }
        }
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
        try Rules.check(selection, limit: limit)
        let snapshot = try await snapshot(namespace: namespace, service: service)
        return (try discover(in: snapshot, selection, limit: limit, using: &generator), snapshot.revision)
    }

    /// The same from memory, for those who keep a snapshot while the store ``Store/isStill(_:)`` its version. Waits for nothing; processes
    /// that died since are left out.
    ///
    /// - Throws: `.invalidInput`.
    package func discover(
        in snapshot: Snapshot, _ selection: Selection = Selection(), limit: Int = 100, using generator: inout some RandomNumberGenerator
    ) throws(RegistryError) -> [Instance] {
        try Rules.check(selection, limit: limit)
        let home = store.home
        let alive =
            if snapshot.hasLeases { snapshot.instances.filter { $0.lease.map(home.isAlive) ?? true } } else { snapshot.instances }
        var wanted = selection.select(from: alive, hasHealthCheck: snapshot.hasHealthCheck)
        // The first so many of a shuffle.
        for index in wanted.indices.prefix(limit) {
            wanted.swapAt(index, Int.random(in: index..<wanted.count, using: &generator))
        }
        return Array(wanted.prefix(limit))
    }

    /// Cloud Map's DiscoverInstancesRevision: as `discover` answers it.
    ///
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`.
    package func discoverRevision(namespace: String, service: String) async throws -> Int64 {
        try await store.read { connection in try connection.service(.name(namespace: namespace, service: service)).revision }
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
