/// Where messages go on one try: a queue or a topic, and who speaks to it.
struct Outlet: Sendable {
    /// `namespace.service->id`, or the address asked for where an override leads.
    let address: Address
    let resource: Resource
    let send: @Sendable ([OutgoingMessage]) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>]
}

extension Route {
    /// What an address leads to for messages.
    ///
    /// - Parameter kind: what messages go to here; where an override leads by a URL is said by nobody else.
    /// - Throws: `.unsupported` for an override that answers calls; what the resolver throws when all have ended.
    func destination(
        of address: Address, as kind: Resource.Kind, avoiding failed: [Target]
    ) throws(DiscoveryError) -> (resource: Resource, target: Target) {
        if let override, canned != nil {
            throw DiscoveryError(
                .unsupported,
                "The override of `\(override.pattern)` answers calls to \(address), and a message needs a \(kind): it is \(override). Redirect it to a \(kind) instead.",
                address: address)
        }
        guard let target = choose(avoiding: failed, at: .now) else { throw Resolver.ended(address) }
        guard let url = override?.redirect, Override.isURL(url) else { return (target.resource, target) }
        return (Resource(kind, at: url), target)
    }
}
