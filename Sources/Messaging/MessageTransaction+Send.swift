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
        contentID = isFIFO && message.deduplication == nil ? Self.hexadecimal(SHA256.hash(data: message.body)) : nil
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension MessageTransaction {
    func send(_ prepared: PreparedMessage, to queue: KnownQueue) throws -> Messaging.Sent {
        let message = prepared.message
        try Rules.check(
            size: prepared.size, group: message.group, deduplication: message.deduplication, delay: message.delay,
            isTimed: message.deliverAt != nil, for: queue.configuration, isFIFO: queue.isFIFO)
        let salt = try secrets().salt
        var deduplication: String?
        if queue.isFIFO, let id = message.deduplication ?? prepared.contentID {
            deduplication = id
            let key = queue.configuration.deduplicationScope == .group ? "\(message.group ?? "")\u{0}\(id)" : id
            if let earlier = try remembered(key, in: queue) {
                return Messaging.Sent(id: .init(salt: salt, number: earlier), sequence: earlier, isDuplicate: true)
            }
            let number = try insert(prepared, deduplication, in: queue)
            try remember(key, number, in: queue)
            return Messaging.Sent(id: .init(salt: salt, number: number), sequence: number, isDuplicate: false)
        }
        let number = try insert(prepared, nil, in: queue)
        return Messaging.Sent(id: .init(salt: salt, number: number), sequence: number, isDuplicate: false)
    }

    private func insert(_ prepared: PreparedMessage, _ deduplication: String?, in queue: KnownQueue) throws(StoreError) -> Int64 {
        let message = prepared.message
        let now = now
        var due = now
        var arrives: Int64?
        if queue.isFIFO {
            due = 0
        } else {
            due = message.deliverAt?.milliseconds ?? (now + (message.delay?.milliseconds ?? queue.delay))
            if due > now { arrives = due } else { due = now }
        }
        let number = try nextNumber()
        let lane =
            message.group == nil && !queue.hasGroups
            ? queue.epoch : try lane(of: message.group, in: queue, due: queue.isFIFO ? now + queue.delay : due)
        try connection.run(
            "INSERT INTO bodies (number, uses, body, attributes, trace) VALUES (?, 1, ?, ?, ?)",
            binding: {
                $0.set(1, number)
                $0.set(2, message.body)
                $0.set(3, prepared.attributes)
                $0.set(4, message.trace)
            })
        try connection.run(
            "INSERT INTO messages (number, lane, due, sent, delivery, base, arrives, deduplication) VALUES (?, ?, ?, ?, 0, 0, ?, ?)",
            binding: {
                $0.set(1, number)
                $0.set(2, lane)
                $0.set(3, due)
                $0.set(4, now)
                $0.set(5, arrives)
                $0.set(6, deduplication)
            })
        queue.sent += 1
        transaction.ring(queue.bell)
        return number
    }

    private func remembered(_ key: String, in queue: KnownQueue) throws(StoreError) -> Int64? {
        let earlier = try connection.first(
            "SELECT number, expires FROM deduplications WHERE queue = ? AND key = ?", .integer(queue.number), .text(key),
            make: { (number: $0.integer(0), expires: $0.integer(1)) })
        guard let earlier else { return nil }
        if earlier.expires > now { return earlier.number }
        try connection.run("DELETE FROM deduplications WHERE number = ?", .integer(earlier.number))
        return nil
    }

    private func remember(_ key: String, _ number: Int64, in queue: KnownQueue) throws(StoreError) {
        memo.noteDeduplication()
        try connection.run(
            "INSERT INTO deduplications (number, queue, key, expires) VALUES (?, ?, ?, ?)",
            binding: {
                $0.set(1, number)
                $0.set(2, queue.number)
                $0.set(3, key)
                $0.set(4, now + Rules.deduplicationTime)
            })
    }
}
