extension Rules {
    /// The ranges of SQS's queue attributes.
    static func check(_ configuration: Messaging.QueueConfiguration, for name: String) throws(MessagingError) {
        try check(configuration.delay, in: 0...900, "A queue's delay")
        try check(configuration.retention, in: 60...1_209_600, "A queue's retention")
        try check(configuration.wait, in: 0...20, "A queue's wait for messages")
        try check(configuration.visibility, in: 0...43_200, "A queue's visibility time")
        guard (1_024...1_048_576).contains(configuration.maximumMessageSize) else {
            throw invalidAttribute("A queue's largest message has 1,024 to 1,048,576 bytes, not \(configuration.maximumMessageSize).")
        }
        if let redrive = configuration.redrive {
            guard (1...1_000).contains(redrive.maximumReceives) else {
                throw invalidAttribute("A message is received 1 to 1,000 times before it is a dead letter, not \(redrive.maximumReceives).")
            }
            guard redrive.deadLetterQueue != name else { throw invalidAttribute("A queue is not its own dead-letter queue.") }
            guard isFIFO(redrive.deadLetterQueue) == isFIFO(name) else {
                throw invalidAttribute("The dead-letter queue of a FIFO queue is a FIFO queue, that of a standard queue a standard one.")
            }
        }
        if case .queues(let names) = configuration.redriveAllow {
            guard (1...10).contains(names.count) else {
                throw invalidAttribute("A redrive allow policy names 1 to 10 queues, not \(names.count).")
            }
            for name in names { try checkQueue(name: name) }
        }
        if isFIFO(name) {
            guard configuration.throughputLimit == .perQueue || configuration.deduplicationScope == .group else {
                throw invalidAttribute("A throughput limit per message group needs deduplication per message group.")
            }
        } else {
            guard !configuration.contentBasedDeduplication, configuration.deduplicationScope == .queue,
                configuration.throughputLimit == .perQueue
            else { throw invalidAttribute("Deduplication and its scope are for FIFO queues, whose names end in `.fifo`.") }
        }
    }

    /// Whether a queue may have another for its dead-letter queue.
    static func checkDeadLetter(from source: String, to queue: Messaging.Queue?, named name: String) throws(MessagingError) {
        guard let queue else { throw invalidAttribute("The dead-letter queue \(quoted(name)) does not exist. Create it first.") }
        switch queue.configuration.redriveAllow {
        case .all: return
        case .queues(let names) where names.contains(source): return
        case .none, .queues:
            throw invalidAttribute("The queue \(quoted(name)) does not allow \(quoted(source)) to make it its dead-letter queue.")
        }
    }

    /// At most 50 tags: keys of 1 to 128 characters, values of at most 256.
    static func check(tags: [String: String]) throws(MessagingError) {
        guard tags.count <= 50 else { throw invalid("A queue has at most 50 tags, not \(tags.count).") }
        for (key, value) in tags {
            guard (1...128).contains(key.unicodeScalars.count), value.unicodeScalars.count <= 256 else {
                throw invalid("A tag's key has 1 to 128 characters and its value at most 256; \(quoted(key)) does not fit.")
            }
        }
    }

    static func invalidAttribute(_ message: String) -> MessagingError { MessagingError(.invalidAttributeValue, message) }

    private static func check(_ duration: Duration, in seconds: ClosedRange<Int64>, _ what: String) throws(MessagingError) {
        guard duration >= .seconds(seconds.lowerBound), duration <= .seconds(seconds.upperBound) else {
            throw invalidAttribute("\(what) is \(seconds.lowerBound) to \(seconds.upperBound) seconds, not \(duration).")
        }
    }
}
