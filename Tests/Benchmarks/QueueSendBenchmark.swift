import Messaging
import Store

/// Durable sends against C that puts the same bytes into two tables and an index, and knows nothing of callers and rules.
enum QueueSendBenchmark: Benchmark {
    static let name = "queue-send"
    static let summary = "messages of 1 KiB, 256 a call, by 256 callers, and one after another, against SQLite from C"

    private static let group = 256
    private static let calls = 160
    private static let single = 2_000

    static func run(_ session: Session) async throws -> [Figure] {
        let reference = try QueueReference(session)
        var (bulk, callers, one) = (Pairs(), Pairs(), Pairs())
        for round in 0...session.rounds {
            let many = try await rate(session, of: group * calls) { queue in for _ in 0..<calls { try await queue.send(group) } }
            let grouped = try reference.rate(.sends, of: group, transactions: calls)
            let each = try await rate(session, of: group * calls) { queue in try await queue.produce(group, each: calls) }
            let lone = try await rate(session, of: single) { queue in try await queue.produce(1, each: single) }
            let alone = try reference.rate(.sends, of: 1, transactions: single)
            // The first is not counted.
            guard round > 0 else { continue }
            bulk.add(many, grouped)
            callers.add(each, grouped)
            one.add(lone, alone)
        }
        return [
            Figure("queue-send, 256 a call", "1/s", bulk, goal: .ratioAtLeast(0.7)),
            Figure("queue-send, 256 callers, one each", "1/s", callers, goal: .ratioAtLeast(0.5)),
            Figure("queue-send, one after another", "1/s", one, goal: .ratioAtLeast(0.7)),
        ]
    }

    /// Messages a second.
    static func rate(_ session: Session, of count: Int, _ body: (HotQueue) async throws -> Void) async throws -> Double {
        try await HotQueue.with(session) { queue in
            try await queue.send()
            return Double(count) * 1e9 / (try await nanoseconds { try await body(queue) })
        }
    }
}
