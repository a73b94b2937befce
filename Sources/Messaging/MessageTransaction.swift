internal import Store

/// A transaction as queues are worked on in it. Lives on the writer's thread; not to be kept.
struct MessageTransaction {
    let transaction: Transaction
    let memo: QueueMemo

    var connection: Connection { transaction.connection }
    var now: Int64 { transaction.now.milliseconds }

    func queue(_ name: String) throws -> KnownQueue {
        guard let queue = try memo.queue(name, connection) else { throw MessagingError.noQueue(name) }
        return queue
    }

    /// Has everybody look at queues, topics and subscriptions anew.
    func changedCatalog() throws(StoreError) {
        try connection.run("UPDATE counters SET value = value + 1 WHERE name = 'catalog'")
        memo.forget()
    }

    func secrets() throws(StoreError) -> Secrets { try memo.secrets(connection) }
    func nextNumber() throws(StoreError) -> Int64 { try memo.nextNumber(connection) }

    /// Has an event be part of its message's journey. For what was written: an operation that fails has done nothing.
    func record(_ event: @autoclosure () -> JourneyEvent) {
        if memo.keepsJourneys { memo.record(event()) }
    }

    // MARK: Removing

    /// - Parameter body: where the body is kept when it is not the message's own.
    func remove(message number: Int64, body: Int64?, isNoted: Bool) throws(StoreError) {
        try connection.run("DELETE FROM messages WHERE number = ?", binding: { $0.set(1, number) })
        try removeBody(of: number, body)
        if isNoted { try connection.run("DELETE FROM notes WHERE message = ?", binding: { $0.set(1, number) }) }
    }

    func removeBody(of number: Int64, _ body: Int64?) throws(StoreError) {
        guard let body else {
            try connection.run("DELETE FROM bodies WHERE number = ?", binding: { $0.set(1, number) })
            return
        }
        if try connection.run("DELETE FROM bodies WHERE number = ? AND uses = 1", binding: { $0.set(1, body) }) == 0 {
            try connection.run("UPDATE bodies SET uses = uses - 1 WHERE number = ?", binding: { $0.set(1, body) })
        }
    }

    // MARK: Sweeping

    /// Removes messages past their retention, of those that nobody asked for longest.
    func sweepExpired(in queue: KnownQueue, limit: Int) throws(StoreError) {
        let limit = Int64(limit)
        var lane: Int64? = queue.epoch
        if queue.hasGroups {
            lane = try connection.first(
                "SELECT number FROM lanes WHERE epoch = ? AND next < ? ORDER BY next LIMIT 1", .integer(queue.epoch),
                .integer(Lane.end(of: now)), make: { $0.integer(0) })
        }
        guard let lane else { return }
        // In a FIFO queue those that wait are due from 0 on, whenever they were sent.
        let expired = try connection.all(
            """
            SELECT number, body, noted FROM
                (SELECT number, body, noted, sent, arrives FROM messages WHERE lane = ? AND due <= ? ORDER BY due, number LIMIT ?)
            WHERE coalesce(arrives, sent) <= ?
            """, .integer(lane), .integer(now - queue.retention), .integer(limit), .integer(now - queue.retention)
        ) { (number: $0.integer(0), body: $0.optionalInteger(1), isNoted: !$0.isNull(2)) }
        for message in expired {
            try remove(message: message.number, body: message.body, isNoted: message.isNoted)
            record(.expired(message.number))
        }
        if !expired.isEmpty, queue.hasGroups { try settle(lane, in: queue) }
    }

    /// Removes some of what purges and deletions left behind.
    ///
    /// - Returns: whether any may be left.
    @discardableResult
    func sweepTrash(limit: Int) throws(StoreError) -> Bool {
        guard let epoch = try connection.first("SELECT epoch FROM trash LIMIT 1", make: { $0.integer(0) }) else { return false }
        var left = limit
        var lane: Int64? = epoch
        while let number = lane, left > 0 {
            let messages = try connection.all(
                "SELECT number, body, noted FROM messages WHERE lane = ? LIMIT ?", .integer(number), .integer(left)
            ) { (number: $0.integer(0), body: $0.optionalInteger(1), isNoted: !$0.isNull(2)) }
            for message in messages { try remove(message: message.number, body: message.body, isNoted: message.isNoted) }
            left -= max(1, messages.count)
            if left > 0 || messages.isEmpty {
                try connection.run("DELETE FROM lanes WHERE number = ?", .integer(number))
                lane = try connection.first("SELECT number FROM lanes WHERE epoch = ? LIMIT 1", .integer(epoch), make: { $0.integer(0) })
            }
        }
        if lane == nil { try connection.run("DELETE FROM trash WHERE epoch = ?", .integer(epoch)) }
        return true
    }

    /// Forgets deduplication ids whose time is over: numbers grow with time, so the oldest come first.
    func sweepDeduplications(limit: Int) throws(StoreError) {
        try connection.run(
            """
            DELETE FROM deduplications WHERE number IN
                (SELECT number FROM (SELECT number, expires FROM deduplications ORDER BY number LIMIT ?) WHERE expires <= ?)
            """, .integer(limit), .integer(now))
    }
}
