internal import Store

extension Messaging {
    /// Receives messages: some of those that are there, or the first that come while it waits.
    ///
    /// - Parameters:
    ///   - maximum: 1 or more.
    ///   - visibility: for how long nobody else gets them, 0 to 43,200 s; the queue's when `nil`.
    ///   - wait: how long to wait when there is nothing; the queue's when `nil`, zero to look once.
    ///   - attempt: FIFO queues: within five minutes the same attempt gets the same messages again, unless they were touched.
    /// - Returns: empty when the wait was over.
    /// - Throws: `.queueDoesNotExist`, also when the queue is deleted meanwhile; `.overLimit`; `CancellationError`: what was handed to a
    ///   caller that was cancelled is given back as if it had not been received.
    package func receive(
        from queue: String, maximum: Int = 1, visibility: Duration? = nil, wait: Duration? = nil, attempt: String? = nil
    ) async throws -> [Received] {
        guard maximum > 0 else { throw Rules.invalid("One message or more is received, not \(maximum).") }
        if let visibility { try Rules.check(visibility: visibility) }
        if let wait, wait < .zero { throw Rules.invalid("A wait is not negative.") }
        let demand = Demand(maximum: min(maximum, 10_000), visibility: visibility?.milliseconds, attempt: attempt)
        if wait != .zero, attempt == nil, let desk = desks.desk(queue) {
            // Those who wait already know that there is nothing: no look of one's own, unless there is something for one's own attempt.
            if let received = try await desk.receive(demand, wait: wait, since: nil) { return received }
        }
        let rings = store.home.rings(of: Self.bell(queue: queue))
        let start = ContinuousClock.now
        var number: Int64?
        while true {
            let look = try await look(at: queue, number: number, [demand])
            number = look.number
            if let received = look.results.first, !received.isEmpty {
                guard Task.isCancelled else { return received }
                // Awaited, yet not to be cancelled with its caller.
                await Task { await giveBack(received.map(\.receipt), in: queue) }.value
                throw CancellationError()
            }
            try Task.checkCancellation()
            guard look.isExhausted else { continue }
            let wait = wait ?? look.wait
            guard wait > .zero else { return [] }
            let desk = desks.open(queue, number: look.number, messaging: self, rings: rings, look)
            if let received = try await desk.receive(demand, wait: wait, since: start) { return received }
        }
    }

    /// What one look into a queue brought to those who asked.
    struct Look: Sendable {
        let number: Int64
        let wait: Duration
        var results: [[Received]] = []
        /// Whether there was nothing left.
        var isExhausted = true
        /// When there may be something again, without a ring.
        var next: HomeTime?
    }

    /// One transaction for all who ask, in the order they came.
    ///
    /// - Parameter number: that of the queue as those who ask know it; one made anew under its name is not theirs.
    func look(at queue: String, number: Int64?, _ demands: [Demand]) async throws -> Look {
        try await write(.ordered, bytes: demands.reduce(256) { $0 + 128 * min($1.maximum, 64) }, reclaims: true) { work in
            let known = try work.queue(queue)
            guard number == nil || number == known.number else { throw MessagingError.noQueue(queue) }
            var look = Look(number: known.number, wait: known.configuration.wait)
            for (index, demand) in demands.enumerated() {
                let taken: MessageTransaction.Taken
                do { taken = try work.take(demand, from: known) } catch  where index > 0 && error is MessagingError {
                    // Those before have theirs; the next look says it to the rest.
                    look.isExhausted = false
                    break
                }
                look.results.append(taken.messages)
                if taken.messages.isEmpty {
                    look.isExhausted = taken.isExhausted
                    break
                }
            }
            if look.isExhausted { look.next = try work.nextDue(in: known).map { HomeTime(milliseconds: $0) } }
            return look
        }
    }

    func giveBack(_ receipts: [Receipt], in queue: String) async {
        // Should it fail, the messages are visible again when their time is over.
        try? await write(.ordered, reclaims: true) { work in try work.giveBack(receipts, in: work.queue(queue)) }
    }
}
