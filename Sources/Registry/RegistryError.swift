/// A rule of the registry that was broken, by the names of AWS Cloud Map's API.
package struct RegistryError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case namespaceNotFound, serviceNotFound, instanceNotFound
        case namespaceAlreadyExists, serviceAlreadyExists
        /// A namespace that still has services, or a service that still has instances.
        case resourceInUse
        case invalidInput
        /// The service has no custom health check.
        case customHealthNotFound
        /// Another change of the same thing is pending.
        case duplicateRequest
        /// A quota of AWS's: how much there may be, and how often it may be asked.
        case resourceLimitExceeded, requestLimitExceeded
        case operationNotFound
        /// What was to be tagged is not there.
        case resourceNotFound
        case tooManyTags
        case serviceAttributesLimitExceeded
    }

    package let code: Code
    package let message: String
    /// The id of what exists already, for `…AlreadyExists`; of the pending operation, for `duplicateRequest`.
    package let existingID: String?
    /// The request that created what exists already.
    package let creatorRequestID: String?

    package init(_ code: Code, _ message: String, existingID: String? = nil, creatorRequestID: String? = nil) {
        self.code = code
        self.message = message
        self.existingID = existingID
        self.creatorRequestID = creatorRequestID
    }

    package var description: String { message }
}
