import Foundation
import Messaging
import Store
import Testing

/// Producers and consumers in processes of their own, killed at random moments: what was confirmed holds.
struct KillTests {
    @Test func `what killed producers and consumers had confirmed holds`() async throws {
        for round in 0..<Rounds.count {
            var random = SplitMix(round: round)
            try await withFolder { path in
                let note = "round \(round), \(Rounds.note)"
                let messaging = try await Messaging(killable: path)
                messaging.close()
                // The second pair of each finds what the first has left: leases of the dead, groups that wait for them.
                var record = KillRecord()
                for generation in 0..<2 {
                    let lines = try await killed(in: path, generation, using: &random)
                    for line in lines where !record.note(line) { Issue.record("\(line); \(note)") }
                }
                try await check(record, in: path, using: &random, note)
                let examination = try Home.examine(path: path)
                #expect(examination.isHealthy, "\(examination.databases.flatMap(\.problems)); \(note)")
            }
        }
    }

    /// - Returns: everything that two producers and two consumers said before they were killed.
    private func killed(in path: String, _ generation: Int, using random: inout SplitMix) async throws -> [String] {
        let children = try ["producer", "producer", "consumer", "consumer"].enumerated().map { index, role in
            try Child(role, path, "\(generation)\(index)")
        }
        for child in children { #expect(await child.line() == "open") }
        let moments = children.map { _ in Duration.milliseconds(Int.random(in: 5...200, using: &random)) }
        return try await withThrowingTaskGroup(of: [String].self) { group in
            for (child, moment) in zip(children, moments) {
                group.addTask {
                    async let spoken = child.lines()
                    try await Task.sleep(for: moment)
                    child.end()
                    let lines = await spoken
                    #expect(KillRecord.isInOrder(lines), "\(lines.joined(separator: "; ")); \(Rounds.note)")
                    return lines
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func check(_ record: KillRecord, in path: String, using random: inout SplitMix, _ note: String) async throws {
        var record = record
        let messaging = try Messaging(Home(path: path))
        // The holders of these receipts are dead: the receipts are good all the same.
        for (group, bodies) in Dictionary(grouping: record.held.keys.sorted(), by: KillRecord.group).sorted(by: { $0.key < $1.key }) {
            // In a FIFO queue in order, as their holder would have.
            guard Bool.random(using: &random), record.unsure.allSatisfy({ KillRecord.group($0) != group }) else { continue }
            for body in bodies.sorted(by: { KillRecord.number($0) < KillRecord.number($1) }) {
                let held = try #require(record.held[body])
                let results = try await messaging.finish([Messaging.Receipt(parsing: held.receipt)], in: held.queue)
                #expect(try results.map { try $0.get() } == [.finished], "\(body), whose receipt a killed process held; \(note)")
                record.done.insert(body)
            }
        }
        // Their senders cannot know whether these were heard, and would say them again.
        for (group, bodies) in Dictionary(grouping: record.sent.filter(record.isOrdered), by: KillRecord.group) {
            let body = "\(group)/\((bodies.map(KillRecord.number).max() ?? -1) + 1)"
            let message = Messaging.Outgoing(Array(body.utf8), group: group, deduplication: body)
            for result in try await messaging.send([message], to: Messenger.fifo) { _ = try result.get() }
            record.sentAgain(body)
        }
        let waiting = try await messaging.everything(in: Messenger.standard)
        let failed = try await messaging.everything(in: Messenger.failed)
        let ordered = try await messaging.everything(in: Messenger.fifo)
        messaging.close()

        let bodies = (waiting + failed + ordered).map(\.text)
        let present = Set(bodies)
        let twice = Dictionary(grouping: bodies) { $0 }.filter { $1.count > 1 }.keys
        #expect(twice.isEmpty, "\(twice) are there twice; \(note)")
        for message in waiting + failed + ordered {
            let known = record.ids[message.text, default: []]
            #expect(known.isSubset(of: [message.id.description]), "\(message.text) is there as two messages; \(note)")
        }
        for (body, ids) in record.ids { #expect(ids.count == 1, "\(body) was received as two messages; \(note)") }
        #expect(present.isDisjoint(with: record.done), "\(present.intersection(record.done)) came back; \(note)")
        let lost = record.sent.subtracting(present).subtracting(record.done).filter { !record.mayBeFinished($0) }
        #expect(lost.isEmpty, "\(lost) are lost; \(note)")
        let buried = Set(failed.map(\.text))
        #expect(record.buried.isSubset(of: buried), "\(record.buried.subtracting(buried)) were buried; \(note)")
        #expect(buried.allSatisfy(KillRecord.mayFail), "\(buried.filter { !KillRecord.mayFail($0) }) never failed; \(note)")
        try await drain(record, Set(waiting.map(\.text)), ordered, failed.count, in: path, note)
    }

    /// Takes what is left, once every lease is over.
    private func drain(
        _ record: KillRecord, _ waiting: Set<String>, _ ordered: [Messaging.Peeked], _ failed: Int, in path: String, _ note: String
    ) async throws {
        let end = try Home(path: path).now()
        var seam = Seam()
        seam.now = { HomeTime(milliseconds: end.milliseconds + 3_600_000) }
        let messaging = try Messaging(Home(path: path, seam: seam))
        defer { messaging.close() }
        let lasts = Dictionary(grouping: ordered.map(\.text), by: KillRecord.group).mapValues { $0.map(KillRecord.number).max() ?? 0 }
        var sequence = try await messaging.drain(Messenger.fifo)
        #expect(sequence.count == ordered.count, "\(note)")
        for (group, numbers) in Dictionary(grouping: sequence, by: KillRecord.group).mapValues({ $0.map(KillRecord.number) }) {
            // Finished in order, so what is left begins where that ended, or behind what a killed holder was finishing, and has no gap.
            let finished = record.done.filter { KillRecord.group($0) == group && record.isOrdered($0) }.map(KillRecord.number).max() ?? -1
            let first = numbers.first ?? 0
            let unsure = (finished + 1..<max(first, finished + 1)).allSatisfy { record.unsure.contains("\(group)/\($0)") }
            #expect(first > finished && unsure, "group \(group): \(numbers) after \(finished); \(note)")
            #expect(numbers == Array(first...max(first, lasts[group] ?? 0)), "group \(group): \(numbers); \(note)")
        }
        sequence = try await messaging.drain(Messenger.standard)
        #expect(Set(sequence).count == sequence.count && Set(sequence).isSubset(of: waiting), "\(note)")
        let exhausted = waiting.subtracting(sequence)
        #expect(exhausted.allSatisfy(KillRecord.mayFail), "\(exhausted) were not handed out; \(note)")
        let buried = try await messaging.drain(Messenger.failed)
        #expect(buried.count == failed + exhausted.count && exhausted.isSubset(of: buried), "\(note)")
        for name in [Messenger.standard, Messenger.fifo, Messenger.failed] {
            #expect(try await messaging.everything(in: name).isEmpty, "\(note)")
        }
    }
}

/// The queues of the killed processes, as `Processes` names them.
private enum Messenger {
    static let standard = "standard"
    static let fifo = "ordered.fifo"
    static let failed = "failed"
}

/// What processes said before they were killed.
private struct KillRecord {
    var sent: Set<String> = []
    var done: Set<String> = []
    var buried: Set<String> = []
    /// Being settled when their holder was killed.
    var unsure: Set<String> = []
    /// Received, and nothing else.
    var held: [String: (queue: String, receipt: String)] = [:]
    /// As which messages each body was received.
    var ids: [String: Set<String>] = [:]
    private var ordered: Set<String> = []

    /// - Returns: false for a line that should not be.
    mutating func note(_ line: String) -> Bool {
        let words = line.split(separator: " ").map(String.init)
        switch words.first {
        case "sent" where words.count == 3:
            if words[1] == Messenger.fifo { ordered.insert(words[2]) }
            return sent.insert(words[2]).inserted
        case "got" where words.count == 5:
            ids[words[2], default: []].insert(words[3])
            held[words[2]] = (words[1], words[4])
            if words[1] == Messenger.fifo { ordered.insert(words[2]) }
            return !done.contains(words[2]) && !buried.contains(words[2])
        case "begun":
            held[words[1]] = nil
            unsure.insert(words[1])
        case "back": unsure.remove(words[1])
        case "done":
            unsure.remove(words[1])
            done.insert(words[1])
        case "buried":
            unsure.remove(words[1])
            buried.insert(words[1])
        default: return false
        }
        return true
    }

    mutating func sentAgain(_ body: String) {
        ordered.insert(body)
        sent.insert(body)
    }

    /// Whether its holder was killed while it finished it.
    func mayBeFinished(_ body: String) -> Bool { unsure.contains(body) && (isOrdered(body) || !Self.mayFail(body)) }

    /// Whether one consumer got the messages of each group in their order.
    static func isInOrder(_ lines: [String]) -> Bool {
        let got = lines.map { $0.split(separator: " ").map(String.init) }.filter { $0.first == "got" && $0[1] == Messenger.fifo }.map {
            $0[2]
        }
        return Dictionary(grouping: got, by: group).values.allSatisfy { bodies in
            zip(bodies, bodies.dropFirst()).allSatisfy { number($0) < number($1) }
        }
    }

    func isOrdered(_ body: String) -> Bool { ordered.contains(body) }
    static func group(_ body: String) -> String { body.split(separator: "/").dropLast().joined(separator: "/") }
    static func number(_ body: String) -> Int { body.split(separator: "/").last.flatMap { Int($0) } ?? -1 }
    /// What the consumers may fail or bury.
    static func mayFail(_ body: String) -> Bool { [3, 5].contains(number(body) % 7) }
}

extension Messaging {
    /// A home with the queues of the killed processes.
    fileprivate convenience init(killable path: String) async throws {
        try self.init(Home(path: path))
        _ = try await createQueue(Messenger.failed)
        let redrive = RedrivePolicy(deadLetterQueue: Messenger.failed, maximumReceives: 3)
        _ = try await createQueue(Messenger.standard, QueueConfiguration(redrive: redrive))
        _ = try await createQueue(Messenger.fifo)
    }

    /// Every message of a queue, wherever in its life.
    func everything(in queue: String) async throws -> [Peeked] {
        var (all, position): ([Peeked], PeekPosition?) = ([], nil)
        repeat {
            let page = try await peek(at: queue, after: position, limit: 500)
            all += page.messages
            position = page.next
        } while position != nil
        return all
    }

    /// Receives and finishes until nothing is left.
    ///
    /// - Returns: the bodies, in the order of receiving.
    func drain(_ queue: String) async throws -> [String] {
        var bodies: [String] = []
        while case let received = try await receive(from: queue, maximum: 10, wait: .zero), !received.isEmpty {
            bodies += received.map { String(decoding: $0.body, as: UTF8.self) }
            for result in try await finish(received.map(\.receipt), in: queue) { #expect(try result.get() == .finished) }
        }
        return bodies
    }
}

extension Messaging.Peeked {
    var text: String { String(decoding: body, as: UTF8.self) }
}
