/// What an address resolves to: something of a known kind, where it is, and the attributes of the instance it was registered as.
public struct Resource: Sendable, Hashable {
    /// Which operations it takes part in.
    public var kind: Kind
    /// An `http:`, `https:` or `file:` URL, an ARN, or a name that the backend knows.
    public var location: String
    /// The instance's attributes, all of them.
    public var attributes: [String: String]

    /// A resource to register. Nothing is checked before `register` does.
    ///
    /// - Parameter location: a URL (`http://10.0.0.7:8080/jobs`), an ARN (`arn:aws:sqs:local:000000000000:jobs`) or a bare name.
    public init(_ kind: Kind, at location: String, attributes: [String: String] = [:]) {
        self.kind = kind
        self.location = location
        self.attributes = attributes
    }

    /// What a resource does.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The kind's name.
        public let description: String

        // Not public: a kind that no adapter and no `type` stands for could be registered and never be resolved.
        package init(_ name: String) {
            description = name
        }

        /// Answers requests: an HTTP endpoint or a Lambda function.
        public static let function = Kind("function")
        /// Keeps messages until one listener has finished each.
        public static let queue = Kind("queue")
        /// Hands every message to all its subscriptions.
        public static let topic = Kind("topic")
        /// A state machine.
        public static let workflow = Kind("workflow")
        /// An automation document.
        public static let script = Kind("script")
    }
}
