import Foundation
import Messaging
import Store
import Testing

/// The write-ahead log of the messages, cut at any byte as a power loss may: what was confirmed at a length is there after a cut at or beyond
/// it, and what is there is a state that once was, in which receipts are good and deduplication ids are remembered.
struct LogCutTests {
    private static let plain = "plain"
    private static let ordered = "ordered.fifo"
    private static let failed = "failed"
    private static let logHeader = 32
    private static let frame = 24 + 4096
    /// Time stands still.
    private static let now = HomeTime(milliseconds: 1_000_000_000)

    /// The queues as a look into them shows them, and what they owe to callers.
    private struct State: Equatable {
        var messages: [String: [Messaging.Peeked]] = [:]
        /// Deliveries that are held.
        var held: [Messaging.MessageID: (queue: String, receipt: Messaging.Receipt)] = [:]
        var deduplications: [String: Messaging.MessageID] = [:]

        static func == (left: State, right: State) -> Bool { left.messages == right.messages }
    }

    /// A log and what was true when it had which length.
    private struct History {
        var database: [UInt8] = []
        var log: [UInt8] = []
        /// After each operation, the empty queues first.
        var states: [State] = []
        /// The length of the log when each operation was confirmed.
        var confirmed: [Int] = []
    }

    private func open(_ path: String) throws -> Messaging {
        var seam = Seam()
        seam.now = { Self.now }
        return try Messaging(Home(path: path, seam: seam))
    }

    private func messages(_ messaging: Messaging) async throws -> [String: [Messaging.Peeked]] {
        var messages: [String: [Messaging.Peeked]] = [:]
        for queue in [Self.plain, Self.ordered, Self.failed] { messages[queue] = try await messaging.everything(in: queue) }
        return messages
    }

    /// Runs operations on a home and copies its files while it is open.
    private func record(in path: String, operations: Int, using random: inout SplitMix) async throws -> History {
        let home = "\(path)/home"
        // The tables and the queues are in the database, not in the log.
        let made = try open(home)
        _ = try await made.createQueue(Self.failed)
        let redrive = Messaging.RedrivePolicy(deadLetterQueue: Self.failed, maximumReceives: 2)
        _ = try await made.createQueue(Self.plain, Messaging.QueueConfiguration(redrive: redrive))
        _ = try await made.createQueue(Self.ordered)
        made.close()
        let messaging = try open(home)
        // A reader of the first state keeps every checkpoint away from the database.
        let gate = Gate()
        let reader = Task.immediate {
            try await messaging.store.read { connection in
                _ = try connection.first("SELECT count(*) FROM queues") { $0.integer(0) }
                gate.pass()
            }
        }
        await gate.reached()
        defer { gate.open() }
        var history = History()
        var state = State(messages: try await messages(messaging))
        history.states = [state]
        history.confirmed = [size(of: "\(messaging.store.path)-wal")]
        for number in 0..<operations {
            try await change(messaging, &state, number, using: &random)
            state.messages = try await messages(messaging)
            history.states.append(state)
            history.confirmed.append(size(of: "\(messaging.store.path)-wal"))
        }
        // By another process: closing a descriptor of a database here would drop SQLite's locks.
        #expect(try run("cp", messaging.store.path, "\(path)/copy") == 0)
        #expect(try run("cp", "\(messaging.store.path)-wal", "\(path)/copy-wal") == 0)
        gate.open()
        try await reader.value
        messaging.close()
        history.database = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/copy")))
        history.log = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/copy-wal")))
        return history
    }

    /// One operation, each a transaction of its own.
    private func change(_ messaging: Messaging, _ state: inout State, _ number: Int, using random: inout SplitMix) async throws {
        let body = Array(
            String(repeating: "\(number) ", count: Int.random(in: 1...(Bool.random(using: &random) ? 2_000 : 10), using: &random)).utf8)
        let held = state.held.sorted { $0.key.description < $1.key.description }.randomElement(using: &random)
        switch (Int.random(in: 0..<8, using: &random), held) {
        case (0...1, _):
            for result in try await messaging.send(Array(repeating: Messaging.Outgoing(body), count: 2), to: Self.plain) {
                _ = try result.get()
            }
        case (2...3, _):
            // Every other is one that was sent before.
            let known = state.deduplications.keys.sorted().randomElement(using: &random)
            let key = number.isMultiple(of: 2) ? known ?? "\(number)" : "\(number)"
            let message = Messaging.Outgoing(body, group: "\(number % 3)", deduplication: key)
            for result in try await messaging.send([message], to: Self.ordered) { state.deduplications[key] = try result.get().id }
        case (4, let held?):
            #expect(try await messaging.finish([held.value.receipt], in: held.value.queue).map { try $0.get() } == [.finished])
            state.held[held.key] = nil
        case (5, let held?) where held.value.queue == Self.plain:
            try await messaging.deadLetter(held.value.receipt, in: Self.plain, reason: "at \(number)")
            state.held[held.key] = nil
        case (6, let held?):
            try await messaging.fail(held.value.receipt, in: held.value.queue, reason: "at \(number)")
            state.held[held.key] = nil
        default:
            let queue = Bool.random(using: &random) ? Self.plain : Self.ordered
            for message in try await messaging.receive(from: queue, maximum: 3, wait: .zero) {
                state.held[message.id] = (queue, message.receipt)
            }
        }
    }

    /// Opens what a cut has left and holds it against the states that may be.
    private func check(_ history: History, log: some Sequence<UInt8>, from atLeast: Int, in path: String, _ note: String) async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(history.database).write(to: URL(filePath: "\(path)/messages.sqlite"))
        try Data(log).write(to: URL(filePath: "\(path)/messages.sqlite-wal"))
        let messaging = try open(path)
        defer { messaging.close() }
        let found = State(messages: try await messages(messaging))
        let ids = found.messages.values.flatMap { $0 }.map(\.id)
        #expect(Set(ids).count == ids.count, "a message is there twice, \(note)")
        guard let state = history.states[atLeast...].first(where: { $0 == found }) else {
            Issue.record("not a state from operation \(atLeast) on, \(note)")
            return
        }
        for (queue, receipt) in state.held.values {
            #expect(try await messaging.finish([receipt], in: queue).map { try $0.get() } == [.finished], "\(note)")
        }
        for (key, id) in state.deduplications {
            let again = Messaging.Outgoing(Array("again".utf8), group: "again", deduplication: key)
            let sent = try await messaging.send([again], to: Self.ordered).map { try $0.get() }
            #expect(sent.map(\.isDuplicate) == [true] && sent.map(\.id) == [id], "\(key), \(note)")
        }
    }

    @Test func `a log cut at and inside every frame opens as a state that holds everything confirmed by then`() async throws {
        try await withFolder { path in
            var random = SplitMix()
            let history = try await record(in: path, operations: 60, using: &random)
            let frames = (history.log.count - Self.logHeader) / Self.frame
            #expect(frames >= 60 && history.confirmed.last == history.log.count && history.log.count < 8 << 20)
            var cuts: Set<Int> = [0, 1, 31, 32, history.log.count]
            for number in 0..<frames {
                let start = Self.logHeader + number * Self.frame
                cuts.formUnion([start, start + Int.random(in: 1..<Self.frame, using: &random)])
            }
            for cut in cuts.sorted() {
                let atLeast = history.confirmed.lastIndex { $0 <= cut } ?? 0
                try await check(
                    history, log: history.log[..<cut], from: atLeast, in: "\(path)/cut",
                    "cut at \(cut) of \(history.log.count); \(Rounds.note)")
            }
        }
    }

    @Test func `a log damaged anywhere opens as a state that holds everything confirmed before the damage`() async throws {
        try await withFolder { path in
            var random = SplitMix(round: 1)
            let history = try await record(in: path, operations: 40, using: &random)
            for round in 0..<(Rounds.count * 2) {
                let place = Int.random(in: Self.logHeader..<history.log.count, using: &random)
                var log = history.log
                for index in place..<min(log.count, place + Int.random(in: 1...5_000, using: &random)) {
                    log[index] = UInt8.random(in: 0...255, using: &random)
                }
                let atLeast = history.confirmed.lastIndex { $0 <= place } ?? 0
                try await check(
                    history, log: log, from: atLeast, in: "\(path)/damaged", "damaged at \(place); round \(round), \(Rounds.note)")
            }
        }
    }
}
