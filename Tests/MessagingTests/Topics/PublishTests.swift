import Store
import Synchronization
import Testing

@testable import Messaging

/// What becomes of a message that is published.
struct PublishTests {
    @Test func `a message is kept once and is in every queue that gets it, raw or with word of where it came from`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createTopic("news")
            for index in 0..<10 {
                _ = try await messaging.createQueue("q\(index)")
                _ = try await messaging.subscribe(.queue("q\(index)"), to: "news", .init(isRaw: index.isMultiple(of: 2)))
            }
            let attributes = ["kind": Messaging.Attribute(.string("big"))]
            let published = try await messaging.publish("hello", to: "news", attributes: attributes, subject: "Greeting")
            #expect(published.subscribers == 10 && published.deferred == 0 && !published.isDuplicate)
            #expect(try await messaging.rows("SELECT count(*) FROM bodies") == 1)
            var ids: Set<Messaging.MessageID> = []
            for index in 0..<10 {
                #expect(
                    try await messaging.peek(at: "q\(index)").messages.map(\.notification?.publication) == [
                        index.isMultiple(of: 2) ? nil : published.id
                    ])
                let received = try await messaging.take("q\(index)")
                #expect(received.text == "hello" && received.attributes == attributes)
                ids.insert(received.id)
                if index.isMultiple(of: 2) {
                    #expect(received.notification == nil)
                } else {
                    let notification = try #require(received.notification)
                    #expect(notification.topic == "news" && notification.publication == published.id && notification.subject == "Greeting")
                    #expect(notification.published == clock.now)
                    #expect(try await messaging.subscription(notification.subscription).queue == "q\(index)")
                }
                #expect(try await messaging.rows("SELECT count(*) FROM bodies") == 1)
                try await messaging.finish(received, in: "q\(index)")
            }
            #expect(ids.count == 10)
            #expect(try await messaging.rows("SELECT count(*) FROM bodies") == 0)
        }
    }

    @Test func `filters decide who gets a message`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            let policies: [(String, String?, Messaging.FilterScope)] = [
                ("all", nil, .attributes), ("paris", #"{"city": ["Paris"]}"#, .attributes),
                ("dear", #"{"price": [{"numeric": [">", 100]}]}"#, .body),
            ]
            for (name, policy, scope) in policies {
                _ = try await messaging.createQueue(name)
                let filter = try policy.map { try Messaging.FilterPolicy(parsing: $0, scope: scope) }
                _ = try await messaging.subscribe(.queue(name), to: "news", .init(filter: filter, isRaw: true))
            }
            #expect(try await messaging.publish("no json", to: "news").subscribers == 1)
            #expect(
                try await messaging.publish(#"{"price": 200}"#, to: "news", attributes: ["city": .init(.string("Paris"))]).subscribers == 3)
            #expect(
                try await messaging.publish(#"{"price": 50}"#, to: "news", attributes: ["city": .init(.string("Lyon"))]).subscribers == 1)
            #expect(try await messaging.texts(from: "paris") == [#"{"price": 200}"#])
            #expect(try await messaging.texts(from: "dear") == [#"{"price": 200}"#])
            #expect(try await messaging.texts(from: "all").count == 3)
        }
    }

    @Test func `subscribers of a protocol get the body that is meant for them`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            for name in ["a", "b"] {
                _ = try await messaging.createQueue(name)
                _ = try await messaging.subscribe(.queue(name), to: "news")
            }
            let web = try await messaging.subscribe(.http("https://localhost:1/"), to: "news")
            let function = try await messaging.subscribe(.function("ais.reports->make"), to: "news", .init(isRaw: true))
            let message = Messaging.Publication(
                Array("for all".utf8), bodies: ["sqs": Array("for queues".utf8), "lambda": Array("for functions".utf8)])
            let published = try await messaging.publish([message], to: "news")[0].get()
            #expect(published.subscribers == 4 && published.deferred == 2)
            #expect(try await messaging.rows("SELECT count(*) FROM bodies") == 3)
            for (queue, text) in [("a", "for queues"), ("b", "for queues"), (web.queue, "for all"), (function.queue, "for functions")] {
                let received = try await messaging.take(queue)
                #expect(received.text == text)
                // The courier is told even of raw ones: it needs to know whom they are for.
                #expect(received.notification?.publication == published.id)
                try await messaging.finish(received, in: queue)
            }
            #expect(try await messaging.rows("SELECT count(*) FROM bodies") == 0)
        }
    }

    @Test func `what a queue cannot take goes to the subscription's dead-letter queue with the reason, and to nobody without one`()
        async throws
    {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            for name in ["gone", "small", "lost", "dead"] {
                _ = try await messaging.createQueue(name, .init(maximumMessageSize: name == "small" ? 1_024 : 1_048_576))
            }
            _ = try await messaging.subscribe(.queue("gone"), to: "news", .init(isRaw: true, deadLetterQueue: "dead"))
            _ = try await messaging.subscribe(.queue("small"), to: "news", .init(isRaw: true, deadLetterQueue: "dead"))
            _ = try await messaging.subscribe(.queue("lost"), to: "news")
            for name in ["gone", "lost"] { try await messaging.deleteQueue(name) }
            let published = try await messaging.publish(String(repeating: "x", count: 2_000), to: "news")
            #expect(published.subscribers == 2)
            let failures = try await messaging.receive(from: "dead", maximum: 10, wait: .zero).compactMap(\.lastFailure)
            #expect(failures.count == 2)
            #expect(failures.contains { $0.contains("`gone` does not exist") } && failures.contains { $0.contains("1024 bytes") })
            // A queue that is made again is served again.
            _ = try await messaging.createQueue("gone")
            #expect(try await messaging.publish("small enough", to: "news").subscribers == 2)
            #expect(try await messaging.texts(from: "gone") == ["small enough"])
            let many = Dictionary(uniqueKeysWithValues: (0..<11).map { ("a\($0)", Messaging.Attribute(.string("x"))) })
            #expect(try await messaging.publish("eleven", to: "news", attributes: many).subscribers == 2)
            #expect(
                try await messaging.receive(from: "dead", maximum: 10, wait: .zero).allSatisfy {
                    $0.lastFailure?.contains("10 attributes") == true
                })
        }
    }

    @Test func `a FIFO topic keeps order and forgets nothing it has seen within five minutes`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createTopic("ordered.fifo")
            for name in ["a.fifo", "b.fifo"] {
                _ = try await messaging.createQueue(name)
                _ = try await messaging.subscribe(.queue(name), to: "ordered.fifo", .init(isRaw: true))
            }
            _ = try await messaging.createQueue("plain")
            _ = try await messaging.subscribe(.queue("plain"), to: "ordered.fifo", .init(isRaw: true))
            await refused(.missingParameter, "message group") { try await messaging.publish("x", to: "ordered.fifo", id: "1") }
            await refused(.invalidParameterValue, "deduplication id") { try await messaging.publish("x", to: "ordered.fifo", group: "g") }
            let messages = (0..<20).map {
                Messaging.Publication(Array("\($0 / 2)".utf8), group: "g", deduplication: "\($0 / 2)")
            }
            let results = try await messaging.publish(messages, to: "ordered.fifo").map { try $0.get() }
            #expect(results.map(\.isDuplicate) == (0..<20).map { !$0.isMultiple(of: 2) })
            #expect(try await messaging.publish("5", to: "ordered.fifo", group: "g", id: "5").id == results[10].id)
            for name in ["a.fifo", "b.fifo"] {
                #expect(try await messaging.texts(from: name, maximum: 20) == (0..<10).map(String.init))
            }
            #expect(try await messaging.texts(from: "plain", maximum: 20).count == 10)
            clock.pass(.seconds(300))
            #expect(!(try await messaging.publish("5", to: "ordered.fifo", group: "g", id: "5").isDuplicate))
        }
    }

    @Test func `each message of a batch is published or refused for itself`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            _ = try await messaging.createQueue("jobs")
            _ = try await messaging.subscribe(.queue("jobs"), to: "news", .init(isRaw: true))
            let big = [UInt8](repeating: UInt8(ascii: "x"), count: 262_145)
            let results = try await messaging.publish(
                [
                    .init(Array("a".utf8)), .init([]), .init(Array("b".utf8), subject: "line\nbreak"), .init(big),
                    .init(Array("c".utf8), deduplication: "1"), .init(Array("d".utf8)),
                ],
                to: "news")
            func code(_ index: Int) -> MessagingError.Code? { if case .failure(let error) = results[index] { error.code } else { nil } }
            #expect((0..<6).map(code) == [nil, .missingParameter, .invalidParameterValue, .messageTooLong, .invalidParameterValue, nil])
            #expect(try await messaging.texts(from: "jobs") == ["a", "d"])
        }
    }

    @Test func `a grouped message reaches those that the courier delivers to`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            let web = try await messaging.subscribe(.http("http://localhost:1/"), to: "news")
            try await messaging.publish("hello", to: "news", group: "g")
            #expect(try await messaging.pendingDeliveries().map(\.id) == [web.id])
            let held = try await messaging.take(web.queue)
            try await messaging.releaseDeliveries()
            let again = try await messaging.take(web.queue)
            #expect(again.id == held.id && again.receives == 1, "a try that a courier's end cut short does not count")
        }
    }

    @Test func `subscribers that are gone do not spoil a publish to a dead-letter queue that others share`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            for name in ["dead", "one", "two"] { _ = try await messaging.createQueue(name) }
            _ = try await messaging.subscribe(.queue("one"), to: "news", .init(deadLetterQueue: "dead"))
            _ = try await messaging.subscribe(.process(Lease(slot: 77, generation: 5)), to: "news")
            _ = try await messaging.subscribe(.queue("two"), to: "news", .init(deadLetterQueue: "dead"))
            for name in ["one", "two"] { try await messaging.deleteQueue(name) }
            #expect(try await messaging.publish("hello", to: "news", group: "first").subscribers == 2)
            #expect(try await messaging.texts(from: "dead") == ["hello", "hello"])
        }
    }

    @Test func `the processes that have ended leave nothing behind where nobody publishes`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("quiet")
            for generation in 1...5 {
                _ = try await messaging.subscribe(.process(Lease(slot: 77, generation: Int64(generation))), to: "quiet")
            }
            #expect(try await messaging.rows("SELECT count(*) FROM subscriptions") == 1)
        }
    }

    @Test func `deduplication ids are forgotten as fast as they come`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q.fifo")
            for _ in 0..<3 {
                let messages = (0..<200).map { Messaging.Outgoing("\($0)", group: "g", id: "\(clock.now.milliseconds)-\($0)") }
                for result in try await messaging.send(messages, to: "q.fifo") { _ = try result.get() }
                clock.pass(.seconds(301))
            }
            #expect(try await messaging.rows("SELECT count(*) FROM deduplications") <= 200)
        }
    }

    @Test func `a publish whose transaction fails is in none of its queues`() async throws {
        try await withFolder { path in
            let fails = Atomic(false)
            var seam = Seam()
            seam.atCommit = { () throws(StoreError) in
                if fails.load(ordering: .relaxed) { throw StoreError(.full, "The disk is full.") }
            }
            let messaging = try Messaging(Home(path: path, seam: seam))
            defer { messaging.close() }
            _ = try await messaging.createTopic("news")
            for index in 0..<10 {
                _ = try await messaging.createQueue("q\(index)")
                _ = try await messaging.subscribe(.queue("q\(index)"), to: "news")
            }
            fails.store(true, ordering: .relaxed)
            do {
                try await messaging.publish("lost", to: "news")
                Issue.record("a publish succeeded whose transaction failed")
            } catch { #expect((error as? StoreError)?.code == .full) }
            #expect(try await messaging.rows("SELECT count(*) FROM messages") == 0)
            #expect(try await messaging.rows("SELECT count(*) FROM bodies") == 0)
        }
    }
}
