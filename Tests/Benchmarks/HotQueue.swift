import Foundation
import Messaging
import Store
import Synchronization

/// A queue in a home of its own, and what the benchmarks of queues do with one.
struct HotQueue: Sendable {
    static let name = "jobs"
    static let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1_024)
    /// What a consumer takes at a time: as many as SQS gives.
    static let batch = 10

    let home: String
    let messaging: Messaging

    /// Opens the home and makes the queue, where it is not there yet.
    init(
        home: String, named names: String..., configuration: Messaging.QueueConfiguration = .init(), keepsJourneys: Bool = true
    ) async throws {
        self.home = home
        messaging = try Messaging(Home(path: home), keepsJourneys: keepsJourneys)
        for name in names.isEmpty ? [Self.name] : names { _ = try await messaging.createQueue(name, configuration) }
    }

    /// Runs `body` with a queue in a fresh home, which goes afterwards.
    static func with<Value>(
        _ session: Session, keepsJourneys: Bool = true, _ body: (HotQueue) async throws -> Value
    ) async throws -> Value {
        let home = session.freshPath()
        defer { session.remove(home) }
        let queue = try await HotQueue(home: home, keepsJourneys: keepsJourneys)
        defer { queue.messaging.close() }
        return try await body(queue)
    }

    func send(_ count: Int = 1, of body: [UInt8] = Self.body, to name: String = Self.name) async throws {
        let message = Messaging.Outgoing(body)
        for result in try await messaging.send(Array(repeating: message, count: count), to: name) { _ = try result.get() }
    }

    /// - Returns: how many it took and finished.
    func consume(wait: Duration) async throws -> Int {
        let received = try await messaging.receive(from: Self.name, maximum: Self.batch, wait: wait)
        guard !received.isEmpty else { return 0 }
        var finished = 0
        for result in try await messaging.finish(received.map(\.receipt), in: Self.name) where try result.get() == .finished {
            finished += 1
        }
        return finished
    }

    /// So many producers, each of which sends one message at a time.
    func produce(_ producers: Int, each: Int) async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<producers {
                group.addTask { for _ in 0..<each { try await send() } }
            }
            try await group.waitForAll()
        }
    }

    /// Whole lives of messages a second: producers that send one message at a time, consumers that take up to ten and finish them together.
    func lives(_ producers: Int, _ consumers: Int, each: Int) async throws -> Double {
        let total = producers * each
        let progress = Progress()
        let time = try await nanoseconds {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<consumers {
                    group.addTask {
                        while progress.finished.load(ordering: .relaxed) < total {
                            let count = try await consume(wait: .seconds(20))
                            if progress.finished.add(count, ordering: .relaxed).newValue == total { return true }
                        }
                        return false
                    }
                }
                group.addTask {
                    try await produce(producers, each: each)
                    return false
                }
                // Those that wait for more are no longer needed; how they end is not measured apart.
                while let isLast = try await group.next() { if isLast { break } }
                group.cancelAll()
                while let end = await group.nextResult() {
                    if case .failure(let error) = end, !(error is CancellationError) { throw error }
                }
            }
        }
        return Double(total) * 1e9 / time
    }
}

/// What the consumers of a queue have done together.
private final class Progress: Sendable {
    let finished = Atomic(0)
}

/// The reference in C, in one of its modes.
struct QueueReference {
    private let program: String
    private let session: Session

    init(_ session: Session) throws {
        self.session = session
        program = try session.reference("queue")
    }

    enum Mode: String { case sends, lives, receives }

    /// Messages a second.
    func rate(_ mode: Mode, of group: Int, transactions: Int, backlog: Int? = nil) throws -> Double {
        let path = session.freshPath()
        defer { [path, path + "-wal", path + "-shm"].forEach(session.remove) }
        let arguments = [mode.rawValue, path, String(group), String(transactions)] + (backlog.map { [String($0)] } ?? [])
        return Double(group * transactions) / (try seconds(of: [program] + arguments))
    }
}

/// What a reference says it took.
func seconds(of command: [String]) throws -> Double {
    let output = try Child.output(of: command)
    guard let seconds = Double(output.split(separator: "\n").first ?? "") else {
        throw Child.Failure(description: "the reference did not say how long it took")
    }
    return seconds
}
