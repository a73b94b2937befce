internal import Store

/// What a receipt's holder does with the message: each outcome is his alone, so a rule that is broken is a result and not an error.
extension MessageTransaction {
    /// Lanes that an operation has touched: worked out anew once each, at its end.
    typealias Touched = Set<Int64>

    func finish(
        _ receipt: Messaging.Receipt, in queue: KnownQueue, _ touched: inout Touched
    ) throws(StoreError) -> Result<Messaging.Settled, MessagingError> {
        guard receipt.isOf(queue: queue.number, try secrets().key) else { return .failure(Messaging.Receipt.invalid) }
        if !queue.hasGroups {
            // Nearly all: a message without a group, with a body of its own. Nothing of it need be read.
            let finished = try connection.run(
                "DELETE FROM messages WHERE number = ? AND lane = ? AND delivery = ? AND body IS NULL AND noted IS NULL",
                binding: {
                    $0.set(1, receipt.message)
                    $0.set(2, queue.epoch)
                    $0.set(3, receipt.delivery)
                })
            if finished > 0 {
                try removeBody(of: receipt.message, nil)
                record(.finished(receipt.message))
                return .success(.finished)
            }
        }
        guard let held = try held(receipt, in: queue) else { return .success(.gone) }
        if held.delivery != receipt.delivery || (queue.isFIFO && held.due <= now) {
            return queue.isFIFO ? .failure(Self.expired) : .success(.gone)
        }
        try remove(message: receipt.message, body: held.body, isNoted: held.isNoted)
        record(.finished(receipt.message))
        touched.insert(held.lane)
        return .success(.finished)
    }

    func changeVisibility(
        _ change: Messaging.VisibilityChange, in queue: KnownQueue, _ touched: inout Touched
    ) throws(StoreError) -> Result<Void, MessagingError> {
        do throws(MessagingError) { try Rules.check(visibility: change.visibility) } catch { return .failure(error) }
        switch try inFlight(change.receipt, in: queue) {
        case .failure(let error): return .failure(error)
        case .success(let held):
            let visibility = change.visibility.milliseconds
            let due: Int64
            do throws(MessagingError) { due = try Rules.extended(visibility, taken: held.taken ?? now, now: now) } catch {
                return .failure(error)
            }
            try setDue(due, of: held, in: queue)
            if due <= now { record(.returned(held.number)) }
            touched.insert(held.lane)
            return .success(())
        }
    }

    /// Gives a message back with the reason why it failed.
    func fail(_ receipt: Messaging.Receipt, _ reason: String, retryAfter: Int64, in queue: KnownQueue) throws {
        let held = try inFlight(receipt, in: queue).get()
        let due = try Rules.extended(retryAfter, taken: held.taken ?? now, now: now)
        try annotate(held.number, origin: nil, failure: reason)
        // Until then nobody has it.
        try connection.run("UPDATE messages SET holder = NULL WHERE number = ?", .integer(held.number))
        try setDue(due, of: held, in: queue)
        record(.failed(held.number, after: retryAfter, reason: reason))
        try settle(held.lane, in: queue)
    }

    func deadLetter(_ receipt: Messaging.Receipt, _ reason: String, in queue: KnownQueue) throws {
        let held = try inFlight(receipt, in: queue).get()
        guard let name = queue.configuration.redrive?.deadLetterQueue,
            let target = try memo.queue(name, connection) ?? (name == Messaging.undelivered ? makeUndelivered() : nil)
        else {
            throw MessagingError(
                .noDeadLetterQueue, "The queue \(Rules.quoted(queue.name)) has no dead-letter queue. Configure one, or retry the message.")
        }
        try move(held.number, to: target, group: try group(of: held.lane), note: Rules.failure(reason), origin: queue.name)
        try settle(held.lane, in: queue)
    }

    /// Takes back what was handed to a receiver who had gone: as if it had not been received.
    func giveBack(_ receipts: [Messaging.Receipt], in queue: KnownQueue) throws(StoreError) {
        var touched = Touched()
        for receipt in receipts {
            guard case .success(let held) = try inFlight(receipt, in: queue) else { continue }
            try connection.run(
                "UPDATE messages SET base = base + 1, first = CASE WHEN delivery = base + 1 THEN NULL ELSE first END WHERE number = ?",
                .integer(held.number))
            try setDue(now, of: held, in: queue)
            record(.returned(held.number))
            touched.insert(held.lane)
        }
        for lane in touched { try settle(lane, in: queue) }
    }

    static let expired = MessagingError(
        .receiptHandleHasExpired, "The receipt has expired: the message's visibility time is over. Receive it again.")

    // MARK: Moving

    /// Takes a message to another queue, where it keeps its number, its id and the time it was sent, and starts anew otherwise.
    ///
    /// - Parameters:
    ///   - note: why it failed last.
    ///   - origin: where it comes from, if it is to go back there one day.
    func move(_ number: Int64, to target: KnownQueue, group: String?, note: String?, origin: String?) throws(StoreError) {
        let lane = try lane(of: group, in: target, due: now)
        let isNoted = note != nil || origin != nil
        try connection.run(
            """
            UPDATE messages SET lane = ?, due = ?, delivery = delivery + 1, base = delivery + 1, first = NULL, taken = NULL,
                holder = NULL, noted = ?
            WHERE number = ?
            """, .integer(lane), .integer(target.isFIFO ? 0 : now), isNoted ? 1 : nil, .integer(number))
        if isNoted {
            try connection.run(
                "INSERT OR REPLACE INTO notes (message, origin, failure) VALUES (?, ?, ?)", .integer(number), .optional(origin),
                .optional(note))
        } else {
            try connection.run("DELETE FROM notes WHERE message = ?", .integer(number))
        }
        record(origin == nil ? .moved(number, queue: target.number) : .deadLettered(number, queue: target.number, failure: note))
        if target.isFIFO { try settle(lane, in: target) }
        transaction.ring(target.bell)
        if target.name.hasPrefix(Messaging.hidden) { transaction.ring(Messaging.courierBell) }
    }

    func group(of lane: Int64) throws(StoreError) -> String? {
        let name = try connection.first("SELECT name FROM lanes WHERE number = ?", .integer(lane), make: { $0.text(0) })
        return name?.isEmpty == false ? name : nil
    }

    // MARK: What is held

    struct Held {
        let number: Int64
        let lane: Int64
        let due: Int64
        let delivery: Int64
        let taken: Int64?
        let body: Int64?
        let isNoted: Bool
    }

    private func held(_ receipt: Messaging.Receipt, in queue: KnownQueue) throws(StoreError) -> Held? {
        let held = try connection.first(
            "SELECT lane, due, delivery, taken, body, noted FROM messages WHERE number = ?", binding: { $0.set(1, receipt.message) }
        ) { row in
            Held(
                number: receipt.message, lane: row.integer(0), due: row.integer(1), delivery: row.integer(2),
                taken: row.optionalInteger(3), body: row.optionalInteger(4), isNoted: !row.isNull(5))
        }
        guard let held, try isLane(held.lane, of: queue) else { return nil }
        return held
    }

    private func inFlight(_ receipt: Messaging.Receipt, in queue: KnownQueue) throws(StoreError) -> Result<Held, MessagingError> {
        guard receipt.isOf(queue: queue.number, try secrets().key) else { return .failure(Messaging.Receipt.invalid) }
        guard let held = try held(receipt, in: queue), held.delivery == receipt.delivery, held.due > now else {
            return .failure(
                MessagingError(.messageNotInflight, "The message is not in flight: it was finished, or its visibility time is over."))
        }
        return .success(held)
    }

    private func setDue(_ due: Int64, of held: Held, in queue: KnownQueue) throws(StoreError) {
        try connection.run(
            "UPDATE messages SET due = ? WHERE number = ?",
            binding: {
                $0.set(1, queue.isFIFO && due <= now ? 0 : due)
                $0.set(2, held.number)
            })
        // Sooner than receivers believe: they are to look again.
        if due < held.due { transaction.ring(queue.bell) }
    }

    func annotate(_ number: Int64, origin: String?, failure: String) throws(StoreError) {
        try connection.run(
            """
            INSERT INTO notes (message, origin, failure) VALUES (?1, ?2, ?3)
            ON CONFLICT (message) DO UPDATE SET failure = ?3
            """, .integer(number), .optional(origin), .text(Rules.failure(failure)))
        try connection.run("UPDATE messages SET noted = 1 WHERE number = ?", .integer(number))
    }
}
