package import Store

extension Registry {
    /// One registered place where a service can be reached.
    package struct Instance: Sendable, Hashable {
        package let id: String
        package let attributes: [String: String]
        package let health: Health
        /// Differs from registration to registration of the same id, and grows.
        package let incarnation: Int64
        /// Set for an instance that lives only as long as the process that registered it.
        package let lease: Lease?
        /// Milliseconds since 1970.
        package let registered: Int64

        package init(
            id: String, attributes: [String: String], health: Health, incarnation: Int64, lease: Lease? = nil, registered: Int64 = 0
        ) {
            self.id = id
            self.attributes = attributes
            self.health = health
            self.incarnation = incarnation
            self.lease = lease
            self.registered = registered
        }
    }

    package enum Health: String, Sendable, Codable {
        case healthy = "HEALTHY"
        case unhealthy = "UNHEALTHY"
        /// The service has no health check.
        case unknown = "UNKNOWN"
    }

    /// Which instances to discover, by health. Without a health check all are returned, whatever is asked.
    package enum HealthFilter: String, Sendable {
        case healthy = "HEALTHY"
        case unhealthy = "UNHEALTHY"
        case all = "ALL"
        case healthyOrElseAll = "HEALTHY_OR_ELSE_ALL"

        /// Cloud Map does not document what it takes when none is given; its walk-throughs leave the unhealthy out.
        package static let unspecified = HealthFilter.healthy
    }

    /// Required and preferred attributes, and health: which of a service's instances are wanted.
    package struct Selection: Sendable, Hashable {
        package var required: [String: String]
        package var preferred: [String: String]
        package var health: HealthFilter

        package init(required: [String: String] = [:], preferred: [String: String] = [:], health: HealthFilter = .unspecified) {
            self.required = required
            self.preferred = preferred
            self.health = health
        }

        /// The wanted instances, in their given order.
        ///
        /// The required attributes narrow first, so that healthy instances that do not match cannot suppress the fall-back of
        /// HEALTHY_OR_ELSE_ALL; the preferred ones narrow last, and only if that leaves any.
        package func select(from instances: [Instance], hasHealthCheck: Bool) -> [Instance] {
            var chosen = required.isEmpty ? instances : instances.filter { $0.matches(required) }
            if hasHealthCheck {
                switch health {
                case .all: break
                case .healthy: chosen.removeAll { $0.health != .healthy }
                case .unhealthy: chosen.removeAll { $0.health != .unhealthy }
                case .healthyOrElseAll:
                    let healthy = chosen.filter { $0.health == .healthy }
                    if !healthy.isEmpty { chosen = healthy }
                }
            }
            guard !preferred.isEmpty else { return chosen }
            let better = chosen.filter { $0.matches(preferred) }
            return better.isEmpty ? chosen : better
        }
    }
}

extension Registry.Instance {
    package func matches(_ wanted: [String: String]) -> Bool {
        wanted.allSatisfy { attributes[$0.key] == $0.value }
    }
}
