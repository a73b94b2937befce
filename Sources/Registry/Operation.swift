extension Registry {
    /// The record of a ``Change``: what became of it.
    package struct Operation: Sendable, Hashable {
        package enum Kind: String, Sendable, CaseIterable {
            case createNamespace = "CREATE_NAMESPACE"
            case deleteNamespace = "DELETE_NAMESPACE"
            case updateNamespace = "UPDATE_NAMESPACE"
            case updateService = "UPDATE_SERVICE"
            case registerInstance = "REGISTER_INSTANCE"
            case deregisterInstance = "DEREGISTER_INSTANCE"
        }

        package enum Status: String, Sendable, CaseIterable {
            /// Cloud Map's first; here an operation is pending at once.
            case submitted = "SUBMITTED"
            case pending = "PENDING"
            case success = "SUCCESS"
            case failed = "FAIL"
        }

        package enum Target: String, Sendable { case namespace = "NAMESPACE", service = "SERVICE", instance = "INSTANCE" }

        /// Why a change was not made that had been accepted.
        package struct Failure: Error, Sendable, Hashable {
            package enum Code: String, Sendable {
                case cannotCreateHostedZone = "CANNOT_CREATE_HOSTED_ZONE"
                case internalFailure = "INTERNAL_FAILURE"
            }

            package let code: Code
            package let message: String
        }

        /// 32 characters, a hyphen and 8.
        package let id: String
        package let kind: Kind
        package let status: Status
        package let failure: Failure?
        /// What it is about, by id.
        package let targets: [Target: String]
        /// The namespace that it is about, or that holds what it is about.
        package let namespaceID: String?
        package let serviceID: String?
        /// Milliseconds since 1970.
        package let created: Int64
        package let updated: Int64

        /// How many records a home keeps, and for how long. Those pending are kept in any case; others go when later ones come.
        package static let maximumCount = 10_000
        package static let maximumAge = Duration.seconds(30 * 86_400)
    }
}
