public import Foundation

/// How to send or publish a message. What is left `nil` is up to the queue or topic.
public struct SendOptions: Sendable, Hashable {
    /// After which time the message may be received; by default the queue's own delay. How long it may be depends on the backend: SQS takes 15
    /// minutes, a home any time. A FIFO queue takes none.
    public var delay: Duration?
    /// From when on the message may be received, where the backend can: a home can, at any time to come. Not together with ``delay``.
    public var deliverAt: Date?
    /// The group, inside which a FIFO queue keeps the order, and other queues are fair. A FIFO queue takes `default` where there is none.
    public var group: String?
    /// Two messages with the same one that are sent to a FIFO queue within 5 minutes are one. By default such a queue goes by the content, if
    /// it is set to, and otherwise takes every message for a new one.
    public var deduplication: String?
    /// What a message to a topic is about: 1 to 99 printable ASCII characters. For topics.
    public var subject: String?

    /// Leaves everything to the queue.
    public init() {}

    /// - Throws: `.invalid` for what no queue could mean.
    func check(_ address: Address) throws(DiscoveryError) {
        if let delay, delay < .zero {
            throw DiscoveryError(.invalid, "A message cannot be delayed by \(delay). Give it a `delay` of zero or more.", address: address)
        }
        if delay != nil, deliverAt != nil {
            throw DiscoveryError(
                .invalid, "A message has `delay` and `deliverAt`, and can be delivered at one time only. Leave one of them.",
                address: address)
        }
    }

    /// - Throws: `.invalid` for what a resource of this kind cannot heed: nothing is dropped silently.
    func check(_ kind: Resource.Kind, _ address: Address) throws(DiscoveryError) {
        if kind == .queue, subject != nil {
            throw DiscoveryError(.invalid, "A message to a queue has no `subject`. Put it into an attribute.", address: address)
        }
        if kind == .topic, delay != nil || deliverAt != nil {
            throw DiscoveryError(
                .invalid, "What is published is delivered at once: a topic knows no `delay`. Give one to the queues that subscribe.",
                address: address)
        }
    }
}
