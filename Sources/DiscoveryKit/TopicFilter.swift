internal import Messaging

/// The filter policy of a subscriber, compiled: for backends that keep subscriptions in memory.
package struct TopicFilter: Sendable {
    private let policy: Messaging.FilterPolicy?

    /// - Throws: `.invalid`: which key of the policy, which operator, and why.
    package init(_ options: SubscribeOptions) throws(DiscoveryError) {
        policy = try options.configuration().filter
    }

    /// Whether a message gets through.
    package func matches(_ message: OutgoingMessage) -> Bool {
        guard let policy else { return true }
        let (body, attributes) = message.text
        return policy.refusal(of: .init(body: body, attributes: attributes)) == nil
    }
}
