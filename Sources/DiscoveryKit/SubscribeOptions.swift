internal import Messaging

/// What a subscriber of a topic is to get, and how.
public struct SubscribeOptions: Sendable, Hashable {
    /// Which messages: a filter policy in JSON, as Amazon SNS has them; all when `nil`.
    public var filter: String?
    /// What the policy looks at.
    public var filterScope: FilterScope
    /// Messages come as they were published. Without it, in SNS's JSON envelope, which names the topic.
    public var isRaw: Bool
    /// Where messages go that cannot be delivered, or whose handler has failed ten times. Without one they are dropped, or tried on.
    public var deadLetterQueue: String?

    /// All messages, as they were published.
    public init() {
        filterScope = .attributes
        isRaw = true
    }

    /// What a filter policy looks at.
    public enum FilterScope: Sendable, Hashable {
        /// A message's attributes.
        case attributes
        /// Its body, which is JSON.
        case body
    }

    /// - Throws: `.invalid`: which key of the policy, which operator, and why.
    func configuration() throws(DiscoveryError) -> Messaging.SubscriptionConfiguration {
        do {
            let policy = try filter.map { text throws(MessagingError) in
                try Messaging.FilterPolicy(parsing: text, scope: filterScope == .body ? .body : .attributes)
            }
            return Messaging.SubscriptionConfiguration(filter: policy, isRaw: isRaw, deadLetterQueue: deadLetterQueue)
        } catch {
            throw DiscoveryError(error)
        }
    }
}
