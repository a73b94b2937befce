/// Tags of namespaces and services, by their ARNs.
extension CloudMap {
    package enum ListTagsForResource: CloudMapOperation {
        package static let name = "ListTagsForResource"
        package static let faults: [AWSFault.Code] = [.resourceNotFound, .invalidInput]

        package struct Input: Codable, Hashable, Sendable {
            package var resourceARN: String

            package init(resourceARN: String) {
                self.resourceARN = resourceARN
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var tags: [Tag]?

            package init(tags: [Tag]? = nil) {
                self.tags = tags
            }
        }
    }

    package enum TagResource: CloudMapOperation {
        package static let name = "TagResource"
        package static let faults: [AWSFault.Code] = [.resourceNotFound, .tooManyTags, .invalidInput]

        package struct Input: Codable, Hashable, Sendable {
            package var resourceARN: String
            package var tags: [Tag]

            package init(resourceARN: String, tags: [Tag]) {
                self.resourceARN = resourceARN
                self.tags = tags
            }
        }

        package typealias Output = AWSEmpty
    }

    package enum UntagResource: CloudMapOperation {
        package static let name = "UntagResource"
        package static let faults: [AWSFault.Code] = [.resourceNotFound, .invalidInput]

        package struct Input: Codable, Hashable, Sendable {
            package var resourceARN: String
            package var tagKeys: [String]

            package init(resourceARN: String, tagKeys: [String]) {
                self.resourceARN = resourceARN
                self.tagKeys = tagKeys
            }
        }

        package typealias Output = AWSEmpty
    }

    package struct Tag: Codable, Hashable, Sendable {
        package var key: String
        package var value: String

        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }
}
