internal import CloudFormation
internal import DiscoveryKit
internal import Registry

/// `AWS::ServiceDiscovery::HttpNamespace`, `PrivateDnsNamespace` and `PublicDnsNamespace`
struct NamespaceKeeper: ResourceKeeper {
    let discovery: Discovery
    let kind: Registry.Namespace.Kind

    func make(_ wanted: Wanted) async throws -> Made {
        let name = wanted.properties.text("Name") ?? ""
        return try await discovery.withRegistry { registry in
            if let known = try await registry.namespaces().first(where: { $0.httpName == name }) {
                let isOwn = known.creatorRequestID == wanted.token
                guard isOwn || wanted.adopts else {
                    throw DiscoveryError(
                        .alreadyExists,
                        "The namespace `\(name)` is there already (\(known.id)), and not this stack's. Give the template its id instead, or take another name."
                    )
                }
                return made(known, isAdopted: !isOwn)
            }
            return made(
                try await registry.createNamespace(
                    name: name, kind: kind, description: wanted.properties.text("Description"),
                    vpc: kind == .privateDNS ? wanted.properties.text("Vpc") : nil, creatorRequestID: wanted.token))
        }
    }

    private func made(_ namespace: Registry.Namespace, isAdopted: Bool = false) -> Made {
        var attributes = ["Arn": LocalARN.registered("namespace/\(namespace.id)"), "Id": namespace.id]
        attributes["HostedZoneId"] = namespace.hostedZoneID
        return Made(physicalID: namespace.id, attributes: attributes, isAdopted: isAdopted)
    }

    func change(_ held: StackRecord.Held, from old: Properties, to wanted: Wanted) async throws -> Made {
        try await discovery.withRegistry { registry in
            if !held.isAdopted {
                try await registry.updateNamespace(id: held.physicalID, description: wanted.properties.text("Description"))
            }
            return Made(physicalID: held.physicalID, attributes: held.attributes, isAdopted: held.isAdopted)
        }
    }

    func remove(_ held: StackRecord.Held) async throws {
        guard !held.isAdopted else { return }
        try await discovery.withRegistry { registry in
            let own = try await registry.namespaces().first { $0.id == held.physicalID || $0.creatorRequestID == held.token }
            guard let own else { return }
            try await registry.deleteNamespace(id: own.id)
        }
    }

    func expected(_ properties: Properties, _ held: StackRecord.Held) throws -> [String: String] {
        held.isAdopted ? ["Name": properties.text("Name") ?? ""] : described(properties.text("Name") ?? "", properties.text("Description"))
    }

    func actual(_ held: StackRecord.Held) async throws -> [String: String]? {
        try await discovery.withRegistry { registry in
            try await registry.namespaces().first { $0.id == held.physicalID }.map {
                held.isAdopted ? ["Name": $0.name] : described($0.name, $0.description)
            }
        }
    }

    private func described(_ name: String, _ description: String?) -> [String: String] { ["Name": name, "Description": description ?? ""] }
}
