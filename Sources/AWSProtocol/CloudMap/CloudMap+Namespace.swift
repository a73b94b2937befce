package import Foundation

/// Namespaces as they are said.
extension CloudMap {
    package struct Namespace: Codable, Hashable, Sendable {
        package var id: String?
        package var arn: String?
        package var resourceOwner: String?
        package var name: String?
        package var type: NamespaceType?
        package var description: String?
        package var serviceCount: Int?
        package var properties: NamespaceProperties?
        package var createDate: Date?
        package var creatorRequestID: String?

        package init(
            id: String? = nil, arn: String? = nil, resourceOwner: String? = nil, name: String? = nil, type: NamespaceType? = nil,
            description: String? = nil, serviceCount: Int? = nil, properties: NamespaceProperties? = nil, createDate: Date? = nil,
            creatorRequestID: String? = nil
        ) {
            self.id = id
            self.arn = arn
            self.resourceOwner = resourceOwner
            self.name = name
            self.type = type
            self.description = description
            self.serviceCount = serviceCount
            self.properties = properties
            self.createDate = createDate
            self.creatorRequestID = creatorRequestID
        }
    }

    package struct NamespaceSummary: Codable, Hashable, Sendable {
        package var id: String?
        package var arn: String?
        package var resourceOwner: String?
        package var name: String?
        package var type: NamespaceType?
        package var description: String?
        package var serviceCount: Int?
        package var properties: NamespaceProperties?
        package var createDate: Date?

        package init(
            id: String? = nil, arn: String? = nil, resourceOwner: String? = nil, name: String? = nil, type: NamespaceType? = nil,
            description: String? = nil, serviceCount: Int? = nil, properties: NamespaceProperties? = nil, createDate: Date? = nil
        ) {
            self.id = id
            self.arn = arn
            self.resourceOwner = resourceOwner
            self.name = name
            self.type = type
            self.description = description
            self.serviceCount = serviceCount
            self.properties = properties
            self.createDate = createDate
        }
    }

    package struct NamespaceProperties: Codable, Hashable, Sendable {
        package var dnsProperties: DNSProperties?
        package var httpProperties: HTTPProperties?

        package init(dnsProperties: DNSProperties? = nil, httpProperties: HTTPProperties? = nil) {
            self.dnsProperties = dnsProperties
            self.httpProperties = httpProperties
        }
    }

    package struct DNSProperties: Codable, Hashable, Sendable {
        package var hostedZoneID: String?
        package var soa: SOA?

        package init(hostedZoneID: String? = nil, soa: SOA? = nil) {
            self.hostedZoneID = hostedZoneID
            self.soa = soa
        }
    }

    package struct HTTPProperties: Codable, Hashable, Sendable {
        package var httpName: String?

        package init(httpName: String? = nil) {
            self.httpName = httpName
        }
    }

    package struct SOA: Codable, Hashable, Sendable {
        /// In seconds, 0...2147483647.
        package var ttl: Int

        package init(ttl: Int) {
            self.ttl = ttl
        }
    }

    package struct DNSNamespaceProperties: Codable, Hashable, Sendable {
        package var dnsProperties: DNSMutableProperties

        package init(dnsProperties: DNSMutableProperties) {
            self.dnsProperties = dnsProperties
        }
    }

    package struct DNSMutableProperties: Codable, Hashable, Sendable {
        package var soa: SOA

        package init(soa: SOA) {
            self.soa = soa
        }
    }

    package struct HTTPNamespaceChange: Codable, Hashable, Sendable {
        package var description: String

        package init(description: String) {
            self.description = description
        }
    }

    package struct DNSNamespaceChange: Codable, Hashable, Sendable {
        package var description: String?
        package var properties: DNSNamespaceProperties?

        package init(description: String? = nil, properties: DNSNamespaceProperties? = nil) {
            self.description = description
            self.properties = properties
        }
    }
}
