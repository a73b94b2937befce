package import Store

extension Messaging {
    /// A typed attribute of a message.
    package struct Attribute: Sendable, Hashable {
        package enum Value: Sendable, Hashable {
            case string(String), number(String)
            case binary([UInt8])
        }

        package var value: Value
        /// What follows the type and a dot in SQS: `Number.float`.
        package var label: String?

        package init(_ value: Value, label: String? = nil) {
            self.value = value
            self.label = label
        }
    }

    /// A message to send.
    package struct Outgoing: Sendable {
        /// One byte or more of text, of the characters that SQS allows.
        package var body: [UInt8]
        package var attributes: [String: Attribute]
        /// 0 to 900 s; the queue's when `nil`. Not on FIFO queues.
        package var delay: Duration?
        /// Instead of a delay, any later time. Not on FIFO queues.
        package var deliverAt: HomeTime?
        /// A FIFO queue keeps the order within a group; a standard one serves groups in turn.
        package var group: String?
        /// FIFO queues only.
        package var deduplication: String?
        /// SQS's AWSTraceHeader.
        package var trace: String?

        package init(
            _ body: [UInt8], attributes: [String: Attribute] = [:], delay: Duration? = nil, deliverAt: HomeTime? = nil,
            group: String? = nil, deduplication: String? = nil, trace: String? = nil
        ) {
            self.body = body
            self.attributes = attributes
            self.delay = delay
            self.deliverAt = deliverAt
            self.group = group
            self.deduplication = deduplication
            self.trace = trace
        }
    }

    /// What became of a message that was sent.
    package struct Sent: Sendable, Hashable {
        package let id: MessageID
        /// Grows with every message of a home.
        package let sequence: Int64
        /// Whether it is the earlier message of the same deduplication id.
        package let isDuplicate: Bool
    }

    /// A message handed over, with the right to finish it.
    package struct Received: Sendable, Hashable {
        package let id: MessageID
        package let receipt: Receipt
        package let body: [UInt8]
        package let attributes: [String: Attribute]
        package let trace: String?
        /// How often it was received from this queue, this time included.
        package let receives: Int
        package let sent: HomeTime
        package let firstReceived: HomeTime
        /// When the lease is over.
        package let visibleAgain: HomeTime
        package let sequence: Int64
        package let group: String?
        package let deduplication: String?
        /// The queue it was received from too often, in its dead-letter queue.
        package let deadLetterSource: String?
        package let lastFailure: String?
        /// Of a message that came by a topic and is to say so.
        package let notification: Notification?
    }

    /// What finishing came to.
    package enum Settled: Sendable, Hashable {
        case finished
        /// It was finished before, or handed out again since: the lease was lost.
        case gone
    }

    package struct VisibilityChange: Sendable, Hashable {
        package var receipt: Receipt
        /// 0 to 43,200 s from the call, and at most 12 h from the receive. Zero gives the message back.
        package var visibility: Duration

        package init(_ receipt: Receipt, _ visibility: Duration) {
            self.receipt = receipt
            self.visibility = visibility
        }
    }

    /// A message looked at where it lies.
    package struct Peeked: Sendable, Hashable {
        package enum State: Sendable, Hashable {
            case waiting
            case delayed(until: HomeTime)
            case held(by: Holder?, until: HomeTime)
        }

        package let id: MessageID
        package let queue: String
        package let body: [UInt8]
        package let attributes: [String: Attribute]
        package let trace: String?
        package let state: State
        package let receives: Int
        package let sent: HomeTime
        package let sequence: Int64
        package let group: String?
        package let deduplication: String?
        package let deadLetterSource: String?
        package let lastFailure: String?
        /// Of a message that came by a topic and is to say so.
        package let notification: Notification?
    }

    /// The process that received a message last.
    package struct Holder: Sendable, Hashable {
        package let process: String
        package let pid: Int32
    }

    /// Where a page of a look into a queue ended.
    package struct PeekPosition: Sendable, Hashable {
        let lane: String
        let due: Int64
        let number: Int64
    }
}
