import Foundation
import Store
import Testing

@testable import Messaging

/// Long random sequences of operations, done by the engine and by a plain model, in virtual time.
struct ModelTests {
    @Test func `queues do what their model does`() async throws {
        for round in 0..<max(1, Rounds.count / 3) {
            try await withFolder { path in
                var trial = try await Trial(path, round: round)
                for _ in 0..<400 { try await trial.step() }
                try await trial.compare()
                trial.messaging.close()
            }
        }
    }
}

/// One random sequence.
private struct Trial {
    var messaging: Messaging
    private let path: String
    private let clock = Clock()
    private var model: QueueModel
    private var random: SplitMix
    private var history: [String] = []
    private let round: Int
    private var sent = 0

    private var note: String { "round \(round), \(Rounds.note): \(history.joined(separator: ", "))" }

    init(_ path: String, round: Int) async throws {
        self.path = path
        self.round = round
        random = SplitMix(round: round)
        messaging = try Messaging(Home(path: path, seam: clock.seam))
        model = QueueModel(now: clock.now.milliseconds)
        for name in ["dead", "dead.fifo", "jobs", "grouped", "jobs.fifo"] { try await create(name) }
    }

    private mutating func create(_ name: String) async throws {
        var configuration = Messaging.QueueConfiguration(retention: .milliseconds(QueueModel.retention), visibility: .seconds(20))
        if !name.hasPrefix("dead") {
            configuration.redrive = .init(
                deadLetterQueue: Rules.isFIFO(name) ? "dead.fifo" : "dead", maximumReceives: Int.random(in: 1...3, using: &random))
        }
        _ = try await messaging.createQueue(name, configuration)
        model.queues[name] = .init(configuration: configuration)
    }

    private mutating func queue() -> String { QueueModel.queues.randomElement(using: &random) ?? "jobs" }

    /// A message of a queue that was received some time.
    private mutating func received(in name: String) -> QueueModel.Message? {
        model.queues[name]?.messages.filter { $0.receipt != nil }.randomElement(using: &random)
    }

    private mutating func say(_ text: String) { history = history.suffix(14) + [text] }

    mutating func step() async throws {
        let name = queue()
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<28: try await send(to: name)
        case 28..<52: try await receive(from: name)
        case 52..<62: try await finish(in: name)
        case 62..<68: try await changeVisibility(in: name)
        case 68..<72: try await fail(in: name)
        case 72..<75: try await deadLetter(in: name)
        case 75..<78: try await cancel(in: name)
        case 78..<81: try await useStale()
        case 81..<83: try await redrive(Rules.isFIFO(name) ? "dead.fifo" : "dead")
        case 83: try await configure(name)
        case 84: try await purge(name)
        case 85: if !name.hasPrefix("dead") { try await recreate(name) }
        case 86: try await reopen()
        case 87..<89: try await compare()
        default: pass()
        }
    }

    private mutating func pass() {
        let time = [1, 500, 3_000, 20_000].randomElement(using: &random) ?? 1
        say("pass \(time)")
        clock.pass(.milliseconds(time))
        model.now = clock.now.milliseconds
    }

    private mutating func send(to name: String) async throws {
        let isFIFO = Rules.isFIFO(name)
        var messages: [Messaging.Outgoing] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            sent += 1
            let group = isFIFO || name == "grouped" ? ["a", "b", "c"].randomElement(using: &random) : nil
            var message = Messaging.Outgoing("m\(sent)", group: isFIFO || Bool.random(using: &random) ? group : nil)
            if isFIFO { message.deduplication = "d\(Int.random(in: 0..<40, using: &random))" }
            if !isFIFO, Int.random(in: 0..<4, using: &random) == 0 { message.delay = .seconds(Int.random(in: 0...10, using: &random)) }
            messages.append(message)
        }
        say("send \(messages.map { "\($0.group ?? "-"):\($0.deduplication ?? "-")" }) to \(name)")
        let results = try await messaging.send(messages, to: name)
        for (message, result) in zip(messages, results) {
            let sent = try result.get()
            if let id = message.deduplication {
                let earlier = model.queues[name]?.deduplications[id]
                try expect(sent.isDuplicate == ((earlier?.until ?? 0) > model.now), "\(id): \(note)")
                if let earlier, sent.isDuplicate {
                    try expect(earlier.id == sent.id, "\(note)")
                    continue
                }
                model.queues[name]?.deduplications[id] = (sent.id, model.now + 300_000)
            }
            let due = model.now + (message.delay?.milliseconds ?? (isFIFO ? 0 : model.queues[name]?.configuration.delay.milliseconds ?? 0))
            model.queues[name]?.messages.append(
                .init(
                    id: sent.id, text: String(decoding: message.body, as: UTF8.self), number: sent.sequence, sent: model.now, arrives: due,
                    group: message.group, due: due))
        }
    }

    private mutating func receive(from name: String) async throws {
        let maximum = Int.random(in: 1...10, using: &random)
        let visibility = [0, 1_000, 20_000].randomElement(using: &random) ?? 0
        say("receive \(maximum) for \(visibility) from \(name)")
        let received = try await messaging.receive(
            from: name, maximum: maximum, visibility: .milliseconds(visibility), wait: .zero)
        let target = model.queues[name]?.configuration.redrive?.deadLetterQueue
        let messaging = messaging
        let note = note
        try await model.receive(
            received, from: name, maximum: maximum, visibility: max(1, Int64(visibility)),
            wasMoved: { try await messaging.peek($0)?.queue == target }, note)
    }

    private mutating func finish(in name: String) async throws {
        guard let message = received(in: name), let receipt = message.receipt else { return }
        say("finish \(message.text) in \(name)")
        let result = try await messaging.finish([receipt], in: name)[0]
        if Rules.isFIFO(name), message.due <= model.now {
            // Swept, it is gone; unswept, its receipt has expired.
            if model.isExpired(message), (try? result.get()) == .gone { return model.remove(message.id, from: name) }
            try expect(result == .failure(MessageTransaction.expired), "\(note)")
        } else if model.isExpired(message), (try? result.get()) == .gone {
            model.remove(message.id, from: name)
        } else {
            try expect(result.get() == .finished, "\(note)")
            model.remove(message.id, from: name)
        }
    }

    private mutating func changeVisibility(in name: String) async throws {
        guard let message = received(in: name), let receipt = message.receipt else { return }
        let visibility = [0, 2_000, 43_200_000].randomElement(using: &random) ?? 0
        say("hold \(message.text) in \(name) for \(visibility)")
        let result = try await messaging.changeVisibility([.init(receipt, .milliseconds(visibility))], in: name)[0]
        var expected: MessagingError.Code?
        if message.due <= model.now {
            expected = .messageNotInflight
        } else if model.now + Int64(visibility) > message.taken + 43_200_000 {
            expected = .invalidParameterValue
        }
        try expect(Self.code(result) == expected, "\(note)")
        guard expected == nil else { return }
        let now = model.now
        model.update(message.id, in: name) { $0.due = now + Int64(visibility) }
    }

    private static func code(_ result: Result<Void, MessagingError>) -> MessagingError.Code? {
        if case .failure(let error) = result { error.code } else { nil }
    }

    private mutating func fail(in name: String) async throws {
        guard let message = received(in: name), let receipt = message.receipt else { return }
        say("fail \(message.text) in \(name)")
        let (note, now) = (note, model.now)
        do {
            try await messaging.fail(receipt, in: name, reason: note.suffix(20).description, retryAfter: .seconds(3))
            try expect(message.due > now, "\(note)")
            model.update(message.id, in: name) {
                $0.due = now + 3_000
                $0.failure = note.suffix(20).description
            }
        } catch let error as MessagingError {
            try expect(error.code == .messageNotInflight && message.due <= now, "\(note)")
        }
    }

    private mutating func deadLetter(in name: String) async throws {
        guard let message = received(in: name), let receipt = message.receipt else { return }
        say("bury \(message.text) in \(name)")
        let target = model.queues[name]?.configuration.redrive?.deadLetterQueue
        do {
            try await messaging.deadLetter(receipt, in: name, reason: "buried")
            try expect(message.due > model.now && target != nil, "\(note)")
            model.move(message.id, from: name, to: target ?? "", origin: name, failure: "buried")
        } catch let error as MessagingError {
            try expect(error.code == (message.due > model.now ? .noDeadLetterQueue : .messageNotInflight), "\(note)")
            try expect(message.due <= model.now || target == nil, "\(note)")
        }
    }

    private mutating func cancel(in name: String) async throws {
        guard let message = model.queues[name]?.messages.randomElement(using: &random) else { return }
        say("cancel \(message.text) in \(name)")
        do {
            try await messaging.cancel(message.id, in: name)
            try expect(!message.isReceived, "\(note)")
            model.remove(message.id, from: name)
        } catch let error as MessagingError {
            if error.code == .messageDoesNotExist {
                try expect(model.isExpired(message), "\(note)")
                model.remove(message.id, from: name)
            } else {
                try expect(error.code == .messageInFlight && message.isReceived, "\(note)")
            }
        }
    }

    /// Receipts of earlier deliveries change nothing, whatever they are used for.
    private mutating func useStale() async throws {
        for _ in 0..<10 {
            guard let (name, receipt) = model.stale.suffix(60).randomElement(using: &random) else { return }
            try await use(stale: receipt, in: name)
        }
    }

    private mutating func use(stale receipt: Messaging.Receipt, in name: String) async throws {
        say("stale \(receipt) in \(name)")
        let result = try await messaging.finish([receipt], in: name)[0]
        try expect((try? result.get()) != .finished, "\(note)")
        let change = try await messaging.changeVisibility([.init(receipt, .seconds(5))], in: name)[0]
        try expect(Self.code(change) == .messageNotInflight || Self.code(change) == .receiptHandleIsInvalid, "\(note)")
        await #expect(throws: MessagingError.self) { try await messaging.deadLetter(receipt, in: name, reason: "stale") }
    }

    private mutating func redrive(_ name: String) async throws {
        say("redrive \(name)")
        let task: Messaging.MoveTask
        do { task = try await messaging.startMove(from: name, to: nil) } catch let error as MessagingError {
            try expect(error.code == .invalidParameterValue, "\(error) \(note)")
            return
        }
        let before = model.available(in: name).values.flatMap { $0 }
        let end = try await messaging.stepMove(task.handle, limit: 5)
        if end.state == .running { _ = try await messaging.cancelMove(task.handle) }
        // Which ones is the engine's choice: every one of them went home, the others stayed.
        var moved = 0
        for message in model.queues[name]?.messages ?? [] {
            guard let peeked = try await messaging.peek(message.id), peeked.queue != name else { continue }
            moved += 1
            try expect(peeked.queue == message.origin && (before.contains { $0.id == message.id } || model.isExpired(message)), "\(note)")
            model.move(message.id, from: name, to: peeked.queue, origin: nil, failure: nil)
        }
        try expect(moved == end.moved, "\(note)")
    }

    private mutating func configure(_ name: String) async throws {
        let delay = Int.random(in: 0...5, using: &random)
        let maximum = Int.random(in: 1...4, using: &random)
        say("delay \(delay), \(maximum) receives in \(name)")
        let changed = try await messaging.configureQueue(name) {
            $0.delay = .seconds(delay)
            $0.redrive?.maximumReceives = maximum
        }
        model.queues[name]?.configuration = changed.configuration
    }

    private mutating func purge(_ name: String) async throws {
        say("purge \(name)")
        try await messaging.purgeQueue(name)
        for message in model.queues[name]?.messages ?? [] { if let receipt = message.receipt { model.stale.append((name, receipt)) } }
        model.queues[name]?.messages = []
    }

    private mutating func recreate(_ name: String) async throws {
        say("recreate \(name)")
        try await messaging.deleteQueue(name)
        for message in model.queues[name]?.messages ?? [] { if let receipt = message.receipt { model.stale.append((name, receipt)) } }
        try await create(name)
    }

    private mutating func reopen() async throws {
        say("reopen")
        messaging.close()
        messaging = try Messaging(Home(path: path, seam: clock.seam))
    }

    mutating func compare() async throws {
        for name in QueueModel.queues {
            var counts = try await messaging.counts(of: name)
            counts.oldestAge = nil
            let expected = model.counts(of: name)
            // Those that came back late are counted until they are met, though their retention is over.
            let expired = model.queues[name]?.messages.count { model.isExpired($0) } ?? 0
            try expect(
                (expected.waiting...expected.waiting + expired).contains(counts.waiting), "\(counts), \(expected) in \(name): \(note)")
            counts.waiting = expected.waiting
            try expect(counts == expected, "\(counts), not \(expected) in \(name): \(note)")
            var position: Messaging.PeekPosition?
            var seen: Set<Messaging.MessageID> = []
            repeat {
                let page = try await messaging.peek(at: name, after: position, limit: 7)
                for message in page.messages {
                    try expect(seen.insert(message.id).inserted, "\(note)")
                    guard let known = model.queues[name]?.messages.first(where: { $0.id == message.id }) else {
                        throw Mismatch(description: "\(message) is not to be in \(name): \(note)")
                    }
                    try expect(
                        message.receives == known.receives && message.group == known.group && message.lastFailure == known.failure,
                        "\(note)")
                    switch message.state {
                    case .waiting: try expect(!model.isHeld(known) && !model.isDelayed(known, in: name), "\(note)")
                    case .delayed: try expect(model.isDelayed(known, in: name), "\(note)")
                    case .held(_, let until): try expect(model.isHeld(known) && until.milliseconds == known.due, "\(note)")
                    }
                }
                position = page.next
            } while position != nil
            let missing = (model.queues[name]?.messages ?? []).filter { !seen.contains($0.id) && !model.isExpired($0) }
            try expect(missing.isEmpty, "\(missing.map(\.text)) of \(name): \(note)")
        }
        let orphans = try await messaging.rows(
            """
            SELECT (SELECT count(*) FROM bodies WHERE number NOT IN (SELECT number FROM messages)) +
                (SELECT count(*) FROM notes WHERE message NOT IN (SELECT number FROM messages)) +
                (SELECT count(*) FROM messages WHERE number NOT IN (SELECT number FROM bodies)) +
                (SELECT count(*) FROM lanes WHERE name <> '' AND number NOT IN (SELECT lane FROM messages)) +
                (SELECT count(*) FROM messages WHERE lane NOT IN (SELECT epoch FROM queues UNION SELECT number FROM lanes))
            """)
        try expect(orphans == 0, "\(note)")
    }
}
