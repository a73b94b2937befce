import Foundation
import Messaging
import Store

/// A backlog lies on the disk: neither who makes it nor who works beside it holds it in memory.
enum QueueMemoryBenchmark: Benchmark {
    static let name = "queue-memory"
    static let summary =
        "the most memory a process held that filled a queue (--messages), and one that then sent, received, peeked and counted"

    static func run(_ session: Session) async throws -> [Figure] {
        guard MemoryRole.peak != nil else { throw Skipped(reason: "this system does not say how much memory a process held") }
        let home = session.freshPath()
        defer { session.remove(home) }
        func peak(_ deed: String, _ count: Int) throws -> Double {
            guard
                let kilobytes = Double(
                    try Child.play(MemoryRole.self, [home, deed, String(count)]).finish().split(separator: "\n").last ?? "")
            else { throw Child.Failure(description: "the process did not say how much memory it held") }
            return kilobytes / 1_024
        }
        let empty = try peak("work", 1_000)
        let filling = try peak("fill", session.messages)
        let working = try peak("work", 20_000)
        return [
            Figure("queue-memory, filling with \(session.messages)", "MiB at most", [filling], goal: .atMost(64)),
            Figure("queue-memory, working beside them", "MiB at most", [working], goal: .atMost(64)),
            Figure("queue-memory, of which without them", "MiB at most", [empty]),
        ]
    }
}

/// `home fill|work count`: prints the most memory it held, in KiB.
enum MemoryRole: Role {
    static let name = "memory-role"

    /// Few bytes each: it is their number that counts.
    private static let body = [UInt8](repeating: UInt8(ascii: "x"), count: 64)

    static func run(_ arguments: [String]) async throws {
        let queue = try await HotQueue(home: arguments[0])
        let count = Int(arguments[2]) ?? 0
        switch arguments[1] {
        case "fill":
            for start in stride(from: 0, to: count, by: 1_000) { try await queue.send(min(1_000, count - start), of: body) }
        default:
            for _ in 0..<(count / 1_000) {
                try await queue.send(1_000, of: body)
                for _ in 0..<100 { _ = try await queue.consume(wait: .zero) }
            }
            _ = try await queue.messaging.counts(of: HotQueue.name)
            _ = try await queue.messaging.peek(at: HotQueue.name, limit: 100)
        }
        queue.messaging.close()
        say(String(peak ?? 0))
    }

    /// In KiB.
    static var peak: Int? {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }
}
