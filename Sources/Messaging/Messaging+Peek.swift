internal import Store

extension Messaging {
    /// Looks at messages where they lie, delayed ones and those in flight as well: nothing is received by it. Those that wait come first, in
    /// their order; in a queue with groups group by group.
    ///
    /// - Parameter after: where the page before ended.
    /// - Throws: `.queueDoesNotExist`.
    package func peek(
        at queue: String, after: PeekPosition? = nil, limit: Int = 10
    ) async throws -> (messages: [Peeked], next: PeekPosition?) {
        let now = store.home.now().milliseconds
        return try await store.read { connection in
            guard let known = try connection.knownQueue(name: queue) else { throw MessagingError.noQueue(queue) }
            let salt = try Secrets(connection).salt
            var messages: [Peeked] = []
            var position = after
            var lane = try Self.lane(from: after?.lane ?? "", isAfter: false, in: known, connection)
            while let current = lane, messages.count < limit {
                let start = position?.lane == current.name ? position : nil
                let page = try connection.all(
                    Self.peekPage, .integer(current.number), .integer(start?.due ?? .min), .integer(start?.number ?? .min),
                    .integer(limit - messages.count)
                ) { row throws(StoreError) in
                    position = PeekPosition(lane: current.name, due: row.integer(Candidate.columns), number: row.integer(0))
                    return try Peeked(row, salt: salt, in: known, group: current.name, now: now)
                }
                messages += page
                if messages.count < limit { lane = try Self.lane(from: current.name, isAfter: true, in: known, connection) }
            }
            return (messages, messages.count < limit ? nil : position)
        }
    }

    /// A message by its id, wherever it is; `nil` when it is nowhere.
    package func peek(_ id: MessageID) async throws -> Peeked? {
        let now = store.home.now().milliseconds
        return try await store.read { connection in
            let salt = try Secrets(connection).salt
            guard id == MessageID(salt: salt, number: id.number) else { return nil }
            let place = try connection.first(
                """
                SELECT q.name, coalesce(l.name, '') FROM messages m LEFT JOIN lanes l ON l.number = m.lane
                JOIN queues q ON q.epoch = coalesce(l.epoch, m.lane) WHERE m.number = ?
                """, .integer(id.number), make: { (queue: $0.text(0), group: $0.text(1)) })
            guard let place, let queue = try connection.knownQueue(name: place.queue) else { return nil }
            return try connection.first(Self.peekOne, .integer(id.number)) { row throws(StoreError) in
                try Peeked(row, salt: salt, in: queue, group: place.group, now: now)
            } ?? nil
        }
    }

    private static let peekPage: StaticString = """
        SELECT m.number, m.sent, m.delivery, m.base, m.arrives, m.first, m.deduplication, m.noted, m.body, b.body, b.attributes, b.trace,
            m.subscription, b.topic, b.subject, b.publication, m.due, m.holder, h.name, n.origin, n.failure
        FROM messages m LEFT JOIN bodies b ON b.number = coalesce(m.body, m.number) LEFT JOIN holders h ON h.pid = m.holder
            LEFT JOIN notes n ON n.message = m.number
        WHERE m.lane = ?1 AND (m.due, m.number) > (?2, ?3) ORDER BY m.due, m.number LIMIT ?4
        """

    private static let peekOne: StaticString = """
        SELECT m.number, m.sent, m.delivery, m.base, m.arrives, m.first, m.deduplication, m.noted, m.body, b.body, b.attributes, b.trace,
            m.subscription, b.topic, b.subject, b.publication, m.due, m.holder, h.name, n.origin, n.failure
        FROM messages m LEFT JOIN bodies b ON b.number = coalesce(m.body, m.number) LEFT JOIN holders h ON h.pid = m.holder
            LEFT JOIN notes n ON n.message = m.number
        WHERE m.number = ?1
        """

    private static func lane(
        from name: String, isAfter: Bool, in queue: KnownQueue, _ connection: Connection
    ) throws(StoreError) -> (number: Int64, name: String)? {
        guard queue.hasGroups else { return isAfter ? nil : (queue.epoch, "") }
        return try connection.first(
            "SELECT number, name FROM lanes WHERE epoch = ?1 AND name >= ?2 AND (?3 = 0 OR name > ?2) ORDER BY name LIMIT 1",
            .integer(queue.epoch), .text(name), .integer(isAfter ? 1 : 0), make: { (number: $0.integer(0), name: $0.text(1)) })
    }
}

extension Messaging.Peeked {
    fileprivate init(_ row: Row, salt: UInt64, in queue: KnownQueue, group: String, now: Int64) throws(StoreError) {
        let candidate = Candidate(row)
        let due = row.integer(Candidate.columns)
        let available =
            queue.isFIFO && candidate.delivery == candidate.base && candidate.base == 0 ? max(due, candidate.sent + queue.delay) : due
        if available <= now {
            state = .waiting
        } else if candidate.first == nil {
            state = .delayed(until: HomeTime(milliseconds: available))
        } else {
            let pid = row.optionalInteger(Candidate.columns + 1).map { Int32(truncatingIfNeeded: $0) }
            state = .held(
                by: pid.map { Messaging.Holder(process: row.optionalText(Candidate.columns + 2) ?? "", pid: $0) },
                until: HomeTime(milliseconds: due))
        }
        id = Messaging.MessageID(salt: salt, number: candidate.number)
        self.queue = queue.name
        body = candidate.body
        attributes = candidate.attributes.isEmpty ? [:] : try AttributeCoding.decode(candidate.attributes)
        trace = candidate.trace
        receives = Int(candidate.delivery - candidate.base)
        sent = HomeTime(milliseconds: candidate.sent)
        sequence = candidate.number
        self.group = group.isEmpty ? nil : group
        deduplication = candidate.deduplication
        deadLetterSource = row.optionalText(Candidate.columns + 3)
        lastFailure = row.optionalText(Candidate.columns + 4)
        notification = candidate.notification(salt: salt)
    }
}
