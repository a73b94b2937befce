package import Store

extension Messaging {
    /// A queue as it is configured.
    package struct Queue: Sendable, Hashable {
        package let name: String
        package let configuration: QueueConfiguration
        package let tags: [String: String]
        package let created: HomeTime
        /// When its configuration was last changed.
        package let changed: HomeTime

        package var isFIFO: Bool { Rules.isFIFO(name) }
    }

    /// SQS's attributes of a queue, with its defaults. Ranges are checked when a queue is made or configured; durations are kept in
    /// milliseconds.
    package struct QueueConfiguration: Sendable, Hashable {
        /// 0 to 900 s.
        package var delay: Duration
        /// 1,024 to 1,048,576 bytes, attributes included.
        package var maximumMessageSize: Int
        /// 60 to 1,209,600 s, from when a message may first be received.
        package var retention: Duration
        /// How long a receive waits that does not say: 0 to 20 s.
        package var wait: Duration
        /// 0 to 43,200 s.
        package var visibility: Duration
        package var redrive: RedrivePolicy?
        package var redriveAllow: RedriveAllowPolicy
        /// FIFO queues: a message without a deduplication id has the SHA-256 of its body for one.
        package var contentBasedDeduplication: Bool
        package var deduplicationScope: DeduplicationScope
        package var throughputLimit: ThroughputLimit

        package init(
            delay: Duration = .zero, maximumMessageSize: Int = 1_048_576, retention: Duration = .seconds(345_600), wait: Duration = .zero,
            visibility: Duration = .seconds(30), redrive: RedrivePolicy? = nil, redriveAllow: RedriveAllowPolicy = .all,
            contentBasedDeduplication: Bool = false, deduplicationScope: DeduplicationScope = .queue,
            throughputLimit: ThroughputLimit = .perQueue
        ) {
            self.delay = delay
            self.maximumMessageSize = maximumMessageSize
            self.retention = retention
            self.wait = wait
            self.visibility = visibility
            self.redrive = redrive
            self.redriveAllow = redriveAllow
            self.contentBasedDeduplication = contentBasedDeduplication
            self.deduplicationScope = deduplicationScope
            self.throughputLimit = throughputLimit
        }
    }

    /// Where a message goes that was received too often.
    package struct RedrivePolicy: Sendable, Hashable {
        package var deadLetterQueue: String
        /// 1 to 1,000.
        package var maximumReceives: Int

        package init(deadLetterQueue: String, maximumReceives: Int = 10) {
            self.deadLetterQueue = deadLetterQueue
            self.maximumReceives = maximumReceives
        }
    }

    /// Which queues may name this one as their dead-letter queue.
    package enum RedriveAllowPolicy: Sendable, Hashable {
        case all, none
        /// At most 10.
        case queues([String])
    }

    package enum DeduplicationScope: String, Sendable, Hashable { case queue, group = "messageGroup" }

    /// Recorded for SQS's sake: no throughput is limited here.
    package enum ThroughputLimit: String, Sendable, Hashable { case perQueue, perGroup = "perMessageGroupId" }

    /// How many messages a queue holds; those past their retention are not counted.
    package struct QueueCounts: Sendable, Hashable {
        package var waiting: Int
        /// Received and not finished, or given back for later.
        package var inFlight: Int
        /// Sent, and not to be received yet.
        package var delayed: Int
        /// Since when the message that is next has been there; `nil` when none waits.
        package var oldestAge: Duration?
    }
}
