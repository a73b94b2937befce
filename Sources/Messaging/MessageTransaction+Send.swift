internal import Crypto
internal import Store

/// A message made ready on its sender's thread: checked as far as can be without its queue, its attributes encoded.
struct PreparedMessage: Sendable {
    let message: Messaging.Outgoing
    let attributes: [UInt8]?
    let size: Int
    /// Stands for the deduplication id of a FIFO message that has none.
    let contentID: String?

    init(_ message: Messaging.Outgoing, isFIFO: Bool) throws(MessagingError) {
        try Rules.check(message)
        self.message = message
        attributes = message.attributes.isEmpty ? nil : AttributeCoding.encode(message.attributes)
        size = Rules.size(of: message)
        contentID = isFIFO && message.deduplication == nil ? Rules.contentID(of: message.body) : nil
    }
}

extension Rules {
    /// What deduplication by content goes by: the SHA-256 of the body, in hexadecimal.
    static func contentID(of body: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: SHA256.hash(data: body).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension MessageTransaction {
    func send(_ prepared: PreparedMessage, to queue: KnownQueue) throws -> Messaging.Sent {
        let message = prepared.message
        try Rules.check(
            size: prepared.size, group: message.group, deduplication: message.deduplication, delay: message.delay,
            isTimed: message.deliverAt != nil, for: queue.configuration, isFIFO: queue.isFIFO)
        let salt = try secrets().salt
        var key: String?
        if queue.isFIFO, let id = message.deduplication ?? prepared.contentID {
            key = self.key(id, in: queue, group: message.group)
            if let key, let earlier = try remembered(key, of: queue.number) {
                return Messaging.Sent(id: .init(salt: salt, number: earlier), sequence: earlier, isDuplicate: true)
            }
        }
        let number = try nextNumber()
        try connection.run(
            "INSERT INTO bodies (number, uses, body, attributes, trace) VALUES (?, 1, ?, ?, ?)",
            binding: {
                $0.set(1, number)
                $0.set(2, message.body)
                $0.set(3, prepared.attributes)
                $0.set(4, message.trace)
            })
        let due = message.deliverAt?.milliseconds ?? (now + (message.delay?.milliseconds ?? queue.delay))
        try place(
            Placement(
                number: number, due: due, group: message.group,
                deduplication: key == nil ? nil : message.deduplication ?? prepared.contentID),
            in: queue)
        if let key { try remember(key, number, of: queue.number) }
        record(.sent(number, queue: queue.number))
        return Messaging.Sent(id: .init(salt: salt, number: number), sequence: number, isDuplicate: false)
    }

    /// A message that is new in a queue.
    struct Placement {
        let number: Int64
        /// When it may be received; a FIFO queue delays for itself.
        let due: Int64
        let group: String?
        let deduplication: String?
        /// Where the body is kept when it is not the message's own.
        var body: Int64?
        var subscription: Int64?
    }

    /// Puts a message into a queue whose body is there already.
    func place(_ message: Placement, in queue: KnownQueue) throws(StoreError) {
        let due = queue.isFIFO ? 0 : max(message.due, now)
        let lane =
            message.group == nil && !queue.hasGroups
            ? queue.epoch : try lane(of: message.group, in: queue, due: queue.isFIFO ? now + queue.delay : due)
        try connection.run(
            """
            INSERT INTO messages (number, lane, due, sent, delivery, base, arrives, deduplication, body, subscription)
            VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, ?)
            """,
            binding: {
                $0.set(1, message.number)
                $0.set(2, lane)
                $0.set(3, due)
                $0.set(4, now)
                $0.set(5, due > now ? due : nil)
                $0.set(6, message.deduplication)
                $0.set(7, message.body)
                $0.set(8, message.subscription)
            })
        memo.sent(to: queue)
        transaction.ring(queue.bell)
    }

    // MARK: Deduplication

    /// What a deduplication id is remembered by in a FIFO queue.
    func key(_ id: String, in queue: KnownQueue, group: String?) -> String {
        queue.configuration.deduplicationScope == .group ? "\(group ?? "")\u{0}\(id)" : id
    }

    /// - Parameter owner: the number of a queue or a topic.
    /// - Returns: the message that used the key within five minutes.
    func remembered(_ key: String, of owner: Int64) throws(StoreError) -> Int64? {
        let earlier = try connection.first(
            "SELECT number, expires FROM deduplications WHERE owner = ? AND key = ?", .integer(owner), .text(key),
            make: { (number: $0.integer(0), expires: $0.integer(1)) })
        guard let earlier else { return nil }
        if earlier.expires > now { return earlier.number }
        try connection.run("DELETE FROM deduplications WHERE number = ?", .integer(earlier.number))
        return nil
    }

    func remember(_ key: String, _ number: Int64, of owner: Int64) throws(StoreError) {
        memo.noteDeduplication()
        try connection.run(
            "INSERT INTO deduplications (number, owner, key, expires) VALUES (?, ?, ?, ?)",
            binding: {
                $0.set(1, number)
                $0.set(2, owner)
                $0.set(3, key)
                $0.set(4, now + Rules.deduplicationTime)
            })
    }
}
