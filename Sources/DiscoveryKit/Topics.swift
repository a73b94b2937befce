/// Where what is published to addresses goes: the adapters for topics.
struct Topics: Sendable {
    /// Where names are kept by a daemon.
    var daemon: String?
    let adapters: [any PublishAdapter]

    /// Where an address leads now.
    ///
    /// - Throws: `.wrongKind` and `.unsupported` besides what the resolver throws.
    func outlet(on route: Route, of address: Address, avoiding failed: [Target]) throws(DiscoveryError) -> (Outlet, Target) {
        let (resource, target) = try route.destination(of: address, as: .topic, avoiding: failed)
        if let override = route.override, override.home != nil {
            throw DiscoveryError(
                .unsupported, "\(address) is a topic, and an override cannot send it to another home: it is \(override).", address: address)
        }
        guard let adapter = adapters.first(where: { $0.accepts(resource) }) else { throw refusal(resource, target.address) }
        let outlet = Outlet(address: target.address, resource: resource) { messages async throws(DiscoveryError) in
            try await adapter.publish(messages, to: resource)
        }
        return (outlet, target)
    }

    private func refusal(_ resource: Resource, _ address: Address) -> DiscoveryError {
        guard resource.kind == .topic else {
            return DiscoveryError(
                .wrongKind,
                "\(address) is a \(resource.kind), and messages are published to topics. Name a topic, or use the operation for a \(resource.kind).",
                address: address)
        }
        if let daemon { return Client.needsHome(daemon).with(address: address) }
        return DiscoveryError(
            .unsupported,
            "\(address) is at `\(Resource.shown(resource.location))`, which no adapter for topics speaks to. Register a topic of this home, such as `\(LocalTopic.arn("news"))`.",
            address: address)
    }
}
