public import DiscoveryKit

extension Conformance {
    /// The checks of an adapter for queues. Those whose resource is `nil` are left out. The queues are to be empty, are used by one check after
    /// the other, and are left empty by those that pass.
    ///
    /// - Parameters:
    ///   - queue: a queue without order, of which ``deadLetters`` is the dead-letter queue, if that is given.
    ///   - deadLetters: its dead-letter queue, which has none itself.
    ///   - fifo: a queue that keeps the order inside groups.
    ///   - missing: where no queue is.
    ///   - patience: how long one step may take before it counts as hanging.
    public static func checks(
        ofQueueAdapter adapter: any QueueAdapter, queue: Resource, deadLetters: Resource? = nil, fifo: Resource? = nil,
        missing: Resource? = nil, patience: Duration = .seconds(20)
    ) -> [Check] {
        let trial = QueueTrial(adapter: adapter, queue: queue, patience: patience)
        var checks = [
            Check("queue adapter: it accepts its queues, and nothing else") {
                try trial.accepts([queue, deadLetters, fifo, missing].compactMap { $0 })
            },
            Check("queue adapter: body, attributes and trace arrive as they were sent") { try await trial.passesMessages() },
            Check("queue adapter: many messages are sent at once, each with a result") { try await trial.sendsMany() },
            Check("queue adapter: receiving waits for the first message, and no longer than asked") { try await trial.waits() },
            Check("queue adapter: a cancelled receive ends, and loses no message") { try await trial.losesNothing() },
            Check("queue adapter: what is held by one is not given to another until its time is over") { try await trial.hides() },
            Check("queue adapter: a lease that is extended lasts longer") { try await trial.extends() },
            Check("queue adapter: what is given back comes at once, or after its delay") { try await trial.givesBack() },
            Check("queue adapter: what is finished never comes again") { try await trial.finishes() },
            Check("queue adapter: a receipt that is not the last one is `.leaseLost`") { try await trial.refusesOldReceipts() },
        ]
        if let deadLetters {
            checks.append(
                Check("queue adapter: a message is moved to the dead-letter queue, if there is one") {
                    try await trial.deadLetters(to: deadLetters)
                })
        }
        if let fifo {
            checks.append(Check("queue adapter: a FIFO queue keeps the order inside a group") { try await trial.keepsOrder(in: fifo) })
        }
        if let missing {
            checks.append(Check("queue adapter: where no queue is, is `.notFound`") { try await trial.reportsMissing(missing) })
        }
        return checks
    }
}
