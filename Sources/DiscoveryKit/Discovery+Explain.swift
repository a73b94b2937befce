internal import Registry
internal import Store

extension Discovery {
    /// Says how an address resolves now. An address that resolves to nothing is explained too. Waits for the disk.
    ///
    /// - Throws: `.malformedAddress`; what the home throws.
    public func explain(_ address: Address) async throws(DiscoveryError) -> Explanation {
        let (namespace, parts) = try client.resolver.name(address)
        let registry = try await client.backend.registry()
        let cached = client.resolver.version(cached: address)
        let cache = cached.map { registry.store.isStill($0) ? "fresh" : "stale" } ?? "empty"
        var all: [Registry.Instance] = []
        var hasHealthCheck = false
        var revision: Int64?
        do throws(DiscoveryError) {
            let listed = try await client.backend.run {
                try await $0.list(namespace: namespace, service: parts.service, id: parts.id, limit: 1_000)
            }
            (all, hasHealthCheck, revision) = (listed.instances, listed.hasHealthCheck, listed.revision)
        } catch {
            if error.code != .notFound { throw error }
        }
        var choice: Choice?
        var failure: String?
        do { choice = try await client.resolver.resolve(address) } catch { failure = error.message }
        let home = registry.store.home
        let alive = all.filter { $0.lease.map(home.isAlive) ?? true }
        let selected = Set(parts.selection.select(from: alive, hasHealthCheck: hasHealthCheck).map(\.id))
        let candidates = all.map { instance in
            let isAlive = instance.lease.map(home.isAlive) ?? true
            var leftOut: String?
            if !isAlive {
                leftOut = "the process that registered it has ended"
            } else if !instance.matches(parts.required) {
                leftOut = "it does not have \(Resolver.described(parts.required.filter { instance.attributes[$0.key] != $0.value }))"
            } else if !selected.contains(instance.id) {
                leftOut =
                    hasHealthCheck && instance.health == .unhealthy
                    ? "others are healthy" : "others have \(Resolver.described(parts.preferred))"
            }
            return Explanation.Candidate(
                address: Address(namespace: namespace, service: parts.service, instance: .id(instance.id)).text,
                health: instance.health.rawValue,
                lease: instance.lease == nil ? "none" : isAlive ? "alive" : "dead", attributes: instance.attributes, leftOut: leftOut)
        }
        return Explanation(
            address: address.text, namespace: namespace, service: parts.service, home: client.backend.path, cache: cache,
            revision: revision,
            candidates: candidates, kind: choice?.resource.kind.description, location: choice?.resource.location,
            chosen: choice?.address.text,
            failure: failure)
    }
}

extension Address.Parts {
    var id: String? { if case .id(let id) = instance { id } else { nil } }
}
