internal import Registry

extension Discovery {
    /// Says how an address resolves now, and what calls to it would meet. An address that resolves to nothing is explained too. Waits for the
    /// disk.
    ///
    /// - Throws: `.malformedAddress`; what the home throws.
    public func explain(_ address: Address) async throws(DiscoveryError) -> Explanation {
        let (namespace, parts) = try client.resolver.name(address)
        let now = ContinuousClock.now
        let cache = client.resolver.cached(address).map { route -> String in
            if let age = route.staleness {
                return "stale, as \(client.names.place) does not answer: it was so \(Double(age / .milliseconds(1)) / 1_000) s ago"
            }
            return "\(route.isFresh ? "fresh" : "stale"), read \(Double(route.made.duration(to: now) / .milliseconds(1)) / 1_000) s ago"
        }
        let freshness = try await client.names.freshness()
        var listed = NamedInstances([], hasHealthCheck: false, revision: nil)
        do throws(DiscoveryError) {
            listed = try await client.names.listing(of: parts, in: namespace, limit: 1_000)
        } catch {
            if error.code != .notFound { throw error.with(address: address) }
        }
        let plan = try await client.resolver.plan(parts, namespace)
        let isElsewhere = plan.override?.destination != nil
        var target: Target?
        var failure: String?
        do throws(DiscoveryError) { target = try await client.resolver.target(address) } catch { failure = error.message }
        let route = client.resolver.cached(address)
        let selected = Set(
            parts.selection.select(from: listed.instances.filter(freshness.isAlive), hasHealthCheck: listed.hasHealthCheck).map(\.id))
        let candidates = listed.instances.map { instance in
            let own = Address(namespace: namespace, service: parts.service, instance: .id(instance.id))
            let known = route?.targets.first { $0.address == own }
            let isAlive = freshness.isAlive(instance)
            let isHealthy = !(listed.hasHealthCheck && instance.health == .unhealthy)
            return Explanation.Candidate(
                address: own.text, incarnation: instance.incarnation, health: instance.health.rawValue,
                lease: instance.lease == nil ? instance.heartbeatLease : isAlive ? "alive" : "dead", attributes: instance.attributes,
                leftOut: isElsewhere
                    ? "an override leads elsewhere"
                    : reason(instance, parts, isAlive: isAlive, isSelected: selected.contains(instance.id), isHealthy: isHealthy),
                calls: known.map { Self.calls($0, at: now) })
        }
        return Explanation(
            address: address.text, namespace: namespace, service: parts.service, home: client.names.place, cache: cache ?? "empty",
            revision: listed.revision, override: plan.override.map { "`\($0.pattern)`: \($0)" },
            policy: Self.described(plan.rules), candidates: candidates, kind: target?.resource.kind.description,
            location: target.map { Resource.shown($0.resource.location) }, chosen: target?.address.text, failure: failure)
    }

    private func reason(
        _ instance: Registry.Instance, _ parts: Address.Parts, isAlive: Bool, isSelected: Bool, isHealthy: Bool
    ) -> String? {
        if !isAlive { return "the process that registered it has ended" }
        if !instance.matches(parts.required) {
            return "it does not have \(Resolver.described(parts.required.filter { instance.attributes[$0.key] != $0.value }))"
        }
        if isSelected {
            do throws(DiscoveryError) { _ = try Resource.resource(from: instance.attributes) } catch { return error.message }
            return nil
        }
        return isHealthy ? "others have \(Resolver.described(parts.preferred))" : "others are healthy"
    }

    private static func calls(_ target: Target, at now: ContinuousClock.Instant) -> String {
        func seconds(_ until: ContinuousClock.Instant) -> Double { max(0, Double(now.duration(to: until) / .milliseconds(1)) / 1_000) }
        let health =
            switch target.health(at: now) {
            case .available: "callable"
            case .probeDue: "left alone until now: the next call finds out how it does"
            case .avoided(let until): "it fails: others are called for \(seconds(until)) s more"
            case .open(let until): "it was not reached: refused for \(seconds(until)) s more"
            }
        return health + (target.inFlight > 0 ? ", \(target.inFlight) in flight" : "")
            + (target.weight != 1 ? ", weight \(target.weight)" : "")
    }

    private static func described(_ rules: Resilience) -> String {
        "deadline \(rules.deadline), \(rules.attempts) tries, \(rules.balancing), left alone after \(rules.ejection.failures) failures in a row"
    }
}

extension Address.Parts {
    var id: String? { if case .id(let id) = instance { id } else { nil } }
}
