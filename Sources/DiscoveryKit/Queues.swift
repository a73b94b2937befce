internal import Registry

/// Where the messages of addresses are: the resolver and the adapters for queues.
struct Queues: Sendable {
    let resolver: Resolver
    /// Where names are kept by a daemon.
    var daemon: String?
    var adapters: [any QueueAdapter]

    /// A queue and who speaks to it.
    struct Place: Sendable {
        /// `namespace.service->id`, or the address asked for where an override leads.
        let address: Address
        let resource: Resource
        let adapter: any QueueAdapter
        /// As it was registered; `nil` where an override leads.
        let instance: Registry.Instance?
    }

    /// Where an address leads now.
    ///
    /// - Throws: `.wrongKind` and `.unsupported` besides what the resolver throws.
    func place(on route: Route, of address: Address, avoiding failed: [Target] = []) throws(DiscoveryError) -> (Place, Target) {
        var (resource, target) = try route.destination(of: address, as: .queue, avoiding: failed)
        if let home = route.override?.home { resource = LocalQueue.moved(resource, to: home) }
        guard let adapter = adapters.first(where: { $0.accepts(resource) }) else { throw refusal(resource, target.address) }
        return (Place(address: target.address, resource: resource, adapter: adapter, instance: target.instance), target)
    }

    func outlet(on route: Route, of address: Address, avoiding failed: [Target]) throws(DiscoveryError) -> (Outlet, Target) {
        let (place, target) = try place(on: route, of: address, avoiding: failed)
        let outlet = Outlet(address: place.address, resource: place.resource) { messages async throws(DiscoveryError) in
            try await place.adapter.send(messages, to: place.resource)
        }
        return (outlet, target)
    }

    private func refusal(_ resource: Resource, _ address: Address) -> DiscoveryError {
        if resource.kind == .queue {
            if let daemon { return Client.needsHome(daemon).with(address: address) }
            return DiscoveryError(
                .unsupported,
                "\(address) is at `\(Resource.shown(resource.location))`, which no adapter for queues speaks to. Register a queue of this home, such as `\(LocalQueue.arn("jobs"))`.",
                address: address)
        }
        return DiscoveryError(
            .wrongKind,
            "\(address) is a \(resource.kind), and messages are sent to queues and received from them. Name a queue, or use the operation for a \(resource.kind).",
            address: address)
    }
}
