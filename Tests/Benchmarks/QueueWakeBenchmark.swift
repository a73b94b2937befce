import Messaging
import Store

/// A receiver that waits in another process: how soon it has a message, and what it does while there is none.
enum QueueWakeBenchmark: Benchmark {
    static let name = "queue-wake"
    static let summary = "from a send in one process to a receiver parked in another; and the system calls of a parked one in 3 s"

    private static let messages = 100

    static func run(_ session: Session) async throws -> [Figure] {
        let home = session.freshPath()
        defer { session.remove(home) }
        let queue = try await HotQueue(home: home)
        let child = try Child.play(ParkedRole.self, [home])
        guard child.readLine() == "ready" else { throw Child.Failure(description: "the receiver did not start") }
        var (medians, worst): ([Double], [Double]) = ([], [])
        for round in 0...session.rounds {
            var times: [Double] = []
            for _ in 0..<messages {
                // It has finished the last one and waits again.
                try await Task.sleep(for: .milliseconds(8))
                try await queue.send(of: Array(String(MonotonicTime.now).utf8))
                guard let nanoseconds = child.readLine().flatMap({ Double($0) }) else {
                    throw Child.Failure(description: "the receiver ended early")
                }
                times.append(nanoseconds / 1e6)
            }
            // The first is not counted.
            guard round > 0 else { continue }
            medians.append(times.median)
            worst.append(times.sorted()[messages * 99 / 100])
        }
        queue.messaging.close()
        try child.finish()
        let latencies = [
            Figure("queue-wake, send to received, median", "ms", medians, goal: .atMost(2)),
            Figure("queue-wake, send to received, p99", "ms", worst),
        ]
        guard (try? Tracer(session)) != nil else { return latencies }
        let quiet = session.freshPath()
        defer { session.remove(quiet) }
        return latencies + (try await IdleBenchmark.figures("queue-wake, parked", session, ParkedRole.self, [quiet]))
    }
}

/// `home`: receives and finishes, one message after the other; prints how long after the time in its body each was here.
enum ParkedRole: Role {
    static let name = "parked-role"

    static func run(_ arguments: [String]) async throws {
        let queue = try await HotQueue(home: arguments[0])
        let receiving = Task {
            do {
                while true {
                    for received in try await queue.messaging.receive(from: HotQueue.name, wait: .seconds(20)) {
                        let time = MonotonicTime.now
                        _ = try await queue.messaging.finish([received.receipt], in: HotQueue.name)
                        say(String(time - (Int(String(decoding: received.body, as: UTF8.self)) ?? 0)))
                    }
                }
            } catch {
                say("ended by \(error)")
            }
        }
        say("ready")
        waitForEndOfInput()
        receiving.cancel()
        _ = await receiving.result
        queue.messaging.close()
    }
}
