extension Registry {
    /// What Cloud Map does in its own time, and answers with the id of an ``Operation``.
    ///
    /// Kept as JSON while it is pending. Ids of namespaces and services may be ARNs.
    package enum Change: Sendable, Hashable, Codable {
        case createNamespace(NamespaceDraft)
        case deleteNamespace(id: String)
        /// - Parameter kind: of the namespace: Cloud Map has a call for each.
        case updateNamespace(id: String, kind: Namespace.Kind, NamespaceUpdate)
        case updateService(id: String, ServiceUpdate)
        /// Registers an instance, or replaces the one that has its id.
        case registerInstance(String, service: String, attributes: [String: String])
        /// - Parameter incarnation: removes only this registration, not a successor's.
        case deregisterInstance(String, service: String, incarnation: Int64? = nil)

        var kind: Operation.Kind {
            switch self {
            case .createNamespace: .createNamespace
            case .deleteNamespace: .deleteNamespace
            case .updateNamespace: .updateNamespace
            case .updateService: .updateService
            case .registerInstance: .registerInstance
            case .deregisterInstance: .deregisterInstance
            }
        }
    }

    /// A namespace that is to be.
    package struct NamespaceDraft: Sendable, Hashable, Codable {
        package var name: String
        package var kind: Namespace.Kind
        package var description: String?
        /// Private DNS only, which needs it.
        package var vpc: String?
        /// Seconds; DNS only.
        package var soaTTL: Int?
        package var tags: [String: String]

        package init(
            name: String, kind: Namespace.Kind = .http, description: String? = nil, vpc: String? = nil, soaTTL: Int? = nil,
            tags: [String: String] = [:]
        ) {
            self.name = name
            self.kind = kind
            self.description = description
            self.vpc = vpc
            self.soaTTL = soaTTL
            self.tags = tags
        }
    }

    /// What is to be otherwise about a namespace; `nil` stays as it is.
    package struct NamespaceUpdate: Sendable, Hashable, Codable {
        package var description: String?
        /// Seconds; DNS only.
        package var soaTTL: Int?

        package init(description: String? = nil, soaTTL: Int? = nil) {
            self.description = description
            self.soaTTL = soaTTL
        }
    }

    /// What a service is to be like. Records and the health check are deleted when they are `nil`; a description and custom health stay.
    package struct ServiceUpdate: Sendable, Hashable, Codable {
        package var description: String?
        /// Time to live in seconds by type of record.
        package var records: [DNSConfiguration.Record: Int]?
        package var healthCheck: HealthCheck?

        package init(description: String? = nil, records: [DNSConfiguration.Record: Int]? = nil, healthCheck: HealthCheck? = nil) {
            self.description = description
            self.records = records
            self.healthCheck = healthCheck
        }
    }
}
