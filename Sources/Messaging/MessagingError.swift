/// A rule of queues and topics that was broken, by the names of Amazon SQS's and SNS's APIs where they have one.
package struct MessagingError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case queueDoesNotExist, queueNameExists
        /// A topic or subscription of that name exists with other attributes.
        case topicNameExists, subscriptionExists
        case topicDoesNotExist, subscriptionDoesNotExist
        /// A confirmation token is made up, or older than two days.
        case tokenIsInvalid
        /// A parameter of an operation, or an attribute of a queue, is out of its range.
        case invalidParameterValue, invalidAttributeValue
        case missingParameter
        /// The body or a text holds characters that SQS does not allow.
        case invalidMessageContents
        case messageTooLong
        /// Made up, or of another queue.
        case receiptHandleIsInvalid
        /// FIFO queues: the visibility time is over, or the message was handed out again.
        case receiptHandleHasExpired
        case messageNotInflight
        /// As many messages are in flight as a queue may have.
        case overLimit
        case unsupportedOperation
        /// There is no such move task.
        case resourceNotFound
        /// Beyond SQS: no such message is in the queue.
        case messageDoesNotExist
        /// Beyond SQS: somebody has received it already.
        case messageInFlight
        /// Beyond SQS: the queue has no dead-letter queue, or that is gone.
        case noDeadLetterQueue
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    static func noTopic(_ name: String) -> MessagingError {
        MessagingError(.topicDoesNotExist, "There is no topic \(Rules.quoted(name)) in this home. Create it first.")
    }

    static func noSubscription(_ id: Messaging.SubscriptionID) -> MessagingError {
        MessagingError(.subscriptionDoesNotExist, "There is no subscription \(id) in this home.")
    }

    static func noQueue(_ name: String) -> MessagingError {
        MessagingError(.queueDoesNotExist, "There is no queue \(Rules.quoted(name)) in this home. Create it first.")
    }
}
