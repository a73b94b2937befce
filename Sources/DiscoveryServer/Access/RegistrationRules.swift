internal import DiscoveryKit

/// What nobody may register over the network, and what not everybody may.
struct RegistrationRules: Sendable {
    /// Whether callers on other machines may register what only the daemon's machine can reach.
    let allowsLoopback: Bool

    /// - Throws: `DiscoveryError` for what is nobody's to register; `Refusal` for what is not this caller's.
    func check(_ attributes: [String: String], by caller: Caller) throws {
        // Which files of this machine are queues is not for the network to say.
        for key in ["rid", "url", "id", "arn"] {
            guard let value = attributes[key], value.lowercased().hasPrefix("file:") else { continue }
            throw DiscoveryError(
                .unsupported, "A location that comes over the network cannot be a file: `\(key)` is. Register it from the daemon's machine."
            )
        }
        // What says nothing usable leads nowhere.
        let resource = try? Resource.resource(from: attributes).resource
        if let resource, resource.isOfHome, !caller.mayEverywhere(.register) {
            throw Refusal(
                .notAllowed,
                "This leads to a \(resource.kind) of the home, which may be others': only a key that may register everywhere (`on` `*`) registers it."
            )
        }
        guard !allowsLoopback, !caller.isLocal else { return }
        // Where callers are led, and where a health check asks, which may be elsewhere.
        for host in [resource?.host, attributes["AWS_INSTANCE_IPV4"], attributes["AWS_INSTANCE_IPV6"]].compactMap(\.self)
        where Reach.isLoopback(host) {
            throw DiscoveryError(
                .unsupported,
                "\(host) is the daemon's own machine, and this comes from another. Register an address that callers can reach.")
        }
    }
}
