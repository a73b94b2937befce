internal import Store

extension Messaging {
    /// What is whole of one queue, and what is not.
    package struct QueueExamination: Sendable, Hashable, Codable {
        package let queue: String
        /// Messages that can be read, with their bodies.
        package fileprivate(set) var whole = 0
        /// Messages of which something is missing or cannot be read.
        package fileprivate(set) var damaged = 0
        /// One sentence each; empty when all is well.
        package fileprivate(set) var problems: [String] = []

        package var isHealthy: Bool { problems.isEmpty }
    }

    /// What was saved of one queue of a damaged home.
    package struct QueueSalvage: Sendable, Hashable, Codable {
        package let queue: String
        package let saved: Int
        /// Messages that were left behind, since their bodies are lost.
        package let lost: Int
    }

    /// Whole messages go here that no longer say which queue they were in.
    package static let salvaged = "salvaged"

    /// Reads every message of every queue: what is damaged is told by queue. For others' use of the home it is one long read.
    ///
    /// - Throws: `.damaged` when not even the queues can be listed.
    package func examine() async throws -> [QueueExamination] {
        try await store.read { connection in
            try connection.all("SELECT * FROM queues ORDER BY name") { KnownQueue($0) }.map { connection.examine($0) }
        }
    }

    /// Copies whatever can still be read of a damaged `messages` database into a new home, and makes that one sound: no message without its
    /// body, none without a queue. Blocks for the disk.
    ///
    /// - Parameter target: a home that has no such database yet.
    /// - Throws: `.unusable` when the target has one; `.damaged` when nothing at all can be read; `.full`.
    package static func salvage(from path: String, to target: String) async throws -> [QueueSalvage] {
        _ = try Home.salvage(schema, from: path, to: target)
        let messaging = try Messaging(Home(path: target))
        defer { messaging.close() }
        let lost = try await messaging.store.write { transaction in try transaction.connection.makeSound() }
        if try await messaging.store.read({ try $0.hasStrays() }) {
            _ = try await messaging.createQueue(salvaged)
            try await messaging.store.write { transaction in try transaction.connection.adoptStrays(now: transaction.now.milliseconds) }
        }
        return try await messaging.examine().map { QueueSalvage(queue: $0.queue, saved: $0.whole, lost: lost[$0.queue] ?? 0) }
    }
}

extension Connection {
    /// Lists a queue's messages by the index, which lies on other pages than they do, and reads each by itself: a damaged page hides only what
    /// is on it.
    fileprivate func examine(_ queue: KnownQueue) -> Messaging.QueueExamination {
        var found = Messaging.QueueExamination(queue: queue.name)
        var lanes = [queue.epoch]
        do throws(StoreError) {
            try each("SELECT number FROM lanes WHERE epoch = ?", binding: { $0.set(1, queue.epoch) }) { row throws(StoreError) in
                if row.integer(0) != queue.epoch { lanes.append(row.integer(0)) }
                return true
            }
        } catch {
            found.problems.append("Of the groups of \(queue.name) only \(lanes.count - 1) can be listed.")
        }
        for lane in lanes {
            do throws(StoreError) {
                try each("SELECT number FROM messages INDEXED BY messages_due WHERE lane = ?", binding: { $0.set(1, lane) }) {
                    row throws(StoreError) in
                    if isWhole(message: row.integer(0)) { found.whole += 1 } else { found.damaged += 1 }
                    return true
                }
            } catch {
                found.problems.append("Of the messages of \(queue.name) only \(found.whole + found.damaged) can be listed.")
            }
        }
        if found.damaged > 0 {
            found.problems.append("Of the messages of \(queue.name) \(found.damaged) cannot be read; \(found.whole) are whole.")
        }
        return found
    }

    private func isWhole(message number: Int64) -> Bool {
        let isWhole = try? first(
            """
            SELECT m.sent, b.body, b.attributes FROM messages m JOIN bodies b ON b.number = coalesce(m.body, m.number) WHERE m.number = ?
            """, binding: { $0.set(1, number) }
        ) { !$0.isNull(1) }
        return isWhole ?? false
    }

    /// Removes what belongs to something that was not saved, and sets right what is derived.
    ///
    /// - Returns: the messages without a body, by queue.
    fileprivate func makeSound() throws(StoreError) -> [String: Int] {
        let lost = try all(
            """
            SELECT q.name, count(*) FROM messages m LEFT JOIN lanes l ON l.number = m.lane JOIN queues q ON q.epoch = coalesce(l.epoch, m.lane)
            WHERE NOT EXISTS (SELECT 1 FROM bodies WHERE number = coalesce(m.body, m.number)) GROUP BY q.name
            """
        ) { ($0.text(0), Int($0.integer(1))) }
        try run("DELETE FROM messages WHERE NOT EXISTS (SELECT 1 FROM bodies b WHERE b.number = coalesce(messages.body, messages.number))")
        try run(
            """
            DELETE FROM bodies WHERE number NOT IN (SELECT body FROM messages WHERE body IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.number = bodies.number AND m.body IS NULL)
            """)
        try run("DELETE FROM notes WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.number = notes.message)")
        // To be looked at anew, each lane when its turn comes.
        try run("UPDATE lanes SET next = 0")
        try run("UPDATE queues SET has_groups = 1 WHERE epoch IN (SELECT epoch FROM lanes)")
        try run("INSERT OR IGNORE INTO lanes SELECT epoch, epoch, '', 0 FROM queues WHERE has_groups = 1 AND name NOT LIKE '%.fifo'")
        // No number is given twice.
        try run(
            """
            INSERT INTO counters SELECT 'number', max(
                coalesce((SELECT max(number) FROM messages), 0), coalesce((SELECT max(number) FROM bodies), 0),
                coalesce((SELECT max(number) FROM lanes), 0), coalesce((SELECT max(number) FROM deduplications), 0),
                coalesce((SELECT max(number) FROM moves), 0), coalesce((SELECT max(max(number, epoch)) FROM queues), 0),
                coalesce((SELECT max(epoch) FROM trash), 0), coalesce((SELECT max(number) FROM topics), 0),
                coalesce((SELECT max(number) FROM subscriptions), 0))
            WHERE true ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)
            """)
        return Dictionary(lost, uniquingKeysWith: +)
    }

    private static let strays: StaticString = """
        SELECT number FROM messages m WHERE lane NOT IN (SELECT epoch FROM queues)
        AND lane NOT IN (SELECT number FROM lanes WHERE epoch IN (SELECT epoch FROM queues))
        AND lane NOT IN (SELECT epoch FROM trash) AND lane NOT IN (SELECT number FROM lanes WHERE epoch IN (SELECT epoch FROM trash))
        """

    fileprivate func hasStrays() throws(StoreError) -> Bool { try first(Self.strays) { _ in true } ?? false }

    fileprivate func adoptStrays(now: Int64) throws(StoreError) {
        guard let queue = try knownQueue(name: Messaging.salvaged) else { return }
        for number in try all(Self.strays, make: { $0.integer(0) }) {
            try run(
                "UPDATE messages SET lane = ?, due = ? WHERE number = ?", .integer(queue.epoch), .integer(now), .integer(number))
        }
    }
}
