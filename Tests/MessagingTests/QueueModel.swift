import Store
import Testing

@testable import Messaging

/// The engine did what its model does not.
struct Mismatch: Error, CustomStringConvertible {
    let description: String
}

func expect(_ isTrue: Bool, _ note: @autoclosure () -> String, line: Int = #line) throws {
    if !isTrue { throw Mismatch(description: "line \(line): \(note())") }
}

/// What queues are to do, in arrays. Where SQS leaves a choice, which group is served or which dead letters are met, the model learns what
/// the engine chose and checks that it might.
struct QueueModel {
    struct Message {
        let id: Messaging.MessageID
        let text: String
        let number: Int64
        let sent: Int64
        let arrives: Int64
        var group: String?
        var due: Int64
        var receives = 0
        var isNew = true
        var isReceived = false
        var taken: Int64 = 0
        var receipt: Messaging.Receipt?
        var failure: String?
        var origin: String?
    }

    struct Queue {
        var configuration: Messaging.QueueConfiguration
        var messages: [Message] = []
        /// By id, and until when.
        var deduplications: [String: (id: Messaging.MessageID, until: Int64)] = [:]
    }

    static let queues = ["jobs", "grouped", "jobs.fifo", "dead", "dead.fifo"]
    static let retention: Int64 = 120_000

    var queues: [String: Queue] = [:]
    var now: Int64
    /// Receipts of earlier deliveries, which are good for nothing any more.
    var stale: [(queue: String, receipt: Messaging.Receipt)] = []

    func isExpired(_ message: Message) -> Bool { message.arrives + Self.retention <= now }

    func isDelayed(_ message: Message, in name: String) -> Bool {
        guard let queue = queues[name] else { return false }
        if Rules.isFIFO(name) { return message.isNew && message.sent + queue.configuration.delay.milliseconds > now }
        return message.due > now && !message.isReceived
    }

    func isHeld(_ message: Message) -> Bool { message.due > now && message.isReceived }

    /// Lanes of a queue with the messages of each that may be received now, in the order in which they are.
    func available(in name: String) -> [String?: [Message]] {
        guard let queue = queues[name] else { return [:] }
        var lanes: [String?: [Message]] = [:]
        for (group, messages) in Dictionary(grouping: queue.messages, by: \.group) {
            if Rules.isFIFO(name) {
                if messages.contains(where: isHeld) { continue }
                let ordered = messages.sorted { $0.number < $1.number }.filter { !isExpired($0) || isDelayed($0, in: name) }
                lanes[group] = Array(ordered.prefix { !isDelayed($0, in: name) })
            } else {
                lanes[group] = messages.filter { $0.due <= now && !isExpired($0) }.sorted { ($0.due, $0.number) < ($1.due, $1.number) }
            }
        }
        return lanes
    }

    /// Whether a receive would put it away.
    func isDeadLetter(_ message: Message, in name: String) -> Bool {
        guard let redrive = queues[name]?.configuration.redrive, queues[redrive.deadLetterQueue] != nil else { return false }
        return message.receives >= redrive.maximumReceives
    }

    // MARK: Changes

    mutating func update(_ id: Messaging.MessageID, in name: String, _ change: (inout Message) -> Void) {
        guard let index = queues[name]?.messages.firstIndex(where: { $0.id == id }) else { return }
        change(&queues[name]!.messages[index])
    }

    mutating func remove(_ id: Messaging.MessageID, from name: String) { queues[name]?.messages.removeAll { $0.id == id } }

    mutating func move(_ id: Messaging.MessageID, from name: String, to target: String, origin: String?, failure: String?) {
        guard var message = queues[name]?.messages.first(where: { $0.id == id }) else { return }
        remove(id, from: name)
        if let receipt = message.receipt { stale.append((name, receipt)) }
        message.due = now
        message.receives = 0
        message.isNew = false
        message.isReceived = false
        message.receipt = nil
        message.origin = origin
        message.failure = failure
        queues[target]?.messages.append(message)
    }

    // MARK: What a receive may bring

    /// Checks what was received, and takes it over.
    mutating func receive(
        _ received: [Messaging.Received], from name: String, maximum: Int, visibility: Int64,
        wasMoved: (Messaging.MessageID) async throws -> Bool,
        _ note: String
    ) async throws {
        let lanes = available(in: name)
        // A receive puts away a few dozen that are over, and leaves it at that.
        let over = queues[name]?.messages.count { isExpired($0) || isDeadLetter($0, in: name) } ?? 0
        let isCut = over > 40
        for messages in lanes.values {
            for message in messages where isDeadLetter(message, in: name) {
                if try await wasMoved(message.id) {
                    move(
                        message.id, from: name, to: queues[name]?.configuration.redrive?.deadLetterQueue ?? "", origin: name,
                        failure: message.failure)
                } else {
                    try expect(received.count == maximum || isCut, "a dead letter was passed over: \(note)")
                }
            }
        }
        let receivable = lanes.mapValues { $0.filter { !isDeadLetter($0, in: name) } }
        let total = receivable.values.reduce(0) { $0 + $1.count }
        try expect(
            received.count == min(maximum, total) || isCut && received.count < total,
            "\(received.map(\.text)) of \(receivable.mapValues { $0.map(\.text) }): \(note)")
        try expect(Set(received.map(\.id)).count == received.count, "\(note)")
        var cut = 0
        for (group, messages) in Dictionary(grouping: received, by: \.group) {
            let wanted = receivable[group] ?? []
            try expect(messages.map(\.id) == wanted.prefix(messages.count).map(\.id), "the order of \(group ?? "-"): \(note)")
            if messages.count < wanted.count { cut += 1 }
        }
        if Rules.isFIFO(name) { try expect(cut <= 1 || isCut, "groups were cut short: \(note)") }
        for message in received {
            let now = now
            guard let known = queues[name]?.messages.first(where: { $0.id == message.id }) else {
                throw Mismatch(description: "\(message.text) is not in \(name): \(note)")
            }
            if let receipt = known.receipt { stale.append((name, receipt)) }
            try expect(known.receipt != message.receipt && message.receives == known.receives + 1 && message.text == known.text, "\(note)")
            try expect(message.lastFailure == known.failure && message.deadLetterSource == known.origin, "\(note)")
            try expect(message.sent.milliseconds == known.sent && message.sequence == known.number, "\(note)")
            update(message.id, in: name) {
                $0.receives += 1
                $0.due = now + visibility
                $0.taken = now
                $0.isNew = false
                $0.isReceived = true
                $0.receipt = message.receipt
            }
        }
    }

    func counts(of name: String) -> Messaging.QueueCounts {
        var counts = Messaging.QueueCounts(waiting: 0, inFlight: 0, delayed: 0, oldestAge: nil)
        for message in queues[name]?.messages ?? [] {
            if isHeld(message) {
                counts.inFlight += 1
            } else if isDelayed(message, in: name) {
                counts.delayed += 1
            } else if !isExpired(message) {
                counts.waiting += 1
            }
        }
        return counts
    }
}
