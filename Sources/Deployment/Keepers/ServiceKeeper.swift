internal import CloudFormation
internal import DiscoveryKit
internal import Registry

/// `AWS::ServiceDiscovery::Service`
struct ServiceKeeper: ResourceKeeper {
    let discovery: Discovery

    func make(_ wanted: Wanted) async throws -> Made {
        let name = wanted.name("Name", limit: 63)
        let configuration = try Self.configuration(wanted.properties)
        let namespace = Self.namespaceID(wanted.properties)
        guard !namespace.isEmpty else {
            throw DiscoveryError(.invalid, "\(wanted.logicalID) names no namespace. Give it a NamespaceId.")
        }
        return try await discovery.withRegistry { registry in
            if let known = try await registry.services().first(where: { $0.namespaceID == namespace && $0.name == name }) {
                guard known.creatorRequestID == wanted.token else {
                    throw DiscoveryError(
                        .alreadyExists,
                        "The namespace has a service `\(name)` already (\(known.id)), which is not this stack's. Take another name.")
                }
                try await registry.updateService(id: known.id, configuration)
                return Self.made(known)
            }
            return Self.made(
                try await registry.createService(
                    namespaceID: namespace, name: name, configuration: configuration, creatorRequestID: wanted.token))
        }
    }

    private static func made(_ service: Registry.Service) -> Made {
        Made(
            physicalID: service.id,
            attributes: ["Arn": LocalARN.registered("service/\(service.id)"), "Id": service.id, "Name": service.name])
    }

    func change(_ held: StackRecord.Held, from old: Properties, to wanted: Wanted) async throws -> Made {
        let configuration = try Self.configuration(wanted.properties)
        return try await discovery.withRegistry { registry in
            try await registry.updateService(id: held.physicalID, configuration)
            return Made(physicalID: held.physicalID, attributes: held.attributes)
        }
    }

    func remove(_ held: StackRecord.Held) async throws {
        try await discovery.withRegistry { registry in
            let own = try await registry.services().first { $0.id == held.physicalID || $0.creatorRequestID == held.token }
            guard let own else { return }
            try await registry.deleteService(id: own.id)
        }
    }

    func expected(_ properties: Properties, _ held: StackRecord.Held) throws -> [String: String] {
        Self.described(try Self.configuration(properties))
    }

    func actual(_ held: StackRecord.Held) async throws -> [String: String]? {
        try await discovery.withRegistry { registry in
            try await registry.services().first { $0.id == held.physicalID }.map { Self.described($0.configuration) }
        }
    }

    /// An id, or the ARN that ends in it.
    private static func namespaceID(_ properties: Properties) -> String {
        let id = properties.text("NamespaceId") ?? properties.object("DnsConfig")?["NamespaceId"]?.string ?? ""
        return id.split(separator: "/").last.map(String.init) ?? id
    }

    private static func configuration(_ properties: Properties) throws -> Registry.Service.Configuration {
        var configuration = Registry.Service.Configuration(
            description: properties.text("Description"), hasCustomHealth: properties["HealthCheckCustomConfig"] != nil)
        if let dns = properties.object("DnsConfig") {
            var records: [Registry.DNSConfiguration.Record: Int] = [:]
            for record in dns["DnsRecords"]?.elements ?? [] {
                guard let type = (record.members?["Type"]?.string).flatMap({ Registry.DNSConfiguration.Record(rawValue: $0) }),
                    let ttl = (record.members?["TTL"]?.string).flatMap({ Int($0) })
                else { continue }
                records[type] = ttl
            }
            configuration.dns = .init(records: records, routing: dns["RoutingPolicy"]?.string == "WEIGHTED" ? .weighted : .multivalue)
        }
        if let check = properties.object("HealthCheckConfig"), let type = check["Type"]?.string,
            let kind = Registry.HealthCheck.Kind(rawValue: type)
        {
            configuration.healthCheck = .init(
                kind: kind, path: check["ResourcePath"]?.string, threshold: check["FailureThreshold"]?.string.flatMap { Int($0) } ?? 1)
        }
        return configuration
    }

    private static func described(_ configuration: Registry.Service.Configuration) -> [String: String] {
        var described = ["Description": configuration.description ?? "", "CustomHealth": "\(configuration.hasCustomHealth)"]
        if let dns = configuration.dns {
            let records = dns.records.map { "\($0.key.rawValue) \($0.value)" }.sorted().joined(separator: ", ")
            described["DnsConfig"] = "\(records), \(dns.routing.rawValue)"
        }
        if let check = configuration.healthCheck {
            described["HealthCheckConfig"] = "\(check.kind.rawValue) \(check.path ?? "") \(check.threshold)"
        }
        return described
    }
}
