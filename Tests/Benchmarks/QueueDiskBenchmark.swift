import Foundation
import Messaging
import Store

/// What a hot queue leaves on the disk when others' messages stay: the room of those that are gone is used again, and given back.
enum QueueDiskBenchmark: Benchmark {
    static let name = "queue-disk"
    static let summary =
        "disk used beyond twice what is live, while messages (--messages) pass a queue and 1 % stay in its dead-letter queue"

    private static let failed = "failed"
    private static let group = 1_000
    private static let megabyte = 1_048_576.0

    static func run(_ session: Session) async throws -> [Figure] {
        let home = session.freshPath()
        defer { session.remove(home) }
        let queue = try await HotQueue(home: home, named: failed)
        _ = try await queue.messaging.createQueue(
            HotQueue.name, Messaging.QueueConfiguration(redrive: Messaging.RedrivePolicy(deadLetterQueue: failed)))
        var (live, most) = (0, 0.0)
        for number in 1...max(1, session.messages / group) {
            try await queue.send(group)
            let receipts = try await queue.messaging.receive(from: HotQueue.name, maximum: group, wait: .zero).map(\.receipt)
            let (bad, good) = (receipts.prefix(receipts.count / 100), receipts.dropFirst(receipts.count / 100))
            try await withThrowingTaskGroup { tasks in
                for receipt in bad {
                    tasks.addTask { try await queue.messaging.deadLetter(receipt, in: HotQueue.name, reason: "the hundredth") }
                }
                for result in try await queue.messaging.finish(Array(good), in: HotQueue.name) { _ = try result.get() }
                try await tasks.waitForAll()
            }
            live += bad.count
            if number.isMultiple(of: 10) { most = max(most, (use(of: home) - 2 * Double(live * HotQueue.body.count)) / megabyte) }
        }
        let kept = try await queue.messaging.counts(of: failed)
        guard kept.waiting == live else {
            throw Child.Failure(description: "\(kept.waiting) messages in the dead-letter queue, not \(live)")
        }
        let full = use(of: home) / megabyte
        while case let receipts = try await queue.messaging.receive(from: failed, maximum: group, wait: .zero).map(\.receipt),
            !receipts.isEmpty
        {
            for result in try await queue.messaging.finish(receipts, in: failed) { _ = try result.get() }
        }
        let drained = try await smallestUse(of: home) / megabyte
        queue.messaging.close()
        let liveMegabytes = Double(live * HotQueue.body.count) / megabyte
        return [
            Figure("queue-disk, beyond 2 x live bytes, at most", "MiB", [most], goal: .atMost(64)),
            Figure("queue-disk, with \(Table.number(liveMegabytes)) MiB live", "MiB", [full]),
            Figure("queue-disk, drained", "MiB", [drained], goal: .atMost(64)),
        ]
    }

    /// The least within a while: what is given back when the home is quiet takes its time.
    private static func smallestUse(of home: String) async throws -> Double {
        var least = use(of: home)
        for _ in 0..<15 {
            try await Task.sleep(for: .seconds(1))
            least = min(least, use(of: home))
        }
        return least
    }

    /// Bytes on the disk, of every file of the home, but for the room that is set aside on purpose.
    private static func use(of home: String) -> Double {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        return names.filter { $0 != "ballast" }.reduce(0) { sum, name in
            var status = stat()
            return stat("\(home)/\(name)", &status) == 0 ? sum + Double(status.st_blocks) * 512 : sum
        }
    }
}
