internal import Foundation
internal import Registry

extension Discovery {
    /// Overrides what some addresses lead to, for every process that shares this client's home and from its next call on, until the override
    /// expires or is removed; in place of the home's override of the same pattern. Returns when it is durable; waits for the disk.
    ///
    /// - Throws: `.configuration` for an override that contradicts itself; `.invalid` for one that is expired, or one more than the thousand
    ///   that a home keeps; what the home throws.
    public func override(_ override: Override) async throws(DiscoveryError) {
        let text = try override.jsonText()
        let now = Date()
        guard !override.isExpired(at: now) else {
            throw DiscoveryError(
                .invalid,
                "The override of `\(override.pattern)` expired at \(override.expires?.timestamp ?? "some time"): it would do nothing. Give it a time to come."
            )
        }
        let pattern = override.pattern.text
        // Up: a row is not removed before its override has expired.
        let expires = override.expires.map { Int64(($0.timeIntervalSince1970 * 1_000).rounded(.up)) }
        try await client.home().run { registry in
            try await registry.setOverride(pattern: pattern, text: text, expires: expires, now: now.milliseconds)
        }
    }

    /// Removes the home's override of a pattern, spelt as it was set. Returns when that is durable; waits for the disk.
    ///
    /// - Throws: `.configuration` for a malformed pattern; `.notFound`; what the home throws.
    public func removeOverride(_ pattern: AddressPattern) async throws(DiscoveryError) {
        try pattern.check()
        try await client.home().run { registry in
            guard try await !registry.removeOverride(pattern: pattern.text, now: Date().milliseconds) else { return }
            let patterns = try await registry.overrides().map(\.pattern)
            let near = NearNames.of(pattern.text, among: patterns).first
            let advice = near.map { "Did you mean `\($0.excerpt(reach: 200))`?" } ?? "See those there are with: discovery override --list"
            throw DiscoveryError(.notFound, "The home has no override of `\(pattern)`. \(advice)")
        }
    }

    /// Removes all of the home's overrides. Returns when that is durable; waits for the disk.
    ///
    /// - Returns: how many there were.
    /// - Throws: what the home throws.
    @discardableResult
    public func removeOverrides() async throws(DiscoveryError) -> Int {
        try await client.home().run { try await $0.removeOverrides() }
    }

    /// The home's overrides that have not expired, in the order in which they are held against an address: longer patterns first. Those of
    /// this process's configuration, which come before them, are not among them. Waits for the disk.
    ///
    /// - Throws: `.unsupported` for one that another version wrote and this one cannot read; what the home throws.
    public func overrides() async throws(DiscoveryError) -> [Override] {
        let now = Date()
        let stored = try await client.home().run { try await $0.overrides() }
        var overrides: [Override] = []
        for (pattern, text) in stored { overrides.append(try Override.stored(text, for: pattern)) }
        return overrides.filter { !$0.isExpired(at: now) }
    }

    /// Whether anything is registered that a pattern means. Waits for the disk.
    package func hasInstances(matching pattern: AddressPattern) async throws(DiscoveryError) -> Bool {
        try await client.home().run { registry in
            for service in try await registry.services() where pattern.matches(namespace: service.namespace, service: service.name) {
                let ids = try await registry.snapshot(namespace: service.namespace, service: service.name).instances.map(\.id)
                // An address that names no instance may mean any of them.
                let instances: [Address.Instance] = ids.isEmpty ? [] : [.only, .any] + ids.map { .id($0) }
                let isMeant = instances.contains {
                    pattern.matches(namespace: service.namespace, service: service.name, instance: $0)
                }
                if isMeant { return true }
            }
            return false
        }
    }
}

extension Date {
    /// Since 1970.
    fileprivate var milliseconds: Int64 { Int64(timeIntervalSince1970 * 1_000) }
}
