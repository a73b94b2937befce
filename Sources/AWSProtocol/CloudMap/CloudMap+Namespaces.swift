/// What is done with namespaces.
extension CloudMap {
    package enum CreateHTTPNamespace: CloudMapOperation {
        package static let name = "CreateHttpNamespace"
        package static let faults: [AWSFault.Code] = [
            .invalidInput, .namespaceAlreadyExists, .resourceLimitExceeded, .duplicateRequest, .tooManyTags,
        ]

        package struct Input: Codable, Hashable, Sendable {
            package var name: String
            /// SDKs fill in a fresh one, so that a retry is told from a second request.
            package var creatorRequestID: String?
            package var description: String?
            package var tags: [Tag]?

            package init(name: String, creatorRequestID: String? = nil, description: String? = nil, tags: [Tag]? = nil) {
                self.name = name
                self.creatorRequestID = creatorRequestID
                self.description = description
                self.tags = tags
            }
        }

        package typealias Output = Submitted
    }

    package enum CreatePrivateDNSNamespace: CloudMapOperation {
        package static let name = "CreatePrivateDnsNamespace"
        package static let faults: [AWSFault.Code] = [
            .invalidInput, .namespaceAlreadyExists, .resourceLimitExceeded, .duplicateRequest, .tooManyTags,
        ]

        package struct Input: Codable, Hashable, Sendable {
            package var name: String
            package var creatorRequestID: String?
            package var description: String?
            package var vpc: String
            package var tags: [Tag]?
            package var properties: DNSNamespaceProperties?

            package init(
                name: String, vpc: String, creatorRequestID: String? = nil, description: String? = nil, tags: [Tag]? = nil,
                properties: DNSNamespaceProperties? = nil
            ) {
                self.name = name
                self.creatorRequestID = creatorRequestID
                self.description = description
                self.vpc = vpc
                self.tags = tags
                self.properties = properties
            }
        }

        package typealias Output = Submitted
    }

    package enum CreatePublicDNSNamespace: CloudMapOperation {
        package static let name = "CreatePublicDnsNamespace"
        package static let faults: [AWSFault.Code] = [
            .invalidInput, .namespaceAlreadyExists, .resourceLimitExceeded, .duplicateRequest, .tooManyTags,
        ]

        package struct Input: Codable, Hashable, Sendable {
            package var name: String
            package var creatorRequestID: String?
            package var description: String?
            package var tags: [Tag]?
            package var properties: DNSNamespaceProperties?

            package init(
                name: String, creatorRequestID: String? = nil, description: String? = nil, tags: [Tag]? = nil,
                properties: DNSNamespaceProperties? = nil
            ) {
                self.name = name
                self.creatorRequestID = creatorRequestID
                self.description = description
                self.tags = tags
                self.properties = properties
            }
        }

        package typealias Output = Submitted
    }

    package enum DeleteNamespace: CloudMapOperation {
        package static let name = "DeleteNamespace"
        package static let faults: [AWSFault.Code] = [.invalidInput, .namespaceNotFound, .resourceInUse, .duplicateRequest]

        package struct Input: Codable, Hashable, Sendable {
            package var id: String

            package init(id: String) {
                self.id = id
            }
        }

        package typealias Output = Submitted
    }

    package enum GetNamespace: CloudMapOperation {
        package static let name = "GetNamespace"
        package static let faults: [AWSFault.Code] = [.invalidInput, .namespaceNotFound]

        package struct Input: Codable, Hashable, Sendable {
            package var id: String

            package init(id: String) {
                self.id = id
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var namespace: Namespace?

            package init(namespace: Namespace? = nil) {
                self.namespace = namespace
            }
        }
    }

    package enum ListNamespaces: CloudMapOperation {
        package static let name = "ListNamespaces"
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
            package var namespaces: [NamespaceSummary]?
            package var nextToken: String?

            package init(namespaces: [NamespaceSummary]? = nil, nextToken: String? = nil) {
                self.namespaces = namespaces
                self.nextToken = nextToken
            }
        }
    }

    package enum UpdateHTTPNamespace: CloudMapOperation {
        package static let name = "UpdateHttpNamespace"
        package static let faults: [AWSFault.Code] = [.invalidInput, .namespaceNotFound, .resourceInUse, .duplicateRequest]

        package struct Input: Codable, Hashable, Sendable {
            package var id: String
            package var updaterRequestID: String?
            package var namespace: HTTPNamespaceChange

            package init(id: String, namespace: HTTPNamespaceChange, updaterRequestID: String? = nil) {
                self.id = id
                self.updaterRequestID = updaterRequestID
                self.namespace = namespace
            }
        }

        package typealias Output = Submitted
    }

    package enum UpdatePrivateDNSNamespace: CloudMapOperation {
        package static let name = "UpdatePrivateDnsNamespace"
        package static let faults: [AWSFault.Code] = [.invalidInput, .namespaceNotFound, .resourceInUse, .duplicateRequest]

        package struct Input: Codable, Hashable, Sendable {
            package var id: String
            package var updaterRequestID: String?
            package var namespace: DNSNamespaceChange

            package init(id: String, namespace: DNSNamespaceChange, updaterRequestID: String? = nil) {
                self.id = id
                self.updaterRequestID = updaterRequestID
                self.namespace = namespace
            }
        }

        package typealias Output = Submitted
    }

    package enum UpdatePublicDNSNamespace: CloudMapOperation {
        package static let name = "UpdatePublicDnsNamespace"
        package static let faults: [AWSFault.Code] = [.invalidInput, .namespaceNotFound, .resourceInUse, .duplicateRequest]

        package struct Input: Codable, Hashable, Sendable {
            package var id: String
            package var updaterRequestID: String?
            package var namespace: DNSNamespaceChange

            package init(id: String, namespace: DNSNamespaceChange, updaterRequestID: String? = nil) {
                self.id = id
                self.updaterRequestID = updaterRequestID
                self.namespace = namespace
            }
        }

        package typealias Output = Submitted
    }
}
