import Foundation
import Messaging
import Store

/// Whole lives of messages, by tasks of one process and by processes, against C that sends, receives and finishes 64 a transaction.
enum QueueLifeBenchmark: Benchmark {
    static let name = "queue-lives"
    static let summary = "sent, received and finished: 64 + 64 tasks of one process, then of 4 + 4, against SQLite from C, 64 a transaction"

    static let tasks = 64
    private static let each = 500
    private static let processes = 4

    static func run(_ session: Session) async throws -> [Figure] {
        let reference = try QueueReference(session)
        var (inOne, inMany) = (Pairs(), Pairs())
        for round in 0...session.rounds {
            let one = try await HotQueue.with(session) { try await $0.lives(tasks, tasks, each: each) }
            let grouped = try reference.rate(.lives, of: tasks, transactions: each)
            let many = try await lives(session)
            // The first is not counted.
            guard round > 0 else { continue }
            inOne.add(one, grouped)
            inMany.add(many, grouped)
        }
        return [
            Figure("queue-lives, 64 + 64 tasks", "1/s", inOne, goal: .ratioAtLeast(0.5)),
            Figure("queue-lives, 4 + 4 processes of 16 tasks", "1/s", inMany, goal: .ratioAtLeast(0.25)),
        ]
    }

    /// Lives a second, from the word to the producers until the last message is finished.
    private static func lives(_ session: Session) async throws -> Double {
        let home = session.freshPath()
        defer { session.remove(home) }
        try await HotQueue(home: home).messaging.close()
        let share = String(tasks / processes)
        let consumers = try (0..<processes).map { _ in try Child.play(ConsumingRole.self, [home, share]) }
        let producers = try (0..<processes).map { _ in try Child.play(ProducingRole.self, [home, share, String(each)]) }
        for child in consumers + producers where child.readLine() != "ready" {
            throw Child.Failure(description: "a process did not start")
        }
        let start = MonotonicTime.now
        for child in producers { try child.say("go") }
        for child in producers { try child.finish() }
        let ends = try consumers.map { consumer in
            let words = (consumer.readLine() ?? "").split(separator: " ").compactMap { Int($0) }
            try consumer.finish()
            guard words.count == 2 else { throw Child.Failure(description: "a consumer ended early") }
            return (count: words[0], last: words[1])
        }
        let finished = ends.reduce(0) { $0 + $1.count }
        guard finished == tasks * each else { throw Child.Failure(description: "\(finished) messages were finished, not \(tasks * each)") }
        return Double(finished) * 1e9 / Double((ends.map(\.last).max() ?? 0) - start)
    }
}

/// `home tasks each`: says that it is ready, and on a word sends, one message at a time in each task.
enum ProducingRole: Role {
    static let name = "producing-role"

    static func run(_ arguments: [String]) async throws {
        let queue = try await HotQueue(home: arguments[0])
        say("ready")
        _ = readLine()
        try await queue.produce(Int(arguments[1]) ?? 1, each: Int(arguments[2]) ?? 1)
        queue.messaging.close()
    }
}

/// `home tasks`: consumes until nothing has come for a while; prints how many it finished, and when it did so last.
enum ConsumingRole: Role {
    static let name = "consuming-role"

    static func run(_ arguments: [String]) async throws {
        let queue = try await HotQueue(home: arguments[0])
        say("ready")
        let (count, last) = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for _ in 0..<(Int(arguments[1]) ?? 1) {
                group.addTask {
                    var (finished, last) = (0, 0)
                    while case let count = try await queue.consume(wait: finished == 0 ? .seconds(10) : .seconds(2)), count > 0 {
                        finished += count
                        last = MonotonicTime.now
                    }
                    return (finished, last)
                }
            }
            return try await group.reduce((0, 0)) { ($0.0 + $1.0, max($0.1, $1.1)) }
        }
        say("\(count) \(last)")
        queue.messaging.close()
    }
}

/// A time that the processes of a machine share, in nanoseconds.
enum MonotonicTime {
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
    }
}
