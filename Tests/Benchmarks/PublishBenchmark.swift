import Messaging
import Store

/// Publishing against sending: what a message costs that goes to ten queues, that a thousand subscriptions refuse, and that goes to one of a
/// hundred topics.
enum PublishBenchmark: Benchmark {
    static let name = "publish"
    static let summary = "messages of 1 KiB by 64 publishers: to 10 queues, past 1,000 filters, to 100 topics; against sending to one queue"

    private static let publishers = 64
    private static let each = 300

    static func run(_ session: Session) async throws -> [Figure] {
        var (wide, refused, topics, apart, noted) = (Pairs(), Pairs(), Pairs(), Pairs(), Pairs())
        for round in 0...session.rounds {
            let send = try await cost(session) { queue, _, _ in try await queue.send() }
            let ten = try await cost(session, queues: 10) { queue, _, _ in try await publish(queue, "topic0") }
            let filtered = try await cost(session, filters: 1_000) { queue, _, _ in try await publish(queue, "topic0") }
            let one = try await cost(session) { queue, _, _ in try await publish(queue, "topic0") }
            let hundred = try await cost(session, topics: 100) { queue, publisher, number in
                try await publish(queue, "topic\((publisher * 31 + number) % 100)")
            }
            let spread = try await cost(session, topics: 100, areApart: true) { queue, publisher, number in
                try await publish(queue, "topic\((publisher * 31 + number) % 100)")
            }
            // To ten queues there is the most to note.
            let unnoted = try await cost(session, queues: 10, keepsJourneys: false) { queue, _, _ in try await publish(queue, "topic0") }
            let again = try await cost(session, queues: 10) { queue, _, _ in try await publish(queue, "topic0") }
            // The first is not counted.
            guard round > 0 else { continue }
            noted.add(again, unnoted)
            wide.add(ten, send)
            refused.add(filtered, send)
            topics.add(hundred, one)
            apart.add(spread, one)
        }
        return [
            Figure("publish to 10 queues, against a send, µs", "", wide, goal: .ratioAtMost(3)),
            Figure("publish past 1,000 filters, against a send, µs", "", refused, goal: .ratioAtMost(1.5)),
            Figure("publish to 100 topics, against one, µs", "", topics, goal: .ratioAtMost(1.1)),
            Figure("publish to 100 topics, a queue each, against one, µs", "", apart),
            Figure("publish to 10 queues with its journey, against without, µs", "", noted, goal: .ratioAtMost(1.05)),
        ]
    }

    private static func publish(_ queue: HotQueue, _ topic: String) async throws {
        _ = try await queue.messaging.publish([Messaging.Publication(HotQueue.body)], to: topic)[0].get()
    }

    /// Microseconds a message, all publishers together.
    ///
    /// - Parameters:
    ///   - queues: how many subscribe to each topic.
    ///   - areApart: whether each topic has queues of its own: a transaction then writes to as many places.
    ///   - filters: how many more do that refuse everything.
    private static func cost(
        _ session: Session, topics: Int = 1, queues: Int = 1, areApart: Bool = false, filters: Int = 0, keepsJourneys: Bool = true,
        _ body: @escaping @Sendable (HotQueue, Int, Int) async throws -> Void
    ) async throws -> Double {
        try await HotQueue.with(session, keepsJourneys: keepsJourneys) { queue in
            let messaging = queue.messaging
            for topic in 0..<topics {
                _ = try await messaging.createTopic("topic\(topic)")
                for index in 0..<queues {
                    _ = try await messaging.createQueue("queue\(areApart ? topic : 0)-\(index)")
                    _ = try await messaging.subscribe(
                        .queue("queue\(areApart ? topic : 0)-\(index)"), to: "topic\(topic)", .init(isRaw: true))
                }
            }
            for index in 0..<filters {
                let filter = try Messaging.FilterPolicy(parsing: #"{"customer": ["c\#(index)"]}"#, scope: .attributes)
                _ = try await messaging.createQueue("refusing\(index)")
                _ = try await messaging.subscribe(.queue("refusing\(index)"), to: "topic0", .init(filter: filter, isRaw: true))
            }
            try await body(queue, 0, 0)
            let time = try await nanoseconds {
                try await withThrowingTaskGroup { group in
                    for publisher in 0..<publishers {
                        group.addTask { for number in 0..<each { try await body(queue, publisher, number) } }
                    }
                    try await group.waitForAll()
                }
            }
            return time / 1_000 / Double(publishers * each)
        }
    }
}
