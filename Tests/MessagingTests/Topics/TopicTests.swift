import Store
import Testing

@testable import Messaging

/// Topics and those who subscribe to them, as SNS describes them.
struct TopicTests {
    // MARK: Topics

    @Test func `a topic is made once, found when it is asked for just so, and not made otherwise`() async throws {
        try await withMessaging { messaging, _ in
            let made = try await messaging.createTopic("news", .init(displayName: "News"), tags: ["team": "a"])
            #expect(try await messaging.createTopic("news", .init(displayName: "News"), tags: ["team": "a"]) == made)
            await refused(.topicNameExists) { _ = try await messaging.createTopic("news") }
            await refused(.topicNameExists) { _ = try await messaging.createTopic("news", .init(displayName: "News")) }
            #expect(try await messaging.topic("news") == made)
            await refused(.topicDoesNotExist, "nobody", "Create it first") { _ = try await messaging.topic("nobody") }
            for name in ["", "a b", "a.b", ".fifo", String(repeating: "x", count: 257)] {
                await refused(.invalidParameterValue, "1 to 256") { _ = try await messaging.createTopic(name) }
            }
            await refused(.invalidParameterValue, "FIFO topics") {
                _ = try await messaging.createTopic("plain", .init(contentBasedDeduplication: true))
            }
        }
    }

    @Test func `topics are listed by prefix and page, configured and tagged`() async throws {
        try await withMessaging { messaging, _ in
            for name in ["b", "a", "ab", "c.fifo"] { _ = try await messaging.createTopic(name) }
            #expect(try await messaging.topics().map(\.name) == ["a", "ab", "b", "c.fifo"])
            #expect(try await messaging.topics(prefix: "a").map(\.name) == ["a", "ab"])
            #expect(try await messaging.topics(after: "a", limit: 2).map(\.name) == ["ab", "b"])
            let changed = try await messaging.configureTopic("c.fifo") { $0.contentBasedDeduplication = true }
            #expect(try await messaging.topic("c.fifo") == changed && changed.configuration.contentBasedDeduplication)
            try await messaging.tagTopic("a", ["x": "1", "y": "2"])
            try await messaging.tagTopic("a", ["z": "3"], removing: ["x"])
            #expect(try await messaging.topic("a").tags == ["y": "2", "z": "3"])
        }
    }

    @Test func `a topic that is deleted takes its subscriptions and what they had to deliver along`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news", tags: ["a": "b"])
            _ = try await messaging.createQueue("jobs")
            _ = try await messaging.subscribe(.queue("jobs"), to: "news")
            _ = try await messaging.subscribe(.http("http://localhost:1/"), to: "news")
            try await messaging.publish("one", to: "news")
            try await messaging.deleteTopic("news")
            try await messaging.deleteTopic("news")
            #expect(try await messaging.subscriptions().isEmpty)
            await refused(.topicDoesNotExist) { try await messaging.publish("two", to: "news") }
            // What reached a queue stays there.
            #expect(try await messaging.texts(from: "jobs") == ["one"])
            #expect(try await messaging.rows("SELECT count(*) FROM queues") == 1)
            #expect(try await messaging.rows("SELECT count(*) FROM messages") == 1)
            #expect(try await messaging.rows("SELECT count(*) FROM tags") == 0)
            _ = try await messaging.createTopic("news")
            #expect(try await messaging.publish("three", to: "news").subscribers == 0)
        }
    }

    // MARK: Subscriptions

    @Test func `subscribing twice finds the subscription, and with other attributes is refused`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            _ = try await messaging.createQueue("jobs")
            let made = try await messaging.subscribe(.queue("jobs"), to: "news", .init(isRaw: true))
            #expect(try await messaging.subscribe(.queue("jobs"), to: "news", .init(isRaw: true)) == made)
            await refused(.subscriptionExists, "other attributes", made.id.description) {
                _ = try await messaging.subscribe(.queue("jobs"), to: "news")
            }
            #expect(try await messaging.subscription(made.id) == made)
            #expect(Messaging.SubscriptionID(parsing: made.id.description) == made.id)
            try await messaging.unsubscribe(made.id)
            await refused(.subscriptionDoesNotExist) { try await messaging.unsubscribe(made.id) }
            await refused(.subscriptionDoesNotExist) { _ = try await messaging.subscription(made.id) }
            #expect(try await messaging.publish("one", to: "news").subscribers == 0)
        }
    }

    @Test func `endpoints that resolve to nothing or do not fit are refused in words that say what to do`() async throws {
        try await withMessaging { messaging, _ in
            for name in ["news", "ordered.fifo"] { _ = try await messaging.createTopic(name) }
            for name in ["jobs", "jobs.fifo"] { _ = try await messaging.createQueue(name) }
            await refused(.topicDoesNotExist) { _ = try await messaging.subscribe(.queue("jobs"), to: "olds") }
            await refused(.queueDoesNotExist, "Create it first") { _ = try await messaging.subscribe(.queue("nobody"), to: "news") }
            await refused(.queueDoesNotExist, "dead") {
                _ = try await messaging.subscribe(.queue("jobs"), to: "news", .init(deadLetterQueue: "dead"))
            }
            await refused(.invalidParameterValue, "dead-letter queue") {
                _ = try await messaging.subscribe(.queue("jobs"), to: "news", .init(deadLetterQueue: "jobs.fifo"))
            }
            await refused(.invalidParameterValue, "FIFO topics only") { _ = try await messaging.subscribe(.queue("jobs.fifo"), to: "news") }
            await refused(.invalidParameterValue, "Only queues") {
                _ = try await messaging.subscribe(.http("http://localhost/"), to: "ordered.fifo")
            }
            for url in ["ftp://a/b", "http://", "https:///path", "localhost", "http://a b/", ""] {
                await refused(.invalidParameterValue, "http:// or https://") { _ = try await messaging.subscribe(.http(url), to: "news") }
            }
            _ = try await messaging.subscribe(.queue("jobs"), to: "ordered.fifo")
            _ = try await messaging.subscribe(.queue("jobs.fifo"), to: "ordered.fifo")
        }
    }

    @Test func `a subscription that must be confirmed gets nothing but the question until its token comes back`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createTopic("news")
            let token = String(repeating: "t", count: 32)
            let asked = try await messaging.subscribe(.http("http://localhost:1/"), to: "news", confirmation: .required(token: token))
            #expect(asked.isPending)
            #expect(try await messaging.publish("early", to: "news").subscribers == 0)
            let question = try await messaging.take(asked.queue)
            #expect(question.attributes[Messaging.confirmationToken]?.value == .string(token))
            #expect(question.notification?.subscription == asked.id && question.notification?.topic == "news")
            await refused(.tokenIsInvalid) {
                _ = try await messaging.confirmSubscription(to: "news", token: String(repeating: "x", count: 32))
            }
            let confirmed = try await messaging.confirmSubscription(to: "news", token: token)
            #expect(!confirmed.isPending && confirmed.id == asked.id)
            #expect(try await messaging.confirmSubscription(to: "news", token: token) == confirmed)
            let published = try await messaging.publish("late", to: "news")
            #expect(published.subscribers == 1 && published.deferred == 1)

            let other = try await messaging.subscribe(.http("http://localhost:2/"), to: "news", confirmation: .required(token: token + "2"))
            clock.pass(.seconds(172_800))
            await refused(.tokenIsInvalid, "two days") { _ = try await messaging.confirmSubscription(to: "news", token: token + "2") }
            let again = try await messaging.subscribe(.http("http://localhost:2/"), to: "news", confirmation: .required(token: token + "3"))
            #expect(again.id == other.id)
            #expect(!(try await messaging.confirmSubscription(to: "news", token: token + "3").isPending))
        }
    }

    @Test func `the subscription of a process is gone with it, and so is what it had not taken`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            let mine = try await messaging.subscribe(.process(messaging.store.home.lease()), to: "news", .init(isRaw: true))
            let dead = try await messaging.subscribe(.process(Lease(slot: 77, generation: 5)), to: "news", .init(isRaw: true))
            #expect(try await messaging.subscriptions(to: "news").map(\.id) == [mine.id])
            #expect(try await messaging.publish("one", to: "news").subscribers == 1)
            #expect(try await messaging.texts(from: mine.queue) == ["one"])
            await refused(.subscriptionDoesNotExist) { _ = try await messaging.subscription(dead.id) }
            await refused(.queueDoesNotExist) { _ = try await messaging.texts(from: dead.queue) }
            // Delivery queues are nobody's but the courier's.
            #expect(try await messaging.queues().isEmpty)
        }
    }

    @Test func `a change to a subscription holds for the next message of every process`() async throws {
        try await withFolder { path in
            let here = try Messaging(Home(path: path))
            let there = try Messaging(Home(path: path))
            defer {
                here.close()
                there.close()
            }
            _ = try await here.createTopic("news")
            _ = try await here.createQueue("jobs")
            let subscription = try await here.subscribe(.queue("jobs"), to: "news")
            for number in 0..<50 {
                let wanted = "\(number)"
                _ = try await here.configureSubscription(subscription.id) {
                    $0.filter = try? .init(parsing: #"{"n": ["\#(wanted)"]}"#, scope: .attributes)
                }
                #expect(try await there.publish("a", to: "news", attributes: ["n": .init(.string(wanted))]).subscribers == 1)
                #expect(try await there.publish("b", to: "news", attributes: ["n": .init(.string("other"))]).subscribers == 0)
            }
        }
    }
}

extension Messaging {
    @discardableResult
    func publish(
        _ text: String, to topic: String, attributes: [String: Attribute] = [:], subject: String? = nil, group: String? = nil,
        id: String? = nil
    ) async throws -> Published {
        let message = Publication(Array(text.utf8), attributes: attributes, subject: subject, group: group, deduplication: id)
        return try await publish([message], to: topic)[0].get()
    }
}
