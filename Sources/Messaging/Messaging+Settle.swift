internal import Store

extension Messaging {
    /// Finishes messages: they are gone for good when this returns. Each has a result of its own: `.receiptHandleIsInvalid`, or in a FIFO
    /// queue `.receiptHandleHasExpired`.
    ///
    /// - Throws: `.queueDoesNotExist`.
    package func finish(_ receipts: [Receipt], in queue: String) async throws -> [Result<Settled, MessagingError>] {
        try await settle(receipts, in: queue, .synced) { work, receipt, queue, touched throws(StoreError) in
            try work.finish(receipt, in: queue, &touched)
        }
    }

    /// Changes for how long messages are held; zero gives them back. Each has a result of its own: `.messageNotInflight`,
    /// `.receiptHandleIsInvalid`, `.invalidParameterValue`.
    ///
    /// - Throws: `.queueDoesNotExist`.
    package func changeVisibility(_ changes: [VisibilityChange], in queue: String) async throws -> [Result<Void, MessagingError>] {
        try await settle(changes, in: queue, .ordered) { work, change, queue, touched throws(StoreError) in
            try work.changeVisibility(change, in: queue, &touched)
        }
    }

    private func settle<Item: Sendable, Value: Sendable>(
        _ items: [Item], in queue: String, _ durability: Durability,
        _ body:
            @escaping @Sendable (MessageTransaction, Item, KnownQueue, inout MessageTransaction.Touched) throws(StoreError) ->
            Result<Value, MessagingError>
    ) async throws -> [Result<Value, MessagingError>] {
        var results: [Result<Value, MessagingError>] = []
        var rest = items[...]
        repeat {
            let part = rest.prefix(1_000)
            rest = rest.dropFirst(1_000)
            results += try await write(durability, bytes: 128 * part.count, reclaims: true) { work in
                let queue = try work.queue(queue)
                var touched = MessageTransaction.Touched()
                let results = try part.map { item throws(StoreError) in try body(work, item, queue, &touched) }
                for lane in touched { try work.settle(lane, in: queue) }
                return results
            }
        } while !rest.isEmpty
        return results
    }

    /// Gives a message back that could not be dealt with, and keeps the reason.
    ///
    /// - Parameter retryAfter: 0 to 43,200 s until it may be received again.
    /// - Throws: `.queueDoesNotExist`, `.receiptHandleIsInvalid`, `.messageNotInflight`, `.invalidParameterValue`.
    package func fail(_ receipt: Receipt, in queue: String, reason: String, retryAfter: Duration = .zero) async throws {
        try Rules.check(visibility: retryAfter)
        try await write(.ordered, reclaims: true) { work in
            try work.fail(receipt, reason, retryAfter: retryAfter.milliseconds, in: work.queue(queue))
        }
    }

    /// Moves a message to the dead-letter queue at once, with the reason.
    ///
    /// - Throws: `.queueDoesNotExist`, `.receiptHandleIsInvalid`, `.messageNotInflight`; `.noDeadLetterQueue`.
    package func deadLetter(_ receipt: Receipt, in queue: String, reason: String) async throws {
        try await write(reclaims: true) { work in try work.deadLetter(receipt, reason, in: work.queue(queue)) }
    }
}
