public import DiscoveryKit

extension Stub {
    /// Every message that was published to a stubbed topic and accepted, in order.
    public var published: [Published] { book.topics.published }

    /// The messages that were published to one topic, as it is stubbed, in order.
    public func published(to address: Address) -> [Published] {
        book.topics.published.filter { $0.address == address }
    }

    /// Who is subscribed to stubbed topics now, in the order in which they came.
    public var subscriptions: [Subscription] { book.topics.subscriptions }

    /// The same, once there are so many: what is published from then on reaches them. Waits for that without end: cancel the task, or give the
    /// test a time limit.
    public func subscriptions(atLeast count: Int) async -> [Subscription] {
        await book.topics.subscriptions(atLeast: count)
    }

    /// A message that was published to a stubbed topic.
    public struct Published: Sendable {
        /// The topic, as it is stubbed.
        public let address: Address
        /// The body and its attributes.
        public let message: Message
        /// What the publisher asked for, and the subject.
        public let options: SendOptions

        /// Reads the body as JSON.
        ///
        /// - Throws: `.coding` when the body is not JSON, or not of this type.
        public func decode<Value: Decodable>(_: Value.Type = Value.self) throws(DiscoveryError) -> Value {
            try message.decode()
        }
    }

    /// Somebody who is subscribed to a stubbed topic.
    public struct Subscription: Sendable, Hashable {
        /// Who it is.
        public enum Subscriber: Sendable, Hashable {
            /// A queue, as it is stubbed.
            case queue(Address)
            /// A function, with its namespace. It is not called.
            case function(Address)
            /// An http or https URL. Nothing is sent there.
            case url(String)
            /// A closure or a sequence that listens.
            case listener
        }

        /// What `unsubscribe` takes.
        public let id: String
        /// The topic, as it is stubbed.
        public let topic: Address
        /// Who it is.
        public let subscriber: Subscriber
        /// Which messages it gets, and how.
        public let options: SubscribeOptions
    }
}
