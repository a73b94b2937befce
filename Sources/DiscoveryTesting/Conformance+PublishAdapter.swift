public import DiscoveryKit

extension Conformance {
    /// The checks of an adapter for topics. Those whose resource is `nil` are left out. What is published is looked for in queues, which are to
    /// be empty and subscribed raw and without a filter; they are used by one check after the other, and left empty by those that pass.
    ///
    /// - Parameters:
    ///   - topic: a topic without order.
    ///   - subscribers: the queues that are subscribed to it; two or more show that a message is for all of them.
    ///   - fifo: a topic that keeps the order inside groups, and the FIFO queue that is subscribed to it.
    ///   - missing: where no topic is.
    ///   - queues: the adapter that speaks to the queues.
    ///   - patience: how long one step may take before it counts as hanging.
    public static func checks(
        ofPublishAdapter adapter: any PublishAdapter, topic: Resource, subscribers: [Resource],
        fifo: (topic: Resource, subscriber: Resource)? = nil, missing: Resource? = nil, queues: any QueueAdapter,
        patience: Duration = .seconds(20)
    ) -> [Check] {
        let trial = PublishTrial(adapter: adapter, topic: topic, subscribers: subscribers, queues: queues, patience: patience)
        var checks = [
            Check("publish adapter: it accepts its topics, and nothing else") {
                try trial.accepts([topic, fifo?.topic, missing].compactMap { $0 })
            },
            Check("publish adapter: body, attributes and trace arrive at every subscriber as they were published") {
                try await trial.passesMessages()
            },
            Check("publish adapter: many messages are published at once, each with a result, and each once") {
                try await trial.publishesMany()
            },
            Check("publish adapter: messages that are published side by side are not mixed up") { try await trial.publishesSideBySide() },
            Check("publish adapter: a message that breaks a rule is refused alone") { try await trial.refusesAlone() },
        ]
        if let fifo {
            checks += [
                Check("publish adapter: a FIFO topic keeps the order inside a group") {
                    try await trial.keepsOrder(of: fifo.topic, in: fifo.subscriber)
                },
                Check("publish adapter: a FIFO topic takes a message that is published again for the same one") {
                    try await trial.deduplicates(fifo.topic, in: fifo.subscriber)
                },
            ]
        }
        if let missing {
            checks.append(Check("publish adapter: where no topic is, is `.notFound`") { try await trial.reportsMissing(missing) })
        }
        return checks
    }
}
