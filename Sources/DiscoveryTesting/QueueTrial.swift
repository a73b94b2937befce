internal import DiscoveryKit

/// An adapter for queues, and what it is asked to do in a check.
struct QueueTrial: Sendable {
    let adapter: any QueueAdapter
    let queue: Resource
    let patience: Duration

    private func within<Value: Sendable>(_ what: String, _ operation: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await Conformance.within(patience, what, operation)
    }

    private func send(_ messages: [OutgoingMessage], to other: Resource? = nil) async throws -> [MessageID] {
        let results = try await within("messages to be accepted") { [adapter, queue] in
            try await adapter.send(messages, to: other ?? queue)
        }
        try Conformance.expect("the number of results", is: messages.count, seen: results.count)
        return try results.map { try $0.get() }
    }

    private func receive(
        _ maximum: Int = 1, from other: Resource? = nil, visibility: Duration = .seconds(30), waiting: Duration = .seconds(10)
    ) async throws -> [QueuedMessage] {
        try await within("receiving to end") { [adapter, queue] in
            try await adapter.receive(maximum, from: other ?? queue, visibility: visibility, waiting: waiting)
        }
    }

    private func one(
        _ what: String, from other: Resource? = nil, visibility: Duration = .seconds(30), waiting: Duration = .seconds(10)
    ) async throws -> QueuedMessage {
        let messages = try await receive(from: other, visibility: visibility, waiting: waiting)
        guard let message = messages.first, messages.count == 1 else {
            throw ConformanceFailure(expected: "\(what) to be received", seen: "\(messages.count) messages")
        }
        return message
    }

    private func expectNone(_ what: String, from other: Resource? = nil, waiting: Duration = .zero) async throws {
        let messages = try await receive(from: other, waiting: waiting)
        try Conformance.expect(messages.isEmpty, "no message, \(what)", seen: "\(messages.map(\.id))")
    }

    private func finish(_ message: QueuedMessage, of other: Resource? = nil) async throws {
        try await within("finishing to end") { [adapter, queue] in try await adapter.finish(message.receipt, of: other ?? queue) }
    }

    // MARK: The checks

    func accepts(_ resources: [Resource]) throws {
        try Conformance.expect(adapter.accepts, toTake: resources, of: .queue)
    }

    func passesMessages() async throws {
        let bodies: [(String, [UInt8])] = [
            ("an empty body", []), ("a body of every byte", Array(0...255)), ("a text", Array("käse & brot\r\n\t1%".utf8)),
            ("a text of 200,000 bytes", Array(repeating: UInt8(ascii: "x"), count: 200_000)),
        ]
        let attributes: [String: Message.Attribute] = [
            "text": .string("käse & brot; 1%\n\"next\""), "count": .number("-12345678901234567890.50"), "raw": .binary([0, 10, 255]),
        ]
        let trace = ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=1,b=2:3"]
        for (what, body) in bodies {
            let message = Message.bytes(body)
            let sent = OutgoingMessage(
                Message.bytes(body).with(attributes), group: "conformance", trace: trace)
            let ids = try await send([sent])
            let received = try await one(what)
            try Conformance.expect(received.message.body == message.body, "\(what) to arrive", seen: "\(received.message.body.count) bytes")
            try Conformance.expect("the attributes", is: attributes, seen: received.message.attributes)
            try Conformance.expect("the trace", is: trace, seen: received.trace)
            try Conformance.expect("the id", is: ids.first, seen: received.id)
            try Conformance.expect("the group", is: "conformance", seen: received.group)
            try Conformance.expect("the receive count", is: 1, seen: received.receiveCount)
            try await finish(received)
        }
    }

    func sendsMany() async throws {
        let ids = try await send((0..<25).map { OutgoingMessage(.text("\($0)")) })
        try Conformance.expect("how many ids differ", is: 25, seen: Set(ids).count)
        var seen: Set<MessageID> = []
        while seen.count < 25 {
            let messages = try await receive(10)
            try Conformance.expect(!messages.isEmpty, "25 messages to be received", seen: "\(seen.count)")
            try Conformance.expect(messages.count <= 10, "at most 10 at a time", seen: "\(messages.count)")
            for message in messages {
                seen.insert(message.id)
                try await finish(message)
            }
        }
        try Conformance.expect("the ids that were received", is: Set(ids), seen: seen)
        try await expectNone("as all were finished")
    }

    func waits() async throws {
        let start = ContinuousClock.now
        try await expectNone("as the queue is empty", waiting: .seconds(1))
        let waited = start.duration(to: .now)
        try Conformance.expect(waited >= .milliseconds(900), "receiving to wait for the second it was told to", seen: "\(waited)")
        async let received = one("a message sent while somebody waits", waiting: .seconds(20))
        try await Task.sleep(for: .milliseconds(200))
        _ = try await send([OutgoingMessage(.text("first"))])
        let begun = ContinuousClock.now
        try await finish(try await received)
        let took = begun.duration(to: .now)
        try Conformance.expect(took < .seconds(10), "the first message to end the waiting", seen: "\(took)")
    }

    func losesNothing() async throws {
        let receiving = Task { try await receive(waiting: .seconds(20)) }
        try await Task.sleep(for: .milliseconds(200))
        receiving.cancel()
        let result = try await within("a receive to end when it is cancelled") { await receiving.result }
        if case .success(let messages) = result {
            try Conformance.expect(messages.isEmpty, "no message, as there is none", seen: "\(messages.count)")
        }
        _ = try await send([OutgoingMessage(.text("kept"))])
        try await finish(try await one("what was sent after a receive was cancelled", waiting: .seconds(2)))
    }

    func hides() async throws {
        _ = try await send([OutgoingMessage(.text("hidden"))])
        let first = try await one("a message", visibility: .seconds(3))
        try await expectNone("as another holds it")
        let second = try await one("a message whose time is over", waiting: .seconds(10))
        try Conformance.expect("its id", is: first.id, seen: second.id)
        try Conformance.expect("the receive count", is: 2, seen: second.receiveCount)
        try Conformance.expect(first.receipt != second.receipt, "a new receipt", seen: "the old one")
        try await finish(second)
    }

    func extends() async throws {
        _ = try await send([OutgoingMessage(.text("extended"))])
        let message = try await one("a message", visibility: .seconds(3))
        try await within("extending to end") { [adapter, queue] in
            try await adapter.extend(message.receipt, of: queue, to: .seconds(30))
        }
        try await expectNone("as its lease was extended", waiting: .seconds(4))
        try await finish(message)
    }

    func givesBack() async throws {
        _ = try await send([OutgoingMessage(.text("returned"))])
        var message = try await one("a message")
        for (delay, reason) in [(Duration.zero, nil), (.zero, "It was not wanted."), (.seconds(2), "Later.")] as [(Duration, String?)] {
            let receipt = message.receipt
            try await within("giving back to end") { [adapter, queue] in
                try await adapter.giveBack(receipt, of: queue, after: delay, because: reason)
            }
            if delay > .zero { try await expectNone("as it was given back for later") }
            message = try await one("what was given back after \(delay)", waiting: delay + .seconds(2))
        }
        try await finish(message)
    }

    func finishes() async throws {
        _ = try await send([OutgoingMessage(.text("finished"))])
        try await finish(try await one("a message", visibility: .seconds(1)))
        try await expectNone("as it was finished", waiting: .seconds(2))
    }

    func refusesOldReceipts() async throws {
        _ = try await send([OutgoingMessage(.text("twice"))])
        let first = try await one("a message")
        try await within("giving back to end") { [adapter, queue] in
            try await adapter.giveBack(first.receipt, of: queue, after: .zero, because: nil)
        }
        let second = try await one("what was given back")
        let attempts: [(String, @Sendable () async throws -> Void)] = [
            ("finishing", { [adapter, queue] in try await adapter.finish(first.receipt, of: queue) }),
            ("extending", { [adapter, queue] in try await adapter.extend(first.receipt, of: queue, to: .seconds(60)) }),
        ]
        for (what, attempt) in attempts {
            try await Conformance.expect(.leaseLost, of: "\(what) by an old receipt") { try await within(what, attempt) }
        }
        try await expectNone("as the new receipt holds it")
        try await finish(second)
    }

    func deadLetters(to deadLetters: Resource) async throws {
        _ = try await send([OutgoingMessage(.text("unwanted"))])
        let message = try await one("a message")
        let isMoved = try await within("moving to end") { [adapter, queue] in
            try await adapter.deadLetter(message.receipt, of: queue, because: "It is not wanted.")
        }
        try Conformance.expect(isMoved, "the message to be moved", seen: "that there is no dead-letter queue")
        try await expectNone("as it was moved")
        let dead = try await one("the message in the dead-letter queue", from: deadLetters)
        try Conformance.expect("its body", is: message.message.body, seen: dead.message.body)
        let isMovedAgain = try await within("moving to end") { [adapter] in
            try await adapter.deadLetter(dead.receipt, of: deadLetters, because: "It is not wanted.")
        }
        try Conformance.expect(!isMovedAgain, "to be told that there is no dead-letter queue", seen: "that the message was moved")
        try await finish(dead, of: deadLetters)
    }

    func keepsOrder(in fifo: Resource) async throws {
        let group = "conformance-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let texts = (0..<5).map { "\(group)-\($0)" }
        _ = try await send(texts.map { OutgoingMessage(.text($0), group: group, freshDeduplication: $0) }, to: fifo)
        var seen: [String] = []
        while seen.count < 5 {
            let messages = try await receive(2, from: fifo)
            try Conformance.expect(!messages.isEmpty, "five messages", seen: "\(seen.count)")
            try Conformance.expect(messages.allSatisfy(\.isOrdered), "messages that say they are in order", seen: "some that do not")
            try await expectNone("as one of its group is held", from: fifo)
            for message in messages {
                seen.append(String(decoding: message.message.body, as: UTF8.self))
                try await finish(message, of: fifo)
            }
        }
        try Conformance.expect("the order", is: texts, seen: seen)
    }

    func reportsMissing(_ missing: Resource) async throws {
        try await Conformance.expect(.notFound, of: "sending to no queue") {
            _ = try await send([OutgoingMessage(.text("lost"))], to: missing)
        }
        try await Conformance.expect(.notFound, of: "receiving from no queue") { _ = try await receive(from: missing) }
    }
}

extension Message {
    fileprivate func with(_ attributes: [String: Attribute]) -> Message {
        var message = self
        message.attributes = attributes
        return message
    }
}
