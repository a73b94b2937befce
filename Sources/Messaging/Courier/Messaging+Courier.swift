internal import Store

/// What the courier asks of a home: the subscriptions whose messages it takes from their queues to HTTP endpoints and functions, and those by
/// which calls are made later.
extension Messaging {
    /// Subscriptions that have messages to be delivered, now or later, and those whose endpoint is to be asked for its confirmation.
    package func pendingDeliveries() async throws -> [Subscription] {
        try await store.read { connection in
            let salt = try Secrets(connection).salt
            let rows = try connection.all(
                """
                SELECT s.*, coalesce(t.name, '') FROM subscriptions s JOIN queues q ON q.name = '~' || s.number
                    LEFT JOIN topics t ON t.number = s.topic
                WHERE s.protocol NOT IN ('sqs', 'process') AND EXISTS (SELECT 1 FROM messages m WHERE m.lane = q.epoch) ORDER BY s.number
                """
            ) { (row: SubscriptionRow($0), topic: $0.text(SubscriptionRow.columns)) }
            return try rows.map { try $0.row.subscription(of: $0.topic, salt: salt) }
        }
    }

    /// Takes back what a courier that is gone was delivering: it may be delivered again at once, and that try does not count. For the one who
    /// holds the office only.
    package func releaseDeliveries() async throws {
        try await write(.ordered, reclaims: true) { work in
            let queues = try work.connection.all(
                "SELECT q.name FROM subscriptions s JOIN queues q ON q.name = '~' || s.number WHERE s.protocol NOT IN ('sqs', 'process')"
            ) { $0.text(0) }
            for name in queues {
                guard let queue = try work.memo.queue(name, work.connection) else { continue }
                let released = try work.connection.run(
                    "UPDATE messages SET due = ?, holder = NULL, base = base + 1 WHERE lane = ? AND due > ? AND holder IS NOT NULL",
                    .integer(work.now),
                    .integer(queue.epoch), .integer(work.now))
                if released > 0 { work.transaction.ring(queue.bell) }
            }
        }
    }

    /// Forgets addresses that were called later, and are not any more: nothing waits for them, and no dead letter would go back there. Some of
    /// them at a time.
    package func forgetCallers() async throws {
        try await write(.ordered, reclaims: true) { work in
            let idle = try work.connection.all(
                """
                SELECT s.number, q.name FROM subscriptions s JOIN queues q ON q.name = '~' || s.number
                WHERE s.topic = 0 AND s.protocol = 'call' AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.lane = q.epoch) LIMIT 5000
                """
            ) { (number: $0.integer(0), queue: $0.text(1)) }
            guard !idle.isEmpty else { return }
            let origins = Set(try work.connection.all("SELECT DISTINCT origin FROM notes WHERE origin >= '~'") { $0.text(0) })
            for caller in idle where !origins.contains(caller.queue) { try work.unsubscribe(caller.number, queue: caller.queue) }
        }
    }
}
