internal import Foundation
package import Registry
internal import Store

extension EmbeddedBackend: NameService {
    package var place: String { path }

    package func freshness() async throws(DiscoveryError) -> any Freshness {
        let registry = try await registry()
        return EmbeddedFreshness(registry: registry, version: registry.store.version())
    }

    package func instances(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> NamedInstances {
        try await run { registry in
            if let id = parts.id {
                let found = try await registry.find(id, namespace: namespace, service: parts.service)
                return NamedInstances([found.instance], hasHealthCheck: found.hasHealthCheck, revision: nil)
            }
            let snapshot = try await registry.snapshot(namespace: namespace, service: parts.service)
            return NamedInstances(snapshot.instances, hasHealthCheck: snapshot.hasHealthCheck, revision: snapshot.revision)
        }
    }

    package func listing(of parts: Address.Parts, in namespace: String, limit: Int) async throws(DiscoveryError) -> NamedInstances {
        try await run { registry in
            let listed = try await registry.list(namespace: namespace, service: parts.service, id: parts.id, limit: limit)
            return NamedInstances(listed.instances, hasHealthCheck: listed.hasHealthCheck, revision: listed.revision)
        }
    }

    package func services() async throws(DiscoveryError) -> [NamedService] {
        try await run { registry in
            try await registry.services().map {
                NamedService(namespace: $0.namespace, name: $0.name, id: $0.id, instances: $0.instanceCount, revision: $0.revision)
            }
        }
    }

    package func override(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> Override? {
        let now = Date()
        // Read by the pattern first: one that this version cannot read, or nobody needs, is in nobody's way.
        for (text, stored) in try await run({ try await $0.overrides() }) {
            guard let pattern = try? AddressPattern(parsing: text), pattern.matches(parts, in: namespace) else { continue }
            let override = try Override.stored(stored, for: text)
            if !override.isExpired(at: now) { return override }
        }
        return nil
    }

    package func register(
        _ id: String, in service: Registry.ServiceName, attributes: Registry.Attributes, isLeased: Bool
    ) async throws(DiscoveryError) -> Registry.Registered {
        try await run { registry in
            let lease = isLeased ? try registry.store.home.lease() : nil
            return try await registry.register(id, in: service, attributes: attributes, lease: lease, creating: true)
        }
    }

    package func deregister(_ id: String, from service: Registry.ServiceName, incarnation: Int64?) async throws(DiscoveryError) {
        try await run { try await $0.deregister(id, from: service, incarnation: incarnation) }
    }

    package func waitUntilReplaced(_ id: String, in service: Registry.ServiceName, incarnation: Int64) async throws(DiscoveryError) {
        guard case .name(let namespace, let name) = service else { return }
        let home = try await registry().store.home
        let bell = Registry.bell(namespace: namespace, service: name)
        var isAwake = true
        while isAwake, !Task.isCancelled {
            let rings = home.rings(of: bell)
            // Busy or full now: the next ring will tell.
            let found = try? await run { try await $0.list(namespace: namespace, service: name, id: id, limit: 1) }
            if let found, found.instances.first?.incarnation != incarnation { return }
            do { isAwake = try await home.sleep(at: bell, since: rings) } catch { throw DiscoveryError(wrapping: error) }
        }
    }
}

private struct EmbeddedFreshness: Freshness {
    let registry: Registry
    let version: UInt64

    var isFresh: Bool { registry.store.isStill(version) }

    func isAlive(_ instance: Registry.Instance) -> Bool { instance.lease.map(registry.store.home.isAlive) ?? true }

    func check() throws(DiscoveryError) {
        do throws(StoreError) { try registry.store.home.check() } catch { throw DiscoveryError(error) }
    }
}
