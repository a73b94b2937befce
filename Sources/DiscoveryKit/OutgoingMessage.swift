public import Foundation

/// A message on its way into a queue, as an adapter is given it.
public struct OutgoingMessage: Sendable, Hashable {
    /// The body and its attributes.
    public var message: Message
    /// After which time it may be received; `nil` for the queue's own delay.
    public var delay: Duration?
    /// From when on it may be received; never together with ``delay``.
    public var deliverAt: Date?
    /// The group, inside which a FIFO queue keeps the order and other queues are fair. A message for a FIFO queue always has one.
    public var group: String?
    /// By which a FIFO queue tells a message that is sent again from another.
    public var deduplication: String?
    /// What to use where the queue is a FIFO queue that does not deduplicate by content: the sender gave no ``deduplication``.
    public var freshDeduplication: String?
    /// What a message to a topic is about.
    public var subject: String?
    /// The trace that the sender is part of, as headers: with a W3C tracer, `traceparent`.
    public var trace: [String: String]

    /// Makes one, as a test of an adapter does.
    public init(
        _ message: Message, delay: Duration? = nil, deliverAt: Date? = nil, group: String? = nil, deduplication: String? = nil,
        freshDeduplication: String? = nil, subject: String? = nil, trace: [String: String] = [:]
    ) {
        self.message = message
        self.delay = delay
        self.deliverAt = deliverAt
        self.group = group
        self.deduplication = deduplication
        self.freshDeduplication = freshDeduplication
        self.subject = subject
        self.trace = trace
    }
}
