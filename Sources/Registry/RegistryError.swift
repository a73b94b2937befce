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
    }

    package let code: Code
    package let message: String
    /// The id of what exists already, for `…AlreadyExists`.
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
