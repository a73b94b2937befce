internal import CloudFormation
internal import DiscoveryKit
internal import Registry

/// `AWS::ServiceDiscovery::Instance`: making it anew is the swap, which callers follow at their next call.
struct InstanceKeeper: ResourceKeeper {
    let discovery: Discovery

    func check(_ wanted: Wanted, from old: Properties?) async throws {
        guard old == nil else { return }
        let id = Self.id(wanted.logicalID, wanted.token, wanted.properties)
        try await discovery.withRegistry { registry in
            guard (try? await registry.instance(id, in: .id(Self.serviceID(wanted.properties)))) != nil else { return }
            throw DiscoveryError(
                .alreadyExists,
                "The service has an instance `\(id)` already, which is not this resource's. Deregister it, or take another id.")
        }
    }

    /// The same whether the stack is known or not.
    private static func id(_ logicalID: String, _ token: String, _ properties: Properties) -> String {
        properties.text("InstanceId") ?? "\(logicalID.prefix(51))-\(token.prefix(12))"
    }

    func make(_ wanted: Wanted) async throws -> Made {
        let id = Self.id(wanted.logicalID, wanted.token, wanted.properties)
        try await register(id, wanted)
        return Made(physicalID: id, attributes: ["InstanceId": id])
    }

    func change(_ held: StackRecord.Held, from old: Properties, to wanted: Wanted) async throws -> Made {
        try await register(held.physicalID, wanted)
        return Made(physicalID: held.physicalID, attributes: held.attributes)
    }

    private func register(_ id: String, _ wanted: Wanted) async throws {
        let attributes = Self.attributes(wanted.properties)
        try await discovery.withRegistry { registry in
            _ = try await registry.register(id, in: .id(Self.serviceID(wanted.properties)), attributes: Registry.Attributes(attributes))
        }
    }

    func remove(_ held: StackRecord.Held) async throws {
        let properties = Properties(json: held.properties)
        let id = held.physicalID.isEmpty ? Self.id(held.logicalID, held.token, properties) : held.physicalID
        try await discovery.withRegistry { registry in
            do { try await registry.deregister(id, from: .id(Self.serviceID(properties))) } catch let error as RegistryError
                where [.instanceNotFound, .serviceNotFound].contains(error.code)
            {
                return
            }
        }
    }

    func expected(_ properties: Properties, _ held: StackRecord.Held) throws -> [String: String] { Self.attributes(properties) }

    func actual(_ held: StackRecord.Held) async throws -> [String: String]? {
        try await discovery.withRegistry { registry in
            let service = Registry.ServiceName.id(Self.serviceID(Properties(json: held.properties)))
            return try? await registry.instance(held.physicalID, in: service)?.attributes
        }
    }

    private static func serviceID(_ properties: Properties) -> String {
        let id = properties.text("ServiceId") ?? ""
        return id.split(separator: "/").last.map(String.init) ?? id
    }

    private static func attributes(_ properties: Properties) -> [String: String] {
        (properties.object("InstanceAttributes") ?? [:]).compactMapValues(\.string)
    }
}
