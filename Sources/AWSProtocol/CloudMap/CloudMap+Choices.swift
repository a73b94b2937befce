/// A text that is one of a few, and may be another: a service learns new ones, and a caller mistypes old ones.
package protocol CloudMapChoice: RawRepresentable<String>, Codable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible
{
    init(rawValue: String)
    /// Those of the API's model.
    static var known: [Self] { get }
}

extension CloudMapChoice {
    package init(stringLiteral value: String) { self.init(rawValue: value) }
    package var description: String { rawValue }
    package var isKnown: Bool { Self.known.contains(self) }
}

extension CloudMap {
    package struct HealthStatus: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let healthy: Self = "HEALTHY"
        package static let unhealthy: Self = "UNHEALTHY"
        package static let unknown: Self = "UNKNOWN"
        package static let known: [Self] = [.healthy, .unhealthy, .unknown]
    }

    package struct CustomHealthStatus: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let healthy: Self = "HEALTHY"
        package static let unhealthy: Self = "UNHEALTHY"
        package static let known: [Self] = [.healthy, .unhealthy]
    }

    package struct HealthStatusFilter: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let healthy: Self = "HEALTHY"
        package static let unhealthy: Self = "UNHEALTHY"
        package static let all: Self = "ALL"
        package static let healthyOrElseAll: Self = "HEALTHY_OR_ELSE_ALL"
        package static let known: [Self] = [.healthy, .unhealthy, .all, .healthyOrElseAll]
    }

    package struct HealthCheckType: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let http: Self = "HTTP"
        package static let https: Self = "HTTPS"
        package static let tcp: Self = "TCP"
        package static let known: [Self] = [.http, .https, .tcp]
    }

    package struct RecordType: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let srv: Self = "SRV"
        package static let a: Self = "A"
        package static let aaaa: Self = "AAAA"
        package static let cname: Self = "CNAME"
        package static let known: [Self] = [.srv, .a, .aaaa, .cname]
    }

    package struct RoutingPolicy: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let multivalue: Self = "MULTIVALUE"
        package static let weighted: Self = "WEIGHTED"
        package static let known: [Self] = [.multivalue, .weighted]
    }

    package struct NamespaceType: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let dnsPublic: Self = "DNS_PUBLIC"
        package static let dnsPrivate: Self = "DNS_PRIVATE"
        package static let http: Self = "HTTP"
        package static let known: [Self] = [.dnsPublic, .dnsPrivate, .http]
    }

    package struct ServiceType: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let http: Self = "HTTP"
        package static let dnsHttp: Self = "DNS_HTTP"
        package static let dns: Self = "DNS"
        package static let known: [Self] = [.http, .dnsHttp, .dns]
    }

    package struct ServiceTypeOption: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let http: Self = "HTTP"
        package static let known: [Self] = [.http]
    }

    package struct FilterCondition: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let equals: Self = "EQ"
        package static let `in`: Self = "IN"
        package static let between: Self = "BETWEEN"
        package static let beginsWith: Self = "BEGINS_WITH"
        package static let known: [Self] = [.equals, .in, .between, .beginsWith]
    }

    package struct OperationStatus: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let submitted: Self = "SUBMITTED"
        package static let pending: Self = "PENDING"
        package static let success: Self = "SUCCESS"
        package static let fail: Self = "FAIL"
        package static let known: [Self] = [.submitted, .pending, .success, .fail]
    }

    package struct OperationType: CloudMapChoice {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let createNamespace: Self = "CREATE_NAMESPACE"
        package static let deleteNamespace: Self = "DELETE_NAMESPACE"
        package static let updateNamespace: Self = "UPDATE_NAMESPACE"
        package static let updateService: Self = "UPDATE_SERVICE"
        package static let registerInstance: Self = "REGISTER_INSTANCE"
        package static let deregisterInstance: Self = "DEREGISTER_INSTANCE"
        package static let known: [Self] = [
            .createNamespace, .deleteNamespace, .updateNamespace, .updateService, .registerInstance, .deregisterInstance,
        ]
    }
}
