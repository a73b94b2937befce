/// Amazon SNS's rules: what may be published, and who may subscribe.
extension Rules {
    /// Bytes of a message, attributes included.
    static let publicationLimit = 262_144
    /// How long a subscription waits to be confirmed, milliseconds.
    static let confirmationTime: Int64 = 172_800_000

    /// 1 to 256 letters, digits, `_` and `-`, the `.fifo` of a FIFO topic included.
    static func checkTopic(name: String) throws(MessagingError) {
        guard name.utf8.count <= 256, isQueueName(name) else {
            throw invalid(
                "A topic's name has 1 to 256 letters, digits, `_` and `-`, and ends in `.fifo` if it keeps order; \(quoted(name)) does not fit."
            )
        }
    }

    static func check(_ configuration: Messaging.TopicConfiguration, for name: String) throws(MessagingError) {
        guard configuration.displayName.count <= 100, isAllowedText(Array(configuration.displayName.utf8)) else {
            throw invalid("A topic's display name has at most 100 characters, none of them a control character.")
        }
        guard isFIFO(name) || (!configuration.contentBasedDeduplication && configuration.deduplicationScope == .queue) else {
            throw invalid("Deduplication and its scope are for FIFO topics, whose names end in `.fifo`.")
        }
    }

    /// What can be said of a message without knowing its topic.
    static func check(_ publication: Messaging.Publication) throws(MessagingError) {
        for body in [publication.body] + publication.bodies.values { try check(body: body) }
        for (name, attribute) in publication.attributes { try check(attribute, named: name) }
        if let subject = publication.subject {
            guard (1..<100).contains(subject.utf8.count), subject.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !subject.hasPrefix(" ")
            else {
                throw invalid(
                    "A subject has 1 to 99 printable ASCII characters, the first of them no space; \(quoted(subject)) does not fit.")
            }
        }
        let bodies = publication.body.count + publication.bodies.values.reduce(0) { $0 + $1.count }
        let size = bodies + size(of: publication.attributes)
        guard size <= publicationLimit else {
            throw MessagingError(
                .messageTooLong, "A message to a topic has at most \(publicationLimit) bytes, attributes included; this one has \(size).")
        }
        try check(group: publication.group, deduplication: publication.deduplication, trace: publication.trace)
    }

    /// Why a subscriber's queue cannot take a message; `nil` when it can.
    static func obstacle(size: Int, attributes: Int, isRaw: Bool, at queue: Messaging.QueueConfiguration) -> String? {
        if isRaw, attributes > attributeLimit { return "A queue takes at most \(attributeLimit) attributes with a raw message." }
        if size > queue.maximumMessageSize { return "The queue takes messages of at most \(queue.maximumMessageSize) bytes." }
        return nil
    }

    static func missing(_ queue: String) -> String { "The queue \(quoted(queue)) does not exist." }

    /// What a topic asks of a message.
    static func check(_ publication: Messaging.Publication, isFIFO: Bool, deduplicatesContent: Bool) throws(MessagingError) {
        guard isFIFO else {
            guard publication.deduplication == nil else {
                throw invalid("A deduplication id is for FIFO topics, whose names end in `.fifo`.")
            }
            return
        }
        guard publication.group != nil else { throw MessagingError(.missingParameter, "A message to a FIFO topic has a message group.") }
        guard publication.deduplication != nil || deduplicatesContent else {
            throw invalid("A message to a FIFO topic has a deduplication id, unless the topic deduplicates by content.")
        }
    }

    static func check(_ endpoint: Messaging.Subscription.Endpoint, isFIFO topicIsFIFO: Bool) throws(MessagingError) {
        switch endpoint {
        case .queue(let name):
            try checkQueue(name: name)
            guard topicIsFIFO || !isFIFO(name) else {
                throw invalid("A FIFO queue subscribes to FIFO topics only; \(quoted(name)) is one. Subscribe a standard queue.")
            }
        case .process: break
        case .call: throw invalid("What is called later subscribes to no topic.")
        case .http(let url):
            try refuse(topicIsFIFO)
            let scheme = url.lowercased().hasPrefix("https://") ? 8 : url.lowercased().hasPrefix("http://") ? 7 : 0
            let host = url.dropFirst(scheme).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            guard scheme > 0, !host.isEmpty, url.utf8.count <= 2_048, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw invalid(
                    "An endpoint is an http:// or https:// URL of at most 2,048 characters with a host; \(quoted(url)) does not fit.")
            }
        case .function(let name):
            try refuse(topicIsFIFO)
            guard (1...2_048).contains(name.utf8.count), isAllowedText(Array(name.utf8)) else {
                throw invalid("A function is named by its ARN or an address of at most 2,048 characters; \(quoted(name)) does not fit.")
            }
        }
    }

    private static func refuse(_ topicIsFIFO: Bool) throws(MessagingError) {
        guard !topicIsFIFO else { throw invalid("Only queues subscribe to a FIFO topic: others could not keep its order.") }
    }

    static func checkToken(_ token: String) throws(MessagingError) {
        guard (16...256).contains(token.utf8.count), token.utf8.allSatisfy(isAlphanumeric) else {
            throw invalid("A confirmation token has 16 to 256 letters and digits.")
        }
    }
}

extension Messaging.Publication {
    /// Bytes of what subscribers of a protocol get, attributes included.
    func size(for protocolName: String) -> Int { (bodies[protocolName] ?? body).count + Rules.size(of: attributes) }
}
