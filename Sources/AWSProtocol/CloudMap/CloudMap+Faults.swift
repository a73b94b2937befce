/// The faults of the API's model, by their codes.
extension AWSFault.Code {
    package static let customHealthNotFound: Self = "CustomHealthNotFound"
    package static let duplicateRequest: Self = "DuplicateRequest"
    package static let instanceNotFound: Self = "InstanceNotFound"
    package static let invalidInput: Self = "InvalidInput"
    package static let namespaceAlreadyExists: Self = "NamespaceAlreadyExists"
    package static let namespaceNotFound: Self = "NamespaceNotFound"
    package static let operationNotFound: Self = "OperationNotFound"
    package static let requestLimitExceeded: Self = "RequestLimitExceeded"
    package static let resourceInUse: Self = "ResourceInUse"
    package static let resourceLimitExceeded: Self = "ResourceLimitExceeded"
    package static let resourceNotFound: Self = "ResourceNotFoundException"
    package static let serviceAlreadyExists: Self = "ServiceAlreadyExists"
    package static let serviceAttributesLimitExceeded: Self = "ServiceAttributesLimitExceededException"
    package static let serviceNotFound: Self = "ServiceNotFound"
    package static let tooManyTags: Self = "TooManyTagsException"
}

extension CloudMap {
    package typealias Fault = AWSFault

    /// Every fault that the model documents, with the members it has beside the message.
    package static let faults: [AWSFault.Code: [String]] = [
        .customHealthNotFound: [],
        .duplicateRequest: ["DuplicateOperationId"],
        .instanceNotFound: [],
        .invalidInput: [],
        .namespaceAlreadyExists: ["CreatorRequestId", "NamespaceId"],
        .namespaceNotFound: [],
        .operationNotFound: [],
        .requestLimitExceeded: [],
        .resourceInUse: [],
        .resourceLimitExceeded: [],
        .resourceNotFound: [],
        .serviceAlreadyExists: ["CreatorRequestId", "ServiceId", "ServiceArn"],
        .serviceAttributesLimitExceeded: [],
        .serviceNotFound: [],
        .tooManyTags: ["ResourceName"],
    ]
}

extension AWSFault {
    package static func duplicateRequest(_ message: String, operationID: String?) -> AWSFault {
        AWSFault(.duplicateRequest, message, members: members(["DuplicateOperationId": operationID]))
    }

    package static func namespaceAlreadyExists(_ message: String, namespaceID: String?, creatorRequestID: String?) -> AWSFault {
        AWSFault(.namespaceAlreadyExists, message, members: members(["NamespaceId": namespaceID, "CreatorRequestId": creatorRequestID]))
    }

    package static func serviceAlreadyExists(
        _ message: String, serviceID: String?, serviceARN: String?, creatorRequestID: String?
    ) -> AWSFault {
        AWSFault(
            .serviceAlreadyExists, message,
            members: members(["ServiceId": serviceID, "ServiceArn": serviceARN, "CreatorRequestId": creatorRequestID]))
    }

    package static func tooManyTags(_ message: String, resourceName: String?) -> AWSFault {
        AWSFault(.tooManyTags, message, members: members(["ResourceName": resourceName]))
    }

    private static func members(_ members: [String: String?]) -> [String: String] { members.compactMapValues { $0 } }

    package var duplicateOperationID: String? { members["DuplicateOperationId"] }
    package var namespaceID: String? { members["NamespaceId"] }
    package var serviceID: String? { members["ServiceId"] }
    package var serviceARN: String? { members["ServiceArn"] }
    package var creatorRequestID: String? { members["CreatorRequestId"] }
    package var resourceName: String? { members["ResourceName"] }
}
