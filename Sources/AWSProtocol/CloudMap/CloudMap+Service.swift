package import Foundation

/// Services as they are said.
extension CloudMap {
    package struct Service: Codable, Hashable, Sendable {
        package var id: String?
        package var arn: String?
        package var resourceOwner: String?
        package var name: String?
        package var namespaceID: String?
        package var description: String?
        package var instanceCount: Int?
        package var dnsConfig: DNSConfig?
        package var type: ServiceType?
        package var healthCheckConfig: HealthCheckConfig?
        package var healthCheckCustomConfig: HealthCheckCustomConfig?
        package var createDate: Date?
        package var creatorRequestID: String?
        package var createdByAccount: String?

        package init(
            id: String? = nil, arn: String? = nil, resourceOwner: String? = nil, name: String? = nil, namespaceID: String? = nil,
            description: String? = nil, instanceCount: Int? = nil, dnsConfig: DNSConfig? = nil, type: ServiceType? = nil,
            healthCheckConfig: HealthCheckConfig? = nil, healthCheckCustomConfig: HealthCheckCustomConfig? = nil, createDate: Date? = nil,
            creatorRequestID: String? = nil, createdByAccount: String? = nil
        ) {
            self.id = id
            self.arn = arn
            self.resourceOwner = resourceOwner
            self.name = name
            self.namespaceID = namespaceID
            self.description = description
            self.instanceCount = instanceCount
            self.dnsConfig = dnsConfig
            self.type = type
            self.healthCheckConfig = healthCheckConfig
            self.healthCheckCustomConfig = healthCheckCustomConfig
            self.createDate = createDate
            self.creatorRequestID = creatorRequestID
            self.createdByAccount = createdByAccount
        }
    }

    package struct ServiceSummary: Codable, Hashable, Sendable {
        package var id: String?
        package var arn: String?
        package var resourceOwner: String?
        package var name: String?
        package var type: ServiceType?
        package var description: String?
        package var instanceCount: Int?
        package var dnsConfig: DNSConfig?
        package var healthCheckConfig: HealthCheckConfig?
        package var healthCheckCustomConfig: HealthCheckCustomConfig?
        package var createDate: Date?
        package var createdByAccount: String?

        package init(
            id: String? = nil, arn: String? = nil, resourceOwner: String? = nil, name: String? = nil, type: ServiceType? = nil,
            description: String? = nil, instanceCount: Int? = nil, dnsConfig: DNSConfig? = nil, healthCheckConfig: HealthCheckConfig? = nil,
            healthCheckCustomConfig: HealthCheckCustomConfig? = nil, createDate: Date? = nil, createdByAccount: String? = nil
        ) {
            self.id = id
            self.arn = arn
            self.resourceOwner = resourceOwner
            self.name = name
            self.type = type
            self.description = description
            self.instanceCount = instanceCount
            self.dnsConfig = dnsConfig
            self.healthCheckConfig = healthCheckConfig
            self.healthCheckCustomConfig = healthCheckCustomConfig
            self.createDate = createDate
            self.createdByAccount = createdByAccount
        }
    }

    package struct ServiceChange: Codable, Hashable, Sendable {
        package var description: String?
        /// Where it is left out, the records are deleted.
        package var dnsConfig: DNSConfigChange?
        /// Where it is left out, the check is deleted.
        package var healthCheckConfig: HealthCheckConfig?

        package init(description: String? = nil, dnsConfig: DNSConfigChange? = nil, healthCheckConfig: HealthCheckConfig? = nil) {
            self.description = description
            self.dnsConfig = dnsConfig
            self.healthCheckConfig = healthCheckConfig
        }
    }

    package struct DNSConfig: Codable, Hashable, Sendable {
        package var namespaceID: String?
        package var routingPolicy: RoutingPolicy?
        package var dnsRecords: [DNSRecord]

        package init(dnsRecords: [DNSRecord], namespaceID: String? = nil, routingPolicy: RoutingPolicy? = nil) {
            self.namespaceID = namespaceID
            self.routingPolicy = routingPolicy
            self.dnsRecords = dnsRecords
        }
    }

    package struct DNSConfigChange: Codable, Hashable, Sendable {
        package var dnsRecords: [DNSRecord]

        package init(dnsRecords: [DNSRecord]) {
            self.dnsRecords = dnsRecords
        }
    }

    package struct DNSRecord: Codable, Hashable, Sendable {
        package var type: RecordType
        /// In seconds, 0...2147483647.
        package var ttl: Int

        package init(type: RecordType, ttl: Int) {
            self.type = type
            self.ttl = ttl
        }
    }

    package struct HealthCheckConfig: Codable, Hashable, Sendable {
        package var type: HealthCheckType
        package var resourcePath: String?
        package var failureThreshold: Int?

        package init(type: HealthCheckType, resourcePath: String? = nil, failureThreshold: Int? = nil) {
            self.type = type
            self.resourcePath = resourcePath
            self.failureThreshold = failureThreshold
        }
    }

    package struct HealthCheckCustomConfig: Codable, Hashable, Sendable {
        /// Whatever it says, it counts as 1.
        package var failureThreshold: Int?

        package init(failureThreshold: Int? = nil) {
            self.failureThreshold = failureThreshold
        }
    }
}
