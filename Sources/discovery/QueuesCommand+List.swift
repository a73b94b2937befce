import ArgumentParser
import DiscoveryKit
import Foundation
import Messaging
import Store

extension QueuesCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists queues: what waits, is in flight or delayed, and for how long the next has waited.",
            discussion: """
                With --watch it is printed anew whenever it has changed: at once when a message arrives, and else within a second.

                Examples: discovery queues ls
                          discovery queues ls jobs --watch
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: "Only queues whose names begin so.") var prefix = ""
        @Flag(help: "Print it again whenever it has changed, until Control-C.") var watch = false

        func run() async throws {
            if watch { return try await common.withDiscovery { try await $0.withMessages(keepShowing) } }
            let rows = try await common.withDiscovery { discovery in
                try await discovery.withMessages { messaging in
                    try await counted(messaging, queues(in: messaging))
                }
            }
            if common.json { return try Output.print(json: rows) }
            if rows.isEmpty {
                return Output.print(
                    prefix.isEmpty ? "There is no queue yet. Make one: discovery queues create --help" : "No queue's name begins so.")
            }
            Output.print(table(rows))
        }

        private func queues(in messaging: Messaging) async throws -> [Messaging.Queue] {
            var all: [Messaging.Queue] = []
            while true {
                let page = try await messaging.queues(prefix: prefix, after: all.last?.name)
                all += page
                if page.isEmpty { return all }
            }
        }

        private func counted(_ messaging: Messaging, _ queues: [Messaging.Queue]) async throws -> [QueueRow] {
            var rows: [QueueRow] = []
            for queue in queues {
                do {
                    rows.append(QueueRow(queue, try await messaging.counts(of: queue.name)))
                } catch let error as MessagingError where error.code == .queueDoesNotExist {
                    // Deleted since it was listed.
                }
            }
            return rows
        }

        private func table(_ rows: [QueueRow]) -> String {
            Output.table(
                ["QUEUE", "WAITING", "IN FLIGHT", "DELAYED", "OLDEST", "DEAD LETTERS"],
                rows.map { row in
                    [
                        row.queue, String(row.waiting), String(row.inFlight), String(row.delayed),
                        row.oldestAge.map { Output.rough(.seconds($0)) } ?? "-",
                        row.deadLetterQueue.map { "\($0) after \(row.maximumReceives ?? 0)" } ?? "-",
                    ]
                })
        }

        // MARK: Watching

        private func keepShowing(_ messaging: Messaging) async throws {
            let isTerminal = isatty(STDOUT_FILENO) == 1
            var last: [QueueRow]?
            while true {
                let queues = try await queues(in: messaging)
                let home = messaging.store.home
                let bells = Swift.Set(queues.map { Messaging.bell(queue: $0.name) }).map { (bell: $0, rings: home.rings(of: $0)) }
                let rows = try await counted(messaging, queues)
                if isTerminal, !common.json {
                    // The age of the oldest grows all the time: it is drawn every time.
                    Output.print("\u{1B}[H\u{1B}[2J\(table(rows))")
                } else if rows.map(\.withoutAge) != last?.map(\.withoutAge) {
                    if common.json {
                        try Output.print(json: rows, onOneLine: true)
                    } else {
                        Output.print((last == nil ? "" : "\n") + table(rows))
                    }
                }
                last = rows
                try await sleep(at: bells, in: home)
            }
        }

        /// Until one of the bells rings, and a second at most.
        private func sleep(at bells: [(bell: Bell, rings: UInt64)], in home: Home) async throws {
            let deadline = ContinuousClock.now + .seconds(1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Task.sleep(until: deadline, clock: .continuous) }
                for (bell, rings) in bells {
                    group.addTask { _ = try await home.sleep(at: bell, since: rings, until: deadline) }
                }
                try await group.next()
                group.cancelAll()
            }
            // A queue that is busy rings all the time; nobody reads faster.
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// A queue in a list.
struct QueueRow: Encodable, Hashable {
    let queue: String
    let waiting: Int
    let inFlight: Int
    let delayed: Int
    /// Seconds.
    var oldestAge: Double?
    let deadLetterQueue: String?
    let maximumReceives: Int?
    /// Seconds, as the next two.
    let visibility: Double
    let delay: Double
    let retention: Double
    let maximumMessageSize: Int
    let contentDeduplication: Bool
    let tags: [String: String]

    init(_ queue: Messaging.Queue, _ counts: Messaging.QueueCounts) {
        self.queue = queue.name
        waiting = counts.waiting
        inFlight = counts.inFlight
        delayed = counts.delayed
        oldestAge = counts.oldestAge.map { $0 / .seconds(1) }
        let configuration = queue.configuration
        deadLetterQueue = configuration.redrive?.deadLetterQueue
        maximumReceives = configuration.redrive?.maximumReceives
        visibility = configuration.visibility / .seconds(1)
        delay = configuration.delay / .seconds(1)
        retention = configuration.retention / .seconds(1)
        maximumMessageSize = configuration.maximumMessageSize
        contentDeduplication = configuration.contentBasedDeduplication
        tags = queue.tags
    }

    fileprivate var withoutAge: QueueRow {
        var row = self
        row.oldestAge = nil
        return row
    }

    /// How it is configured, in a sentence.
    var settings: String {
        var parts = [
            "visibility \(Output.rough(.seconds(visibility)))", "delay \(Output.rough(.seconds(delay)))",
            "retention \(Output.rough(.seconds(retention)))", "messages of up to \(maximumMessageSize) bytes",
        ]
        if let deadLetterQueue { parts.append("dead letters to \(deadLetterQueue) after \(maximumReceives ?? 0) receives") }
        if contentDeduplication { parts.append("duplicates known by their content") }
        return parts.joined(separator: ", ")
    }
}
