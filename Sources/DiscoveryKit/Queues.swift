internal import Registry

/// Where the messages of addresses are: the resolver and the adapters for queues.
struct Queues: Sendable {
    let resolver: Resolver
    let adapters: [any QueueAdapter]
    let isStrictFIFO: Bool

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
        if let override = route.override, route.canned != nil {
            throw DiscoveryError(
                .unsupported,
                "The override of `\(override.pattern)` answers calls to \(address), and a message needs a queue: it is \(override). Redirect it to a queue instead.",
                address: address)
        }
        guard let target = route.choose(avoiding: failed, at: .now) else { throw Resolver.ended(address) }
        var resource = target.resource
        // Where an override leads by a URL is said by nobody but who sends: to a queue.
        if let url = route.override?.redirect, Override.isURL(url) { resource = Resource(.queue, at: url) }
        if let home = route.override?.home { resource = LocalQueue.moved(resource, to: home) }
        guard let adapter = adapters.first(where: { $0.accepts(resource) }) else { throw Self.refusal(resource, target.address) }
        return (Place(address: target.address, resource: resource, adapter: adapter, instance: target.instance), target)
    }

    private static func refusal(_ resource: Resource, _ address: Address) -> DiscoveryError {
        if resource.kind == .queue {
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
