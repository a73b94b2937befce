internal import Store

/// Calls that are made later: a queue with a hidden name for each address that is called so, which the courier empties as it does those of
/// subscriptions, each by itself.
extension Messaging {
    /// Where calls go that could not be made, made with the first call that is put off.
    package static let undelivered = "undelivered"

    /// Accepts a call of what an address leads to when the courier makes it. Durable when this returns.
    ///
    /// - Throws: what ``send(_:to:)`` has against the message.
    package func putOff(_ call: Outgoing, to address: String) async throws -> MessageID {
        let prepared = try PreparedMessage(call, isFIFO: false)
        // Before a queue is made for it.
        try Rules.check(
            size: prepared.size, group: nil, deduplication: nil, delay: nil, isTimed: false, for: .init(), isFIFO: false)
        return try await write(bytes: prepared.size + 512) { work in
            let queue = try work.queue(Self.deliveryQueue(of: work.caller(of: address), isFIFO: false))
            let sent = try work.send(prepared, to: queue)
            work.transaction.ring(Self.courierBell)
            return sent.id
        }
    }
}

extension MessageTransaction {
    /// The subscription, to no topic, by which an address is called.
    fileprivate func caller(of address: String) throws -> Int64 {
        let known = try connection.first(
            "SELECT number FROM subscriptions WHERE topic = 0 AND protocol = ? AND endpoint = ?", .text(SubscriptionRow.call),
            .text(address), make: { $0.integer(0) })
        if let known { return known }
        if try memo.queue(Messaging.undelivered, connection) == nil { _ = try makeUndelivered() }
        let number = try nextNumber()
        try connection.run(
            """
            INSERT INTO subscriptions (number, topic, protocol, endpoint, is_raw, dead_letter, is_pending, created)
            VALUES (?, 0, ?, ?, 1, ?, 0, ?)
            """, .integer(number), .text(SubscriptionRow.call), .text(address), .text(Messaging.undelivered), .integer(now))
        _ = try create(
            Messaging.deliveryQueue(of: number, isFIFO: false),
            .delivering(.init(isRaw: true, deadLetterQueue: Messaging.undelivered), isHere: false))
        return number
    }

    /// Made anew where somebody has deleted it.
    func makeUndelivered() throws -> KnownQueue { try create(Messaging.undelivered, .init(retention: .seconds(1_209_600))) }
}
