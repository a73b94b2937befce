internal import DiscoveryKit

extension BackendTrial {
    func acceptsWithoutSubscribers(_ topic: Resource) async throws {
        let news = try await registeredTopic(topic)
        let ids = [try await one.publish(news, Message.text("unheard")), try await other.publish(news, Message.text("unheard"))]
        try Conformance.expect(ids[0] != ids[1], "two messages to have two ids", seen: "\(ids)")
    }

    func refusesWhatIsNoTopic(_ topic: Resource) async throws {
        let news = try await registeredTopic(topic)
        let queue = address("queue")
        try await register(queue, Resource(.queue, at: "arn:aws:sqs:local:000000000000:jobs"))
        let attempts: [(String, () async throws -> Void)] = [
            ("publishing to a queue", { try await one.publish(queue, Message.text("x")) }),
            ("sending to a topic", { try await one.queue(news, Message.text("x")) }),
            ("subscribing a queue to a queue", { try await one.subscribe(queue, queue) }),
            ("subscribing a topic to a topic", { try await one.subscribe(news, news) }),
        ]
        for (what, attempt) in attempts {
            let error = try await Conformance.expect(.wrongKind, of: what, operation: attempt)
            for kind in ["queue", "topic"] {
                try Conformance.expect(error.message.contains(kind), "the error of \(what) to name a \(kind)", seen: error.message)
            }
        }
        try await Conformance.expect(.notFound, of: "publishing to what is not there") {
            try await one.publish(address("nobody"), Message.text("x"))
        }
        var options = SendOptions()
        options.delay = .seconds(1)
        try await Conformance.expect(.invalid, of: "publishing with a delay") { [options] in
            try await one.publish(news, Message.text("x"), options: options)
        }
    }

    func listens(toTopic topic: Resource) async throws {
        let news = try await registeredTopic(topic)
        let texts = (0..<5).map { "\($0)" }
        try await hearing(news, by: one) { first in
            try await hearing(news, by: other) { second in
                for text in texts { try await one.publish(news, Message.text(text)) }
                for heard in [first, second] {
                    try await Conformance.within(patience, "each listener to hear all that is published") { await heard.reached(5) }
                    try Conformance.expect("what a listener heard", is: texts, seen: heard.all.sorted())
                }
            }
        }
    }

    func leavesNothing(on topic: Resource) async throws {
        let news = try await registeredTopic(topic)
        for text in ["first", "second"] {
            try await hearing(news, by: other) { heard in
                try await one.publish(news, Message.text(text))
                try await Conformance.within(patience, "a listener to hear what is published") { await heard.reached(1) }
                try Conformance.expect("what a listener heard that began after others ended", is: [text], seen: heard.all)
            }
            try await one.publish(news, Message.text("while nobody listens"))
        }
    }

    func filtersForClosures(_ topic: Resource) async throws {
        let news = try await registeredTopic(topic)
        var options = SubscribeOptions()
        options.filter = #"{"kind": ["rain"]}"#
        try await hearing(news, by: other, options: options, attributes: ["kind": .string("rain")]) { heard in
            for kind in ["sun", "rain", "snow"] {
                try await one.publish(news, Message.text(kind, attributes: ["kind": .string(kind)]))
            }
            // All that is before it has come by then.
            try await one.publish(news, Message.text("wet", attributes: ["kind": .string("rain")]))
            try await Conformance.within(patience, "a closure to hear what its filter lets through") { await heard.reached(2) }
            try Conformance.expect("what a closure heard", is: ["rain", "wet"], seen: heard.all.sorted())
        }
    }

    // MARK: With a queue

    func publishes(_ topic: Resource, to queue: Resource) async throws {
        let (news, jobs) = (try await registeredTopic(topic), address("jobs"))
        try await register(jobs, queue)
        let texts = (0..<25).map { "\($0)" } + ["last"]
        try await hearing(news, by: other) { heard in
            try await subscribe(jobs, to: news)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, text) in texts.dropLast().enumerated() {
                    let client = number.isMultiple(of: 2) ? one : other
                    group.addTask { try await client.publish(news, Message.text(text)) }
                }
                try await group.waitForAll()
            }
            // What came twice is there before it.
            try await one.publish(news, Message.text("last"))
            try Conformance.expect("what the queue was given", is: texts.sorted(), seen: try await bodies(texts.count, in: jobs).sorted())
            try await Conformance.within(patience, "a listener to hear all that is published") { await heard.reached(texts.count) }
            try Conformance.expect("what a listener was given", is: texts.sorted(), seen: heard.all.sorted())
        }
    }

    func carries(_ topic: Resource, to queue: Resource) async throws {
        let (news, jobs) = (try await registeredTopic(topic), address("jobs"))
        try await register(jobs, queue)
        let message = Message.text("käse", attributes: ["a": .string("ü"), "n": .number("1.50"), "b": .binary([0, 255])])
        let subscription = try await subscribe(jobs, to: news)
        try await one.publish(news, message)
        try await delivered(from: jobs, to: other) { delivery in
            try Conformance.expect("the body", is: message.body, seen: delivery.message.body)
            try Conformance.expect("the attributes", is: message.attributes, seen: delivery.message.attributes)
            try await delivery.finish()
        }
        try await other.unsubscribe(subscription)
        var options = SubscribeOptions()
        options.isRaw = false
        try await subscribe(jobs, to: news, options)
        var sending = SendOptions()
        sending.subject = "About cheese"
        let id = try await one.publish(news, message, options: sending)
        try await delivered(from: jobs, to: other) { delivery in
            let envelope: Envelope = try delivery.decode()
            try Conformance.expect("the envelope's type", is: "Notification", seen: envelope.Type)
            try Conformance.expect("its message's id", is: id.description, seen: envelope.MessageId)
            try Conformance.expect("its subject", is: "About cheese", seen: envelope.Subject)
            try Conformance.expect("its message", is: "käse", seen: envelope.Message)
            let attributes = ["a": "String ü", "n": "Number 1.50", "b": "Binary AP8="]
            try Conformance.expect(
                "its attributes", is: attributes, seen: envelope.MessageAttributes?.mapValues { "\($0.Type) \($0.Value)" })
            try await delivery.finish()
        }
    }

    func filters(_ topic: Resource, to queue: Resource) async throws {
        let (news, jobs) = (try await registeredTopic(topic), address("jobs"))
        try await register(jobs, queue)
        let messages = [
            Message.text(#"{"hours": 1}"#, attributes: ["kind": .string("rain"), "n": .number("1")]),
            .text(#"{"hours": 3}"#, attributes: ["kind": .string("rainbow"), "n": .number("1.0")]),
            // SNS finds nothing missing in a message without any attribute.
            .text(#"{"hours": 4}"#, attributes: ["n": .number("2")]), .text("no JSON", attributes: ["n": .number("2")]),
        ]
        let cases: [(policy: String, scope: SubscribeOptions.FilterScope, passing: [Int])] = [
            (#"{"kind": ["rain", {"suffix": "bow"}]}"#, .attributes, [0, 1]), (#"{"kind": [{"anything-but": "rain"}]}"#, .attributes, [1]),
            (#"{"n": [1], "kind": [{"prefix": "rainb"}]}"#, .attributes, [1]), (#"{"kind": [{"exists": false}]}"#, .attributes, [2, 3]),
            (#"{"hours": [{"numeric": [">", 1, "<", 4]}]}"#, .body, [1]), (#"{"hours": [{"exists": true}]}"#, .body, [0, 1, 2]),
        ]
        for (policy, scope, passing) in cases {
            var options = SubscribeOptions()
            options.filter = policy
            options.filterScope = scope
            let subscription = try await subscribe(jobs, to: news, options)
            for message in messages { try await one.publish(news, message) }
            try await one.unsubscribe(subscription)
            let expected = passing.map { String(decoding: messages[$0].body, as: UTF8.self) } + ["end"]
            try await one.queue(jobs, Message.text("end"))
            let seen = try await bodies(expected.count, in: jobs)
            try Conformance.expect("what \(policy) let through", is: expected.sorted(), seen: seen.sorted())
        }
        var options = SubscribeOptions()
        options.filter = #"{"kind": [{"roughly": "rain"}]}"#
        try await Conformance.expect(.invalid, of: "a filter policy with an operator that there is not") { [options] in
            try await subscribe(jobs, to: news, options)
        }
    }

    func subscribesOnce(_ topic: Resource, _ queue: Resource) async throws {
        let (news, jobs) = (try await registeredTopic(topic), address("jobs"))
        try await register(jobs, queue)
        let first = try await subscribe(jobs, to: news)
        let second = try await subscribe(jobs, to: news)
        try Conformance.expect("the subscription of who subscribes again", is: first, seen: second)
        var options = SubscribeOptions()
        options.isRaw = false
        try await Conformance.expect(.alreadyExists, of: "subscribing again with other options") { [options] in
            try await subscribe(jobs, to: news, options)
        }
        for text in ["once", "last"] { try await other.publish(news, Message.text(text)) }
        try Conformance.expect("what the queue was given", is: ["last", "once"], seen: try await bodies(2, in: jobs).sorted())
    }

    func unsubscribes(_ topic: Resource, _ queue: Resource) async throws {
        let (news, jobs) = (try await registeredTopic(topic), address("jobs"))
        try await register(jobs, queue)
        let subscription = try await subscribe(jobs, to: news)
        try await one.publish(news, Message.text("before"))
        try await other.unsubscribe(subscription)
        try await one.publish(news, Message.text("between"))
        try await one.queue(jobs, Message.text("last"))
        try Conformance.expect("what the queue was given", is: ["before", "last"], seen: try await bodies(2, in: jobs).sorted())
        for gone in [subscription, "conformance"] {
            try await Conformance.expect(.notFound, of: "ending the subscription `\(gone)`, which is not there") {
                try await one.unsubscribe(gone)
            }
        }
    }

    // MARK: Helpers

    private func registeredTopic(_ topic: Resource) async throws -> Address {
        let news = address("news")
        try await register(news, topic)
        try await Conformance.expect(.wrongKind, of: "a request to a topic") { _ = try await one.request(news) }
        return news
    }

    /// The next messages of a queue, which are finished.
    private func bodies(_ count: Int, in queue: Address) async throws -> [String] {
        let seen = Heard()
        try await listening(to: queue, by: other, until: { await seen.reached(count) }) { delivery in
            seen.hear(String(decoding: delivery.message.body, as: UTF8.self))
        }
        return seen.all
    }

    /// Has a closure hear a topic while `body` runs, which is given what it hears.
    ///
    /// - Parameters:
    ///   - options: `nil` to listen on the topic's address.
    ///   - attributes: what a message needs to get through to it.
    private func hearing(
        _ topic: Address, by client: Discovery, options: SubscribeOptions? = nil, attributes: [String: Message.Attribute] = [:],
        _ body: (Heard) async throws -> Void
    ) async throws {
        let probe = "conformance-probe"
        let (heard, probes, ends) = (Heard(), Heard(), Heard())
        let handler: @concurrent @Sendable (Delivery) async throws -> Void = { delivery in
            let text = String(decoding: delivery.message.body, as: UTF8.self)
            (text == probe ? probes : heard).hear(text)
        }
        let listening = Task {
            do {
                guard let options else { return try await client.listen(topic, handler: handler) }
                try await client.subscribe(topic, options: options, handler: handler)
            } catch {
                ends.hear("\(error)")
            }
        }
        let result: Result<Void, any Error>
        do {
            // Nobody says when it has been subscribed.
            try await Conformance.within(patience, "a closure to hear what is published") { [one] in
                while probes.all.isEmpty {
                    if let end = ends.all.first { throw ConformanceFailure(expected: "a closure to be subscribed", seen: end) }
                    try await one.publish(topic, Message.text(probe, attributes: attributes))
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            result = .success(try await body(heard))
        } catch {
            result = .failure(error)
        }
        listening.cancel()
        _ = try await Conformance.within(patience, "listening to a topic to end when it is cancelled") { await listening.result }
        try result.get()
    }
}

/// What the checks read of SNS's envelope; named as on the wire.
private struct Envelope: Decodable {
    struct Attribute: Decodable {
        let `Type`: String
        let Value: String
    }

    let `Type`: String
    let MessageId: String
    let Subject: String?
    let Message: String
    let MessageAttributes: [String: Attribute]?
}
