internal import Store

/// A message made ready on its publisher's thread.
struct PreparedPublication: Sendable {
    let publication: Messaging.Publication
    let attributes: [UInt8]?
    let size: Int
    /// Stands for the deduplication id of a message to a FIFO topic that has none.
    let contentID: String?

    init(_ publication: Messaging.Publication, isFIFO: Bool) throws(MessagingError) {
        try Rules.check(publication)
        self.publication = publication
        attributes = publication.attributes.isEmpty ? nil : AttributeCoding.encode(publication.attributes)
        size = publication.body.count + Rules.size(of: publication.attributes)
        contentID = isFIFO && publication.deduplication == nil ? Rules.contentID(of: publication.body) : nil
    }
}

extension MessageTransaction {
    func topic(_ name: String) throws -> KnownTopic {
        guard let topic = try memo.topic(name, connection) else { throw MessagingError.noTopic(name) }
        return topic
    }

    /// Puts a message into the queues of all who get it: the body once, a row for each.
    func publish(_ prepared: PreparedPublication, to topic: KnownTopic) throws -> Messaging.Published {
        let publication = prepared.publication
        try Rules.check(publication, isFIFO: topic.isFIFO, deduplicatesContent: topic.configuration.contentBasedDeduplication)
        let salt = try secrets().salt
        var id: String?
        var key: String?
        if topic.isFIFO, let known = publication.deduplication ?? prepared.contentID {
            id = known
            key = topic.configuration.deduplicationScope == .group ? "\(publication.group ?? "")\u{0}\(known)" : known
            if let key, let earlier = try remembered(key, of: topic.number) {
                return Messaging.Published(
                    id: .init(salt: salt, number: earlier), sequence: earlier, isDuplicate: true, subscribers: 0, deferred: 0)
            }
        }
        let number = try nextNumber()
        var arrivals: [Arrival] = []
        var gone: [KnownTopic.Subscriber] = []
        // Read once, and only where a policy asks.
        let subject = Messaging.FilterSubject(body: publication.body, attributes: publication.attributes)
        let matched = topic.subscribers(of: subject)
        for subscriber in matched {
            if let lease = subscriber.lease, !memo.isAlive(lease) {
                gone.append(subscriber)
            } else if let arrival = try arrival(of: prepared, id, at: subscriber, of: topic) {
                arrivals.append(arrival)
            }
        }
        record(
            .published(
                number, topic: topic.number, matched: matched.count - gone.count,
                refused: topic.refused(subject, besides: matched)))
        var deferred = 0
        if arrivals.count == 1, !topic.isFIFO {
            // Nobody shares the body: the message's own is cheaper to finish.
            let arrival = arrivals[0]
            try insert(prepared, arrival.content, number: number, of: number, uses: 1, topic)
            try place(arrival, number: number, body: nil, of: number, publication, id)
            deferred = arrival.subscriber.isDeferred ? 1 : 0
        } else {
            for (index, group) in Dictionary(grouping: arrivals, by: \.content).sorted(by: { $0.key ?? "" < $1.key ?? "" }).enumerated() {
                let body = index == 0 ? number : try nextNumber()
                try insert(prepared, group.key, number: body, of: number, uses: group.value.count, topic)
                for arrival in group.value {
                    try place(arrival, number: try nextNumber(), body: body, of: number, publication, id)
                    if arrival.subscriber.isDeferred { deferred += 1 }
                }
            }
        }
        if let key { try remember(key, number, of: topic.number) }
        for subscriber in gone { try unsubscribe(subscriber.number, queue: subscriber.queue) }
        if deferred > 0 { transaction.ring(Messaging.courierBell) }
        return Messaging.Published(
            id: .init(salt: salt, number: number), sequence: number, isDuplicate: false, subscribers: arrivals.count, deferred: deferred)
    }

    // MARK: Arriving

    /// A message on its way into one queue.
    private struct Arrival {
        let subscriber: KnownTopic.Subscriber
        let queue: KnownQueue
        /// Which of the message's bodies: `nil` for the one that most get.
        let content: String?
        /// Why it goes to the dead-letter queue.
        var failure: String?
        /// Of its deduplication, where the queue is a FIFO queue.
        var key: String?
    }

    /// - Returns: `nil` when the subscriber has the message already, or cannot take it and has no dead-letter queue.
    private func arrival(
        of prepared: PreparedPublication, _ id: String?, at subscriber: KnownTopic.Subscriber, of topic: KnownTopic
    ) throws -> Arrival? {
        let content = prepared.publication.bodies[subscriber.protocolName] == nil ? nil : subscriber.protocolName
        var failure: String?
        if let queue = try memo.queue(subscriber.queue, connection) {
            failure = Rules.obstacle(
                size: prepared.publication.size(for: subscriber.protocolName), attributes: prepared.publication.attributes.count,
                isRaw: subscriber.isRaw, at: queue.configuration)
            if failure == nil {
                var arrival = Arrival(subscriber: subscriber, queue: queue, content: content)
                if queue.isFIFO, let id {
                    let key = key(id, in: queue, group: prepared.publication.group)
                    guard try remembered(key, of: queue.number) == nil else { return nil }
                    arrival.key = key
                }
                return arrival
            }
        }
        guard let name = subscriber.deadLetterQueue, let queue = try memo.queue(name, connection) else { return nil }
        return Arrival(
            subscriber: subscriber, queue: queue, content: content,
            failure: failure ?? Rules.missing(subscriber.queue))
    }

    private func place(
        _ arrival: Arrival, number: Int64, body: Int64?, of published: Int64, _ publication: Messaging.Publication, _ id: String?
    ) throws(StoreError) {
        let queue = arrival.queue
        let subscriber = arrival.subscriber
        try place(
            Placement(
                number: number, due: now + queue.delay, group: subscriber.isDeferred ? nil : publication.group,
                deduplication: queue.isFIFO ? id : nil, body: body,
                subscription: subscriber.isRaw && !subscriber.isDeferred ? nil : subscriber.number), in: queue)
        if let key = arrival.key { try remember(key, number, of: queue.number) }
        if let failure = arrival.failure { try annotate(number, origin: nil, failure: failure) }
        record(
            .arrived(
                number, publication: published, subscription: subscriber.number, queue: queue.number, failure: arrival.failure))
    }

    private func insert(
        _ prepared: PreparedPublication, _ content: String?, number: Int64, of publication: Int64, uses: Int, _ topic: KnownTopic
    ) throws(StoreError) {
        let message = prepared.publication
        try connection.run(
            "INSERT INTO bodies (number, uses, body, attributes, trace, topic, subject, publication) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            binding: {
                $0.set(1, number)
                $0.set(2, Int64(uses))
                $0.set(3, content.flatMap { message.bodies[$0] } ?? message.body)
                $0.set(4, prepared.attributes)
                $0.set(5, message.trace)
                $0.set(6, topic.name)
                $0.set(7, message.subject)
                $0.set(8, number == publication ? nil : publication)
            })
    }
}
