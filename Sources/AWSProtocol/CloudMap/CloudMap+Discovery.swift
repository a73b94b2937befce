/// What is asked thousands of times a second.
extension CloudMap {
    package enum DiscoverInstances: CloudMapOperation {
        package static let name = "DiscoverInstances"
        package static let hostPrefix: String? = "data-"
        package static let faults: [AWSFault.Code] = [.serviceNotFound, .namespaceNotFound, .invalidInput, .requestLimitExceeded]

        package struct Input: Codable, Hashable, Sendable {
            /// The HTTP name, which is another than the name where names were used again.
            package var namespaceName: String
            package var serviceName: String
            /// 1...1000; there is no next page.
            package var maxResults: Int?
            package var queryParameters: [String: String]?
            /// Of the instances that match the query, only those that match these too, if there are any.
            package var optionalParameters: [String: String]?
            package var healthStatus: HealthStatusFilter?
            package var ownerAccount: String?

            package init(
                namespaceName: String, serviceName: String, maxResults: Int? = nil, queryParameters: [String: String]? = nil,
                optionalParameters: [String: String]? = nil, healthStatus: HealthStatusFilter? = nil, ownerAccount: String? = nil
            ) {
                self.namespaceName = namespaceName
                self.serviceName = serviceName
                self.maxResults = maxResults
                self.queryParameters = queryParameters
                self.optionalParameters = optionalParameters
                self.healthStatus = healthStatus
                self.ownerAccount = ownerAccount
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var instances: [HTTPInstanceSummary]?
            /// Rises with every registration and deregistration, not with health.
            package var instancesRevision: Int?

            package init(instances: [HTTPInstanceSummary]? = nil, instancesRevision: Int? = nil) {
                self.instances = instances
                self.instancesRevision = instancesRevision
            }
        }
    }

    package enum DiscoverInstancesRevision: CloudMapOperation {
        package static let name = "DiscoverInstancesRevision"
        package static let hostPrefix: String? = "data-"
        package static let faults: [AWSFault.Code] = [.serviceNotFound, .namespaceNotFound, .invalidInput, .requestLimitExceeded]

        package struct Input: Codable, Hashable, Sendable {
            package var namespaceName: String
            package var serviceName: String
            package var ownerAccount: String?

            package init(namespaceName: String, serviceName: String, ownerAccount: String? = nil) {
                self.namespaceName = namespaceName
                self.serviceName = serviceName
                self.ownerAccount = ownerAccount
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var instancesRevision: Int?

            package init(instancesRevision: Int? = nil) {
                self.instancesRevision = instancesRevision
            }
        }
    }

    package struct HTTPInstanceSummary: Codable, Hashable, Sendable {
        package var instanceID: String?
        package var namespaceName: String?
        package var serviceName: String?
        package var healthStatus: HealthStatus?
        package var attributes: [String: String]?

        package init(
            instanceID: String? = nil, namespaceName: String? = nil, serviceName: String? = nil, healthStatus: HealthStatus? = nil,
            attributes: [String: String]? = nil
        ) {
            self.instanceID = instanceID
            self.namespaceName = namespaceName
            self.serviceName = serviceName
            self.healthStatus = healthStatus
            self.attributes = attributes
        }
    }
}
