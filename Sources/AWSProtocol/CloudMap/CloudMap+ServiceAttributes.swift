/// What is done with services' own attributes.
extension CloudMap {
    package enum DeleteServiceAttributes: CloudMapOperation {
        package static let name = "DeleteServiceAttributes"
        package static let faults: [AWSFault.Code] = [.invalidInput, .serviceNotFound]

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String
            package var attributes: [String]

            package init(serviceID: String, attributes: [String]) {
                self.serviceID = serviceID
                self.attributes = attributes
            }
        }

        package typealias Output = AWSEmpty
    }

    package enum GetServiceAttributes: CloudMapOperation {
        package static let name = "GetServiceAttributes"
        package static let faults: [AWSFault.Code] = [.invalidInput, .serviceNotFound]

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String

            package init(serviceID: String) {
                self.serviceID = serviceID
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var serviceAttributes: ServiceAttributes?

            package init(serviceAttributes: ServiceAttributes? = nil) {
                self.serviceAttributes = serviceAttributes
            }
        }
    }

    package enum UpdateServiceAttributes: CloudMapOperation {
        package static let name = "UpdateServiceAttributes"
        package static let faults: [AWSFault.Code] = [.invalidInput, .serviceNotFound, .serviceAttributesLimitExceeded]

        package struct Input: Codable, Hashable, Sendable {
            package var serviceID: String
            package var attributes: [String: String]

            package init(serviceID: String, attributes: [String: String]) {
                self.serviceID = serviceID
                self.attributes = attributes
            }
        }

        package typealias Output = AWSEmpty
    }

    package struct ServiceAttributes: Codable, Hashable, Sendable {
        package var serviceARN: String?
        package var resourceOwner: String?
        package var attributes: [String: String]?

        package init(serviceARN: String? = nil, resourceOwner: String? = nil, attributes: [String: String]? = nil) {
            self.serviceARN = serviceARN
            self.resourceOwner = resourceOwner
            self.attributes = attributes
        }
    }
}
