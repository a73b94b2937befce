package import Store

extension Messaging {
    /// A topic as it is configured.
    package struct Topic: Sendable, Hashable {
        package let name: String
        package let configuration: TopicConfiguration
        package let tags: [String: String]
        package let created: HomeTime

        /// A FIFO topic keeps order within a group, and remembers deduplication ids; only queues subscribe to it.
        package var isFIFO: Bool { Rules.isFIFO(name) }
    }

    /// SNS's attributes of a topic that change what it does.
    package struct TopicConfiguration: Sendable, Hashable {
        /// At most 100 characters.
        package var displayName: String
        /// FIFO topics: a message without a deduplication id has the SHA-256 of its body for one.
        package var contentBasedDeduplication: Bool
        /// FIFO topics: within what deduplication ids are told apart.
        package var deduplicationScope: DeduplicationScope

        package init(
            displayName: String = "", contentBasedDeduplication: Bool = false, deduplicationScope: DeduplicationScope = .queue
        ) {
            self.displayName = displayName
            self.contentBasedDeduplication = contentBasedDeduplication
            self.deduplicationScope = deduplicationScope
        }
    }

    /// A message to publish.
    package struct Publication: Sendable {
        /// One byte or more of text; 262,144 bytes at most with the attributes.
        package var body: [UInt8]
        /// Other bodies for subscribers of some protocols, by the protocol's name (``Subscription/Endpoint/protocolName``).
        package var bodies: [String: [UInt8]]
        package var attributes: [String: Attribute]
        /// 1 to 99 printable ASCII characters.
        package var subject: String?
        /// FIFO topics need one; standard queues serve groups in turn.
        package var group: String?
        /// FIFO topics only.
        package var deduplication: String?
        package var trace: String?

        package init(
            _ body: [UInt8], bodies: [String: [UInt8]] = [:], attributes: [String: Attribute] = [:], subject: String? = nil,
            group: String? = nil, deduplication: String? = nil, trace: String? = nil
        ) {
            self.body = body
            self.bodies = bodies
            self.attributes = attributes
            self.subject = subject
            self.group = group
            self.deduplication = deduplication
            self.trace = trace
        }
    }

    /// What became of a message that was published.
    package struct Published: Sendable, Hashable {
        package let id: MessageID
        /// Grows with every message of a home.
        package let sequence: Int64
        /// Whether it is the earlier message of the same deduplication id.
        package let isDuplicate: Bool
        /// Queues that have it now, those from which it is delivered to others included.
        package let subscribers: Int
        /// Of these, how many wait for the courier.
        package let deferred: Int
    }

    /// Says of a received message that it came by a subscription, unless that is one of a queue that takes messages raw.
    package struct Notification: Sendable, Hashable {
        package let topic: String
        /// Of the message as it was published.
        package let publication: MessageID
        package let subscription: SubscriptionID
        package let subject: String?
        package let published: HomeTime
    }
}
