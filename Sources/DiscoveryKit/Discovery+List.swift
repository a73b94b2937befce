internal import Registry

/// What the command line lists; applications resolve.
extension Discovery {
    package struct ServiceRow: Sendable, Encodable {
        package let service: String
        package let id: String
        package let instances: Int
        package let revision: Int64?
    }

    package struct InstanceRow: Sendable, Encodable {
        package let instance: String
        package let kind: String?
        package let location: String?
        /// Why neither is known.
        package let problem: String?
        package let health: String
        /// `none`, `alive`, `renewed` for one that lives by heartbeats, or `ended` when the process that registered it has.
        package let lease: String
        package let attributes: [String: String]
    }

    /// All services, by name. Waits for the disk or the network.
    package func services() async throws(DiscoveryError) -> [ServiceRow] {
        try await client.names.services().map { service in
            let address = Address(namespace: service.namespace, service: service.name)
            return ServiceRow(service: address.text, id: service.id, instances: service.instances, revision: service.revision)
        }
    }

    /// The instances of the service that an address names; of the one instance when it names one. Waits for the disk or the network.
    package func instances(of address: Address) async throws(DiscoveryError) -> [InstanceRow] {
        let (namespace, parts) = try client.resolver.name(address)
        let freshness = try await client.names.freshness()
        return try await client.names.listing(of: parts, in: namespace, limit: .max).instances.map { instance in
            var resource: Resource?
            var problem: String?
            do throws(DiscoveryError) { resource = try Resource.resource(from: instance.attributes).resource } catch {
                problem = error.message
            }
            let lease = instance.lease.map { _ in freshness.isAlive(instance) ? "alive" : "ended" } ?? instance.heartbeatLease
            return InstanceRow(
                instance: instance.id, kind: resource?.kind.description, location: resource?.location, problem: problem,
                health: instance.health.rawValue, lease: lease, attributes: instance.attributes)
        }
    }
}
