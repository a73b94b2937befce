internal import DiscoveryKit

/// An adapter for topics, what it is asked to do in a check, and who tells what came of it.
struct PublishTrial: Sendable {
    let adapter: any PublishAdapter
    let topic: Resource
    let subscribers: [Resource]
    let queues: any QueueAdapter
    let patience: Duration

    private func publish(
        _ messages: [OutgoingMessage], to other: Resource? = nil
    ) async throws -> [Result<MessageID, DiscoveryError>] {
        let results = try await Conformance.within(patience, "messages to be accepted") { [adapter, topic] in
            try await adapter.publish(messages, to: other ?? topic)
        }
        try Conformance.expect("the number of results", is: messages.count, seen: results.count)
        return results
    }

    /// The next messages of a queue, which are finished, and no other.
    private func received(_ count: Int, by queue: Resource) async throws -> [QueuedMessage] {
        try await Conformance.within(patience, "\(count) messages to be received from \(queue.location)") { [queues] in
            var seen: [QueuedMessage] = []
            var waiting = Duration.seconds(10)
            // Once all are there, one look for another.
            while seen.count <= count {
                let messages = try await queues.receive(10, from: queue, visibility: .seconds(30), waiting: waiting)
                for message in messages { try await queues.finish(message.receipt, of: queue) }
                seen += messages
                if messages.isEmpty { break }
                if seen.count >= count { waiting = .zero }
            }
            try Conformance.expect("the number of messages in \(queue.location)", is: count, seen: seen.count)
            return seen
        }
    }

    /// What each subscriber was given, sorted.
    private func expect(_ texts: [String], _ what: String) async throws {
        for queue in subscribers {
            let seen = try await received(texts.count, by: queue).map(\.text).sorted()
            try Conformance.expect("\(what), in \(queue.location),", is: texts.sorted(), seen: seen)
        }
    }

    // MARK: The checks

    func accepts(_ resources: [Resource]) throws {
        try Conformance.expect(adapter.accepts, toTake: resources, of: .topic)
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
            var message = Message.bytes(body)
            message.attributes = attributes
            for result in try await publish([OutgoingMessage(message, subject: "Conformance", trace: trace)]) { _ = try result.get() }
            for queue in subscribers {
                let seen = try await received(1, by: queue)[0]
                try Conformance.expect(seen.message.body == body, "\(what) to arrive", seen: "\(seen.message.body.count) bytes")
                try Conformance.expect("the attributes", is: attributes, seen: seen.message.attributes)
                try Conformance.expect("the trace", is: trace, seen: seen.trace)
            }
        }
    }

    func publishesMany() async throws {
        let texts = (0..<25).map { "\($0)" }
        let ids = try await publish(texts.map { OutgoingMessage(.text($0)) }).map { try $0.get() }
        try Conformance.expect("how many ids differ", is: 25, seen: Set(ids).count)
        try await expect(texts, "what was published at once")
    }

    func publishesSideBySide() async throws {
        let texts = (0..<16).map { "\($0)" }
        let ids = try await withThrowingTaskGroup(of: [Result<MessageID, DiscoveryError>].self) { group in
            for text in texts { group.addTask { try await publish([OutgoingMessage(.text(text))]) } }
            var ids: Set<MessageID> = []
            for try await results in group { for result in results { ids.insert(try result.get()) } }
            return ids
        }
        try Conformance.expect("how many ids differ", is: 16, seen: ids.count)
        try await expect(texts, "what was published side by side")
    }

    func refusesAlone() async throws {
        let messages = [
            OutgoingMessage(.text("first")), OutgoingMessage(.text("second"), subject: String(repeating: "x", count: 100)),
            OutgoingMessage(.text("third"), subject: "Third"),
        ]
        let results = try await publish(messages)
        for index in [0, 2] { _ = try results[index].get() }
        try await Conformance.expect(.invalid, of: "a subject of 100 characters") { _ = try results[1].get() }
        try await expect(["first", "third"], "what is published beside a message that breaks a rule")
    }

    func keepsOrder(of fifo: Resource, in queue: Resource) async throws {
        let group = Self.unique()
        let texts = (0..<5).map { "\(group)-\($0)" }
        let messages = texts.map { OutgoingMessage(.text($0), group: group, freshDeduplication: $0) }
        for result in try await publish(messages, to: fifo) { _ = try result.get() }
        try Conformance.expect("the order", is: texts, seen: try await received(5, by: queue).map(\.text))
    }

    func deduplicates(_ fifo: Resource, in queue: Resource) async throws {
        let (group, id) = (Self.unique(), Self.unique())
        var ids: [MessageID] = []
        for _ in 0..<2 {
            let message = OutgoingMessage(.text(id), group: group, deduplication: id)
            ids += try await publish([message], to: fifo).map { try $0.get() }
        }
        try Conformance.expect("the id of a message that is published again", is: ids[0], seen: ids[1])
        try Conformance.expect("what the subscriber is given", is: [id], seen: try await received(1, by: queue).map(\.text))
    }

    func reportsMissing(_ missing: Resource) async throws {
        try await Conformance.expect(.notFound, of: "publishing to no topic") {
            _ = try await publish([OutgoingMessage(.text("lost"))], to: missing)
        }
    }

    private static func unique() -> String { "conformance-\(String(UInt64.random(in: .min ... .max), radix: 36))" }
}

extension QueuedMessage {
    fileprivate var text: String { String(decoding: message.body, as: UTF8.self) }
}
