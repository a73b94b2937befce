extension Registry {
    /// The registry's outermost level: a set of services with names of their own.
    package struct Namespace: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Codable {
            case http = "HTTP"
            case privateDNS = "DNS_PRIVATE"
            case publicDNS = "DNS_PUBLIC"
        }

        /// `ns-` and 16 characters.
        package let id: String
        package let name: String
        /// What `discover` takes: the name, or where a name was reused the name and a hash.
        package let httpName: String
        package let kind: Kind
        package let description: String?
        package let creatorRequestID: String?
        /// Milliseconds since 1970.
        package let created: Int64
        /// Private DNS only. Nothing is done with it but told.
        package let vpc: String?
        /// How long it may be remembered that a name is not there, in seconds; DNS only.
        package let soaTTL: Int?
        /// How many services it has; where a namespace was just made, 0.
        package let serviceCount: Int

        /// DNS only. There is no hosted zone here: it is made of the id, so that it is always the same.
        package var hostedZoneID: String? { kind == .http ? nil : "Z0000" + id.dropFirst(3).uppercased() }

        /// Cloud Map does not document what it takes when none is given.
        package static let defaultSOATTL = 60
    }

    /// A set of instances that are interchangeable or told apart by id.
    package struct Service: Sendable, Hashable, Codable {
        /// `srv-` and 16 characters.
        package let id: String
        package let namespaceID: String
        /// The namespace's `httpName`.
        package let namespace: String
        package let name: String
        package let configuration: Configuration
        package let creatorRequestID: String?
        /// Milliseconds since 1970.
        package let created: Int64
        /// Grows whenever an instance is registered or deregistered; never falls, not even when the service is made anew.
        package let revision: Int64
        package let instanceCount: Int

        /// What the creator of a service says of it.
        package struct Configuration: Sendable, Hashable, Codable {
            package var description: String?
            package var dns: DNSConfiguration?
            package var healthCheck: HealthCheck?
            /// Health is told by `setHealth`. Excludes `healthCheck`.
            package var hasCustomHealth: Bool

            package init(
                description: String? = nil, dns: DNSConfiguration? = nil, healthCheck: HealthCheck? = nil, hasCustomHealth: Bool = false
            ) {
                self.description = description
                self.dns = dns
                self.healthCheck = healthCheck
                self.hasCustomHealth = hasCustomHealth
            }

            /// Cloud Map's type of the service: found by API and DNS, or by API only.
            package var type: String { dns == nil ? "HTTP" : "DNS_HTTP" }

            /// Whether an instance needs attributes to be in such a service.
            var hasNeeds: Bool { dns != nil || healthCheck != nil }
            package var hasHealth: Bool { healthCheck != nil || hasCustomHealth }
        }
    }

    /// Which DNS records an instance of a service gets.
    package struct DNSConfiguration: Sendable, Hashable, Codable {
        package enum Record: String, Sendable, Codable { case a = "A", aaaa = "AAAA", srv = "SRV", cname = "CNAME" }
        package enum Routing: String, Sendable, Codable { case multivalue = "MULTIVALUE", weighted = "WEIGHTED" }

        /// Time to live in seconds by type of record, 0 to 2,147,483,647.
        package var records: [Record: Int]
        package var routing: Routing

        package init(records: [Record: Int], routing: Routing = .multivalue) {
            self.records = records
            self.routing = routing
        }
    }

    /// A check that a daemon of the home makes over the network; without one its instances stay as they are.
    package struct HealthCheck: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Codable { case http = "HTTP", https = "HTTPS", tcp = "TCP" }
        package var kind: Kind
        /// HTTP and HTTPS only; at most 255 characters.
        package var path: String?
        /// Checks in a row that change the status, 1 to 10.
        package var threshold: Int

        package init(kind: Kind, path: String? = nil, threshold: Int = 3) {
            self.kind = kind
            self.path = path
            self.threshold = threshold
        }
    }
}
