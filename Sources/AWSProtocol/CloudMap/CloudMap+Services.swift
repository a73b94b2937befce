/// What is done with services.
extension CloudMap {
    package enum CreateService: CloudMapOperation {
        package static let name = "CreateService"
        package static let faults: [AWSFault.Code] = [
            .invalidInput, .resourceLimitExceeded, .namespaceNotFound, .serviceAlreadyExists, .tooManyTags,
        ]

        package struct Input: Codable, Hashable, Sendable {
            package var name: String
            /// Required in practice, though not by the model; the one in `dnsConfig` is the old place for it.
            package var namespaceID: String?
            package var creatorRequestID: String?
            package var description: String?
            package var dnsConfig: DNSConfig?
            package var healthCheckConfig: HealthCheckConfig?
            package var healthCheckCustomConfig: HealthCheckCustomConfig?
            package var tags: [Tag]?
            package var type: ServiceTypeOption?

            package init(
                name: String, namespaceID: String? = nil, creatorRequestID: String? = nil, description: String? = nil,
                dnsConfig: DNSConfig? = nil, healthCheckConfig: HealthCheckConfig? = nil,
                healthCheckCustomConfig: HealthCheckCustomConfig? = nil, tags: [Tag]? = nil, type: ServiceTypeOption? = nil
            ) {
                self.name = name
                self.namespaceID = namespaceID
                self.creatorRequestID = creatorRequestID
                self.description = description
                self.dnsConfig = dnsConfig
                self.healthCheckConfig = healthCheckConfig
                self.healthCheckCustomConfig = healthCheckCustomConfig
                self.tags = tags
                self.type = type
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var service: Service?

            package init(service: Service? = nil) {
                self.service = service
            }
        }
    }

    package enum DeleteService: CloudMapOperation {
        package static let name = "DeleteService"
        package static let faults: [AWSFault.Code] = [.invalidInput, .serviceNotFound, .resourceInUse]

        package struct Input: Codable, Hashable, Sendable {
            package var id: String

            package init(id: String) {
                self.id = id
            }
        }

        package typealias Output = AWSEmpty
    }

    package enum GetService: CloudMapOperation {
        package static let name = "GetService"
        package static let faults: [AWSFault.Code] = [.invalidInput, .serviceNotFound]

        package struct Input: Codable, Hashable, Sendable {
            package var id: String

            package init(id: String) {
                self.id = id
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var service: Service?

            package init(service: Service? = nil) {
                self.service = service
            }
        }
    }

    package enum ListServices: CloudMapOperation {
        package static let name = "ListServices"
        package static let faults: [AWSFault.Code] = [.invalidInput]

        package struct Input: Codable, Hashable, Sendable {
            package var nextToken: String?
            package var maxResults: Int?
            package var filters: [Filter]?

            package init(nextToken: String? = nil, maxResults: Int? = nil, filters: [Filter]? = nil) {
                self.nextToken = nextToken
                self.maxResults = maxResults
                self.filters = filters
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var services: [ServiceSummary]?
            package var nextToken: String?

            package init(services: [ServiceSummary]? = nil, nextToken: String? = nil) {
                self.services = services
                self.nextToken = nextToken
            }
        }
    }

    package enum UpdateService: CloudMapOperation {
        package static let name = "UpdateService"
        package static let faults: [AWSFault.Code] = [.duplicateRequest, .invalidInput, .serviceNotFound]

        package struct Input: Codable, Hashable, Sendable {
            package var id: String
            package var service: ServiceChange

            package init(id: String, service: ServiceChange) {
                self.id = id
                self.service = service
            }
        }

        package typealias Output = Submitted
    }
}
