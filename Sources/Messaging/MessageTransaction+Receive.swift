internal import Store

/// What one receiver asks for.
struct Demand: Sendable {
    var maximum: Int
    /// The queue's when `nil`, milliseconds.
    var visibility: Int64?
    var attempt: String?
}

/// A message that is next in its lane, as it is read.
struct Candidate {
    let number: Int64
    let sent: Int64
    let delivery: Int64
    let base: Int64
    let arrives: Int64?
    let first: Int64?
    let deduplication: String?
    let isNoted: Bool
    /// Where the body is kept when it is not the message's own.
    let shared: Int64?
    let body: [UInt8]
    let attributes: [UInt8]
    let trace: String?
    /// The subscription it came by, and what was published with it.
    let subscription: Int64?
    private let topic: String?
    private let subject: String?
    private let publication: Int64?

    init(_ row: Row) {
        number = row.integer(0)
        sent = row.integer(1)
        delivery = row.integer(2)
        base = row.integer(3)
        arrives = row.optionalInteger(4)
        first = row.optionalInteger(5)
        deduplication = row.optionalText(6)
        isNoted = !row.isNull(7)
        shared = row.optionalInteger(8)
        body = row.bytes(9)
        attributes = row.bytes(10)
        trace = row.optionalText(11)
        subscription = row.optionalInteger(12)
        topic = subscription == nil ? nil : row.optionalText(13)
        subject = subscription == nil ? nil : row.optionalText(14)
        publication = subscription == nil ? nil : row.optionalInteger(15)
    }

    /// The first column behind those of a candidate.
    static let columns: Int32 = 16

    func notification(salt: UInt64) -> Messaging.Notification? {
        subscription.map {
            Messaging.Notification(
                topic: topic ?? "", publication: .init(salt: salt, number: publication ?? shared ?? number),
                subscription: .init(salt: salt, number: $0), subject: subject, published: HomeTime(milliseconds: sent))
        }
    }
}

extension MessageTransaction {
    /// What a receiver got, and whether there was no more to be had.
    struct Taken {
        var messages: [Messaging.Received] = []
        var isExhausted = false
    }

    /// Hands out what is next.
    ///
    /// The work is bounded: of messages that expired or are dead letters a few dozen are put away at a time, and `isExhausted` stays false.
    func take(_ demand: Demand, from queue: KnownQueue) throws -> Taken {
        var taken = Taken()
        if let attempt = demand.attempt, queue.isFIFO, let replayed = try replay(attempt, demand, in: queue) {
            taken.messages = replayed
            return taken
        }
        let room = try memo.room(in: queue, for: demand.maximum) { () throws(StoreError) in
            try connection.notDue(in: queue, now: now).inFlight
        }
        guard room > 0 else {
            guard !queue.isFIFO else { return Taken(isExhausted: true) }
            throw MessagingError(
                .overLimit,
                "The queue \(Rules.quoted(queue.name)) has \(memo.inFlightLimit) messages in flight, as many as it may. Finish some first.")
        }
        // Not less than a millisecond: what is visible again at once would be handed out twice in one receive.
        var hand = Hand(maximum: room, budget: room + 64, visibility: max(1, demand.visibility ?? queue.visibility))
        if queue.hasGroups { try takeByTurns(&hand, from: queue) } else { try take(&hand, from: queue.epoch, nil, in: queue) }
        taken.messages = hand.messages
        taken.isExhausted = hand.isExhausted
        memo.took(hand.messages.count, from: queue)
        if !hand.messages.isEmpty {
            if memo.isFirstHeld() {
                try connection.run(
                    "INSERT INTO holders (pid, name) VALUES (?1, ?2) ON CONFLICT (pid) DO UPDATE SET name = ?2 WHERE name <> ?2",
                    .integer(Int64(memo.holder.pid)), .text(memo.holder.process))
            }
            if let attempt = demand.attempt, queue.isFIFO { try remember(attempt, hand.messages, in: queue) }
        }
        return taken
    }

    /// When there may be something to receive, if not now.
    func nextDue(in queue: KnownQueue) throws(StoreError) -> Int64? {
        guard queue.hasGroups else {
            return try connection.first(
                "SELECT due FROM messages WHERE lane = ? AND due > ? ORDER BY due LIMIT 1", .integer(queue.epoch), .integer(now),
                make: { $0.integer(0) })
        }
        let next = try connection.first(
            "SELECT next FROM lanes WHERE epoch = ? ORDER BY next LIMIT 1", .integer(queue.epoch), make: { $0.integer(0) })
        return next.flatMap { $0 == Lane.never ? nil : Lane.milliseconds($0) }
    }

    /// One receiver's share while it is being gathered.
    private struct Hand {
        let maximum: Int
        /// Rows that may still be looked at.
        var budget: Int
        let visibility: Int64
        var messages: [Messaging.Received] = []
        var isExhausted = false

        var wanted: Int { min(maximum - messages.count, budget) }
    }

    /// Lanes in turn: in a FIFO queue as many of one group as there are, in a standard one an equal share of each.
    private func takeByTurns(_ hand: inout Hand, from queue: KnownQueue) throws(StoreError) {
        while hand.wanted > 0 {
            let lanes = try connection.all(
                "SELECT number, name FROM lanes WHERE epoch = ? AND next < ? ORDER BY next LIMIT ?", .integer(queue.epoch),
                .integer(Lane.end(of: now)), .integer(min(hand.wanted, 32))
            ) { (number: $0.integer(0), name: $0.text(1)) }
            guard !lanes.isEmpty else {
                hand.isExhausted = true
                return
            }
            for lane in lanes where hand.wanted > 0 {
                var share = Hand(
                    maximum: queue.isFIFO ? hand.wanted : min(hand.wanted, max(1, hand.maximum / lanes.count)), budget: hand.budget - 1,
                    visibility: hand.visibility)
                try take(&share, from: lane.number, lane.name.isEmpty ? nil : lane.name, in: queue)
                try settle(lane.number, in: queue)
                hand.messages += share.messages
                hand.budget = share.budget
            }
        }
    }

    private func take(_ hand: inout Hand, from lane: Int64, _ group: String?, in queue: KnownQueue) throws(StoreError) {
        if queue.isFIFO {
            // A lane's turn may come too soon, never too late.
            guard try lastDue(in: lane) ?? 0 <= now else { return }
            try restore(lane)
        }
        while hand.wanted > 0 {
            let wanted = hand.wanted
            var candidates: [Candidate] = []
            candidates.reserveCapacity(wanted)
            try connection.each(
                Self.next,
                binding: {
                    $0.set(1, lane)
                    $0.set(2, now)
                    $0.set(3, Int64(wanted))
                }
            ) { row throws(StoreError) in
                candidates.append(Candidate(row))
                return true
            }
            hand.budget -= candidates.count
            for candidate in candidates {
                if queue.isFIFO, candidate.delivery == 0, candidate.sent + queue.delay > now {
                    hand.isExhausted = true
                    return
                }
                if let message = try handOut(candidate, hand.visibility, group, in: queue) { hand.messages.append(message) }
            }
            if candidates.count < wanted {
                hand.isExhausted = true
                return
            }
        }
    }

    /// The messages of a lane that may be received, the next first, with their bodies.
    static let next: StaticString = """
        SELECT m.number, m.sent, m.delivery, m.base, m.arrives, m.first, m.deduplication, m.noted, m.body, b.body, b.attributes, b.trace,
            m.subscription, b.topic, b.subject, b.publication
        FROM messages m LEFT JOIN bodies b ON b.number = coalesce(m.body, m.number)
        WHERE m.lane = ? AND m.due <= ? ORDER BY m.due, m.number LIMIT ?
        """

    private func handOut(
        _ candidate: Candidate, _ visibility: Int64, _ group: String?, in queue: KnownQueue
    ) throws(StoreError) -> Messaging.Received? {
        let fate = Rules.fate(
            arrived: candidate.arrives ?? candidate.sent, receives: candidate.delivery - candidate.base, retention: queue.retention,
            maximumReceives: queue.configuration.redrive?.maximumReceives, now: now)
        switch fate {
        case .expire:
            try remove(message: candidate.number, body: candidate.shared, isNoted: candidate.isNoted)
            record(.expired(candidate.number))
            return nil
        case .deadLetter:
            // Without its dead-letter queue a message is received on and on, rather than lost.
            guard let name = queue.configuration.redrive?.deadLetterQueue, let target = try memo.queue(name, connection) else { break }
            try move(candidate.number, to: target, group: group, note: note(of: candidate)?.failure, origin: queue.name)
            return nil
        case .deliver: break
        }
        let due = now + visibility
        try connection.run(
            """
            UPDATE messages SET due = ?1, delivery = delivery + 1, first = coalesce(first, ?2), taken = ?2, holder = ?3 WHERE number = ?4
            """,
            binding: {
                $0.set(1, due)
                $0.set(2, now)
                $0.set(3, Int64(memo.holder.pid))
                $0.set(4, candidate.number)
            })
        record(.received(candidate.number, receives: Int(candidate.delivery + 1 - candidate.base)))
        return try received(candidate, delivery: candidate.delivery + 1, due: due, group, in: queue)
    }

    private func received(
        _ candidate: Candidate, delivery: Int64, due: Int64, _ group: String?, in queue: KnownQueue
    ) throws(StoreError) -> Messaging.Received {
        let secrets = try secrets()
        let note = try note(of: candidate)
        return Messaging.Received(
            id: .init(salt: secrets.salt, number: candidate.number),
            receipt: .init(queue: queue.number, message: candidate.number, delivery: delivery, key: secrets.key), body: candidate.body,
            attributes: candidate.attributes.isEmpty ? [:] : try AttributeCoding.decode(candidate.attributes), trace: candidate.trace,
            receives: Int(delivery - candidate.base), sent: HomeTime(milliseconds: candidate.sent),
            firstReceived: HomeTime(milliseconds: candidate.first ?? now), visibleAgain: HomeTime(milliseconds: due),
            sequence: candidate.number, group: group, deduplication: candidate.deduplication, deadLetterSource: note?.origin,
            lastFailure: note?.failure, notification: candidate.notification(salt: secrets.salt))
    }

    private func note(of candidate: Candidate) throws(StoreError) -> (origin: String?, failure: String?)? {
        candidate.isNoted ? try note(of: candidate.number) : nil
    }

    func note(of message: Int64) throws(StoreError) -> (origin: String?, failure: String?)? {
        try connection.first(
            "SELECT origin, failure FROM notes WHERE message = ?", .integer(message),
            make: { (origin: $0.optionalText(0), failure: $0.optionalText(1)) })
    }

    // MARK: Attempts

    /// What an earlier receive of the same attempt got, its visibility begun anew; `nil` when any of it was touched since.
    private func replay(_ attempt: String, _ demand: Demand, in queue: KnownQueue) throws(StoreError) -> [Messaging.Received]? {
        let text = try connection.first(
            "SELECT deliveries FROM attempts WHERE queue = ? AND id = ? AND expires > ?", .integer(queue.number), .text(attempt),
            .integer(now), make: { $0.text(0) })
        guard let text else { return nil }
        var rows: [(candidate: Candidate, lane: Int64, group: String?)] = []
        for part in text.split(separator: " ") {
            let numbers = part.split(separator: ":").compactMap { Int64($0) }
            guard numbers.count == 2 else { return nil }
            let row = try connection.first(
                """
                SELECT m.number, m.sent, m.delivery, m.base, m.arrives, m.first, m.deduplication, m.noted, m.body, b.body, b.attributes,
                    b.trace, m.subscription, b.topic, b.subject, b.publication, l.number, l.name
                FROM messages m LEFT JOIN bodies b ON b.number = coalesce(m.body, m.number) JOIN lanes l ON l.number = m.lane
                WHERE m.number = ? AND m.delivery = ? AND m.due > ? AND l.epoch = ?
                """, .integer(numbers[0]), .integer(numbers[1]), .integer(now), .integer(queue.epoch)
            ) { (candidate: Candidate($0), lane: $0.integer(Candidate.columns), group: $0.optionalText(Candidate.columns + 1)) }
            guard let row else { return nil }
            rows.append(row)
        }
        let due = now + (demand.visibility ?? queue.visibility)
        var messages: [Messaging.Received] = []
        for row in rows {
            try connection.run(
                "UPDATE messages SET due = ?, taken = ? WHERE number = ?", .integer(due), .integer(now), .integer(row.candidate.number))
            messages.append(try received(row.candidate, delivery: row.candidate.delivery, due: due, row.group, in: queue))
        }
        for lane in Set(rows.map(\.lane)) { try settle(lane, in: queue) }
        return messages
    }

    private func remember(_ attempt: String, _ messages: [Messaging.Received], in queue: KnownQueue) throws(StoreError) {
        try connection.run(
            "DELETE FROM attempts WHERE (queue, id) IN (SELECT queue, id FROM attempts WHERE expires <= ? ORDER BY expires LIMIT 8)",
            .integer(now))
        try connection.run(
            "INSERT OR REPLACE INTO attempts (queue, id, expires, deliveries) VALUES (?, ?, ?, ?)", .integer(queue.number), .text(attempt),
            .integer(now + Rules.deduplicationTime),
            .text(messages.map { "\($0.receipt.message):\($0.receipt.delivery)" }.joined(separator: " ")))
    }
}
