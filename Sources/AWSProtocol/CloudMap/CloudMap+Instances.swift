/// What is done with instances.
extension CloudMap {
    package enum DeregisterInstance: CloudMapOperation {
        package static let name = "DeregisterInstance"
        package static let faults: [AWSFault.Code] = [
            .duplicateRequest, .invalidInput, .instanceNotFound, .resourceInUse, .serviceNotFound,
        ]

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String
            package var instanceID: String

            package init(serviceID: String, instanceID: String) {
                self.serviceID = serviceID
                self.instanceID = instanceID
            }
        }

        package typealias Output = Submitted
    }

    package enum GetInstance: CloudMapOperation {
        package static let name = "GetInstance"
        package static let faults: [AWSFault.Code] = [.instanceNotFound, .invalidInput, .serviceNotFound]

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String
            package var instanceID: String

            package init(serviceID: String, instanceID: String) {
                self.serviceID = serviceID
                self.instanceID = instanceID
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var resourceOwner: String?
            package var instance: Instance?

            package init(resourceOwner: String? = nil, instance: Instance? = nil) {
                self.resourceOwner = resourceOwner
                self.instance = instance
            }
        }
    }

    package enum GetInstancesHealthStatus: CloudMapOperation {
        package static let name = "GetInstancesHealthStatus"
        package static let faults: [AWSFault.Code] = [.instanceNotFound, .invalidInput, .serviceNotFound]

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String
            package var instances: [String]?
            package var maxResults: Int?
            package var nextToken: String?

            package init(serviceID: String, instances: [String]? = nil, maxResults: Int? = nil, nextToken: String? = nil) {
                self.serviceID = serviceID
                self.instances = instances
                self.maxResults = maxResults
                self.nextToken = nextToken
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            /// By instance id; values as of `HealthStatus`.
            package var status: [String: String]?
            package var nextToken: String?

            package init(status: [String: String]? = nil, nextToken: String? = nil) {
                self.status = status
                self.nextToken = nextToken
            }
        }
    }

    package enum ListInstances: CloudMapOperation {
        package static let name = "ListInstances"
        package static let faults: [AWSFault.Code] = [.serviceNotFound, .invalidInput]

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String
            package var nextToken: String?
            package var maxResults: Int?

            package init(serviceID: String, nextToken: String? = nil, maxResults: Int? = nil) {
                self.serviceID = serviceID
                self.nextToken = nextToken
                self.maxResults = maxResults
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var resourceOwner: String?
            package var instances: [InstanceSummary]?
            package var nextToken: String?

            package init(resourceOwner: String? = nil, instances: [InstanceSummary]? = nil, nextToken: String? = nil) {
                self.resourceOwner = resourceOwner
                self.instances = instances
                self.nextToken = nextToken
            }
        }
    }

    package enum RegisterInstance: CloudMapOperation {
        package static let name = "RegisterInstance"
        package static let faults: [AWSFault.Code] = [
            .duplicateRequest, .invalidInput, .resourceInUse, .resourceLimitExceeded, .serviceNotFound,
        ]

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String
            package var instanceID: String
            package var creatorRequestID: String?
            package var attributes: [String: String]

            package init(serviceID: String, instanceID: String, attributes: [String: String], creatorRequestID: String? = nil) {
                self.serviceID = serviceID
                self.instanceID = instanceID
                self.creatorRequestID = creatorRequestID
                self.attributes = attributes
            }
        }

        package typealias Output = Submitted
    }

    package enum UpdateInstanceCustomHealthStatus: CloudMapOperation {
        package static let name = "UpdateInstanceCustomHealthStatus"
        package static let faults: [AWSFault.Code] = [.instanceNotFound, .serviceNotFound, .customHealthNotFound, .invalidInput]
        package static let hasOutput = false

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String
            package var instanceID: String
            package var status: CustomHealthStatus

            package init(serviceID: String, instanceID: String, status: CustomHealthStatus) {
                self.serviceID = serviceID
                self.instanceID = instanceID
                self.status = status
            }
        }

        package typealias Output = AWSEmpty
    }

    package struct Instance: Codable, Hashable, Sendable {
        package var id: String
        package var creatorRequestID: String?
        package var attributes: [String: String]?
        package var createdByAccount: String?

        package init(id: String, creatorRequestID: String? = nil, attributes: [String: String]? = nil, createdByAccount: String? = nil) {
            self.id = id
            self.creatorRequestID = creatorRequestID
            self.attributes = attributes
            self.createdByAccount = createdByAccount
        }
    }

    package struct InstanceSummary: Codable, Hashable, Sendable {
        package var id: String?
        package var attributes: [String: String]?
        package var createdByAccount: String?

        package init(id: String? = nil, attributes: [String: String]? = nil, createdByAccount: String? = nil) {
            self.id = id
            self.attributes = attributes
            self.createdByAccount = createdByAccount
        }
    }
}
