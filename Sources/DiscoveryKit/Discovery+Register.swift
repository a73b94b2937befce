package import Registry
internal import Store

extension Discovery {
    /// Registers where something is under an address, or replaces what is registered there: from the next call on callers go to the new
    /// place. Makes the namespace and the service where they are missing. Returns when it is durable; waits for the disk.
    ///
    /// - Parameter address: names an instance (`namespace.service->id`), without filters.
    /// - Throws: `.malformedAddress`; `.invalid` for an address that does not name one instance, or attributes that break a rule;
    ///   `.unsupported` for a location that no operation could use; what the home throws.
    public func register(_ address: Address, _ resource: Resource) async throws(DiscoveryError) {
        guard !resource.location.isEmpty else {
            throw DiscoveryError(
                .invalid, "A resource without a location cannot be registered. Give it a URL, an ARN or a name.", address: address)
        }
        _ = try await register(address, resource.kind, resource.registrationAttributes, isLeased: false)
    }

    /// Removes what is registered under an address. Returns when that is durable; waits for the disk.
    ///
    /// - Throws: `.malformedAddress`; `.invalid` for an address that does not name one instance; `.notFound`; what the home throws.
    public func deregister(_ address: Address) async throws(DiscoveryError) {
        try await deregister(address, incarnation: nil)
    }

    /// Removes what is registered under an address; with an incarnation only that registration, and then it is no error if it is gone.
    package func deregister(_ address: Address, incarnation: Int64?) async throws(DiscoveryError) {
        let (service, id) = try place(address, to: "deregister")
        try await client.telemetry.observe(.deregister, address) { _ throws(DiscoveryError) in
            do throws(DiscoveryError) {
                try await client.names.deregister(id, from: service, incarnation: incarnation)
            } catch {
                throw error.with(address: address)
            }
        }
    }

    /// Registers an instance by its attributes, and says which registration it is. Waits and throws as ``register(_:_:)``.
    package func register(
        _ address: Address, _ kind: Resource.Kind, _ attributes: Registry.Attributes, isLeased: Bool
    ) async throws(DiscoveryError) -> Registry.Registered {
        let (service, id) = try place(address, to: "register")
        return try await client.telemetry.observe(.register, address) { observation throws(DiscoveryError) in
            observation.kind = kind
            do throws(DiscoveryError) {
                return try await client.names.register(id, in: service, attributes: attributes, isLeased: isLeased)
            } catch {
                throw error.with(address: address)
            }
        }
    }

    /// The service and instance that an address names, for operations that change one.
    func place(_ address: Address, to operation: String) throws(DiscoveryError) -> (service: Registry.ServiceName, id: String) {
        let (namespace, parts) = try client.resolver.name(address)
        guard case .id(let id) = parts.instance, parts.filters.isEmpty else {
            throw DiscoveryError(
                .invalid, "To \(operation), name one instance, as in `\(namespace).\(parts.service)->my-instance`; \(address) does not.",
                address: address)
        }
        return (.name(namespace: namespace, service: parts.service), id)
    }
}
