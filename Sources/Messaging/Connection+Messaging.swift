internal import Store

/// Queues as they are stored; for the transactions and for those who only read.
extension Connection {
    func knownQueue(name: String) throws(StoreError) -> KnownQueue? {
        try first("SELECT * FROM queues WHERE name = ?", binding: { $0.set(1, name) }) { KnownQueue($0) }
    }

    func tags(of owner: Int64) throws(StoreError) -> [String: String] {
        let tags = try all("SELECT key, value FROM tags WHERE owner = ?", .integer(owner)) { ($0.text(0), $0.text(1)) }
        return Dictionary(tags, uniquingKeysWith: { $1 })
    }

    /// Counts over the index alone: in proportion to what is in the queue.
    func counts(in queue: KnownQueue, now: Int64) throws(StoreError) -> Messaging.QueueCounts {
        var counts = Messaging.QueueCounts(waiting: 0, inFlight: 0, delayed: 0, oldestAge: nil)
        (counts.inFlight, counts.delayed) = try notDue(in: queue, now: now)
        let ripe = now - queue.retention
        if queue.isFIFO {
            counts.waiting = try count(
                "SELECT count(*) FROM messages WHERE lane IN (SELECT number FROM lanes WHERE epoch = ?) AND due <= ? AND sent > ?",
                queue.epoch, now, ripe)
            if queue.delay > 0 {
                counts.delayed = try count(
                    """
                    SELECT count(*) FROM messages WHERE lane IN (SELECT number FROM lanes WHERE epoch = ?) AND due <= ? AND sent > ?
                    AND delivery = 0
                    """, queue.epoch, now, max(ripe, now - queue.delay))
                counts.waiting -= counts.delayed
            }
        } else if queue.hasGroups {
            counts.waiting = try count(
                "SELECT count(*) FROM messages WHERE lane IN (SELECT number FROM lanes WHERE epoch = ?) AND due <= ? AND due > ?",
                queue.epoch, now, ripe)
        } else {
            counts.waiting = try count(
                "SELECT count(*) FROM messages WHERE lane = ? AND due <= ? AND due > ?", queue.epoch, now, ripe)
        }
        return counts
    }

    /// Counts over what is due later, and over groups, however many messages wait. Those of a FIFO queue that are delayed are not among them:
    /// they are due at once, and kept back when their turn comes.
    func notDue(in queue: KnownQueue, now: Int64) throws(StoreError) -> (inFlight: Int, delayed: Int) {
        let (later, delayed): (Int, Int)
        if queue.hasGroups {
            later = try count(
                "SELECT count(*) FROM messages WHERE lane IN (SELECT number FROM lanes WHERE epoch = ?) AND due > ?", queue.epoch, now)
            if queue.isFIFO { return (later, 0) }
            delayed = try count(
                """
                SELECT count(*) FROM messages WHERE lane IN (SELECT number FROM lanes WHERE epoch = ?) AND due > ?
                AND arrives IS NOT NULL AND first IS NULL
                """, queue.epoch, now)
        } else {
            later = try count("SELECT count(*) FROM messages WHERE lane = ? AND due > ?", queue.epoch, now)
            delayed = try count(
                "SELECT count(*) FROM messages WHERE lane = ? AND due > ? AND arrives IS NOT NULL AND first IS NULL", queue.epoch, now)
        }
        return (later - delayed, delayed)
    }

    private func count(_ sql: StaticString, _ values: Int64...) throws(StoreError) -> Int {
        try first(sql, binding: { binding in for (index, value) in values.enumerated() { binding.set(Int32(index + 1), value) } }) {
            Int($0.integer(0))
        } ?? 0
    }

    /// When the message was sent that is next: of each lane the first, and of those the earliest.
    func oldest(in queue: KnownQueue, now: Int64) throws(StoreError) -> Int64? {
        let ripe = now - queue.retention
        guard queue.hasGroups else {
            return try first(
                "SELECT sent FROM messages WHERE lane = ? AND due <= ? AND due > ? ORDER BY due LIMIT 1", .integer(queue.epoch),
                .integer(now), .integer(ripe), make: { $0.integer(0) })
        }
        return try first(
            """
            SELECT min((SELECT sent FROM messages WHERE lane = l.number AND due <= ?2 AND sent > ?3 ORDER BY due, number LIMIT 1))
            FROM lanes l WHERE epoch = ?1
            """, .integer(queue.epoch), .integer(now), .integer(ripe), make: { $0.optionalInteger(0) }) ?? nil
    }
}
