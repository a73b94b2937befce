internal import Store

extension Messaging {
    /// Sends messages, in order; each is durable when this returns, or has an error of its own.
    ///
    /// A message of a FIFO queue whose deduplication id was used within five minutes is not sent: the result is the earlier one's. More than
    /// a thousand messages or a MiB go in several transactions.
    ///
    /// - Throws: `.queueDoesNotExist`. A `StoreError` from a later transaction leaves what earlier ones sent.
    package func send(_ messages: [Outgoing], to queue: String) async throws -> [Result<Sent, MessagingError>] {
        let isFIFO = Rules.isFIFO(queue)
        // Checked and encoded here as far as can be, and not in the transaction: callers do it side by side.
        let prepared = messages.map { message in
            Result { () throws(MessagingError) in try PreparedMessage(message, isFIFO: isFIFO) }
        }
        return try await inParts(prepared, size: \.size) { work, part in
            let queue = try work.queue(queue)
            return try Self.each(part) { try work.send($0, to: queue) }
        }
    }

    /// Does something with each of the items, whose broken rules are their own.
    static func each<Item, Value>(
        _ items: some Sequence<Result<Item, MessagingError>>, _ body: (Item) throws -> Value
    ) throws -> [Result<Value, MessagingError>] {
        try items.map { item throws in
            do {
                return .success(try body(item.get()))
            } catch let error as MessagingError {
                return .failure(error)
            }
        }
    }

    /// Writes items in order, a thousand of them or a MiB to a transaction.
    func inParts<Item: Sendable, Value: Sendable>(
        _ items: [Result<Item, MessagingError>], size: @Sendable (Item) -> Int,
        _ body: @escaping @Sendable (MessageTransaction, ArraySlice<Result<Item, MessagingError>>) throws -> [Result<Value, MessagingError>]
    ) async throws -> [Result<Value, MessagingError>] {
        var results: [Result<Value, MessagingError>] = []
        var start = 0
        repeat {
            var end = start
            var bytes = 0
            while end < items.count, end - start < 1_000, end == start || bytes < 1 << 20 {
                if case .success(let item) = items[end] { bytes += size(item) + 256 }
                end += 1
            }
            let part = items[start..<end]
            do {
                results += try await write(bytes: bytes) { work in try body(work, part) }
            } catch let error as StoreError where !results.isEmpty {
                // Not an error that says that nothing was done: some of it was.
                throw StoreError(
                    .outcomeUnknown,
                    "The first \(results.count) of \(items.count) messages were dealt with before the others failed: \(error.message)")
            }
            start = end
        } while start < items.count
        return results
    }

    /// Takes a message back that nobody has received yet.
    ///
    /// - Throws: `.queueDoesNotExist`; `.messageDoesNotExist`; `.messageInFlight` when somebody has received it.
    package func cancel(_ id: MessageID, in queue: String) async throws {
        try await write(reclaims: true) { work in
            let queue = try work.queue(queue)
            let row = try work.connection.first(
                "SELECT lane, first, body, noted FROM messages WHERE number = ?", .integer(id.number),
                make: { (lane: $0.integer(0), isReceived: !$0.isNull(1), body: $0.optionalInteger(2), isNoted: !$0.isNull(3)) })
            guard let row, id == MessageID(salt: try work.secrets().salt, number: id.number), try work.isLane(row.lane, of: queue) else {
                throw MessagingError(.messageDoesNotExist, "There is no message \(id) in the queue \(Rules.quoted(queue.name)).")
            }
            guard !row.isReceived else {
                throw MessagingError(.messageInFlight, "The message \(id) was received already, so it cannot be cancelled.")
            }
            try work.remove(message: id.number, body: row.body, isNoted: row.isNoted)
            work.record(.cancelled(id.number))
            try work.settle(row.lane, in: queue)
        }
    }
}
