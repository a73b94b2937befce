import Messaging
import Store

/// A receive is to cost the same whatever waits behind what it takes.
enum QueueReceiveBenchmark: Benchmark {
    static let name = "queue-receive"
    static let summary = "receiving ten from a queue of a million, against a queue of a thousand; and the latter against SQLite from C"

    private static let receives = 50
    private static let slices = 4

    static func run(_ session: Session) async throws -> [Figure] {
        let reference = try QueueReference(session)
        let homes = (session.freshPath(), session.freshPath())
        defer { [homes.0, homes.1].forEach(session.remove) }
        let (deep, shallow) = (try await HotQueue(home: homes.0), try await HotQueue(home: homes.1))
        for _ in 0..<1_000 { try await deep.send(1_000) }
        try await shallow.send(1_000)
        var (pairs, rates) = (Pairs(), Pairs())
        for round in 0...session.rounds {
            var (left, right): ([Double], [Double]) = ([], [])
            for _ in 0..<slices {
                left += try await times(deep)
                right += try await times(shallow)
            }
            let plain = try reference.rate(.receives, of: HotQueue.batch, transactions: 100, backlog: 1_000)
            // The first is not counted.
            guard round > 0 else { continue }
            pairs.add(left.median, right.median)
            rates.add(Double(HotQueue.batch) * 1e6 / right.median, plain)
        }
        deep.messaging.close()
        shallow.messaging.close()
        return [
            Figure("queue-receive, of a million against a thousand", "µs", pairs, goal: .ratioAtMost(1.25)),
            Figure("queue-receive, ten at a time, one caller", "1/s", rates),
        ]
    }

    /// Microseconds of each receive. What was taken is finished and sent anew afterwards: the queue stays as long as it was.
    private static func times(_ queue: HotQueue) async throws -> [Double] {
        var times: [Double] = []
        var receipts: [Messaging.Receipt] = []
        for _ in 0..<receives {
            var received: [Messaging.Received] = []
            let time = try await nanoseconds {
                received = try await queue.messaging.receive(from: HotQueue.name, maximum: HotQueue.batch, wait: .zero)
            }
            guard received.count == HotQueue.batch else { throw Child.Failure(description: "a receive brought \(received.count) messages") }
            times.append(time / 1_000)
            receipts += received.map(\.receipt)
        }
        for result in try await queue.messaging.finish(receipts, in: HotQueue.name) { _ = try result.get() }
        try await queue.send(receipts.count)
        return times
    }
}
