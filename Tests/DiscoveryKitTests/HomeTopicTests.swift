@testable import DiscoveryKit
import Messaging
import Synchronization
import Testing

private struct Post: Codable, Sendable, Equatable {
    var id: Int
    var text: String
}

/// A client whose home has the topic `news` at `ns.s->news`, the queues `a` and `b` at `ns.s->a` and `ns.s->b`.
private func withTopic(_ body: (Discovery, Messaging) async throws -> Void) async throws {
    try await withDiscovery { discovery in
        let messaging = try await discovery.client.home().messaging()
        _ = try await messaging.createTopic("news")
        try await discovery.register("ns.s->news", Resource(.topic, at: LocalTopic.arn("news")))
        for name in ["a", "b"] {
            _ = try await messaging.createQueue(name)
            try await discovery.register(Address(namespace: "ns", service: "s", instance: .id(name)), .queue(named: name))
        }
        try await body(discovery, messaging)
    }
}

extension Messaging {
    fileprivate func bodies(_ queue: String) async throws -> [String] {
        try await peek(at: queue).messages.map { String(decoding: $0.body, as: UTF8.self) }
    }

    /// Returns once a topic has so many subscriptions.
    fileprivate func subscribed(_ count: Int, to topic: String = "news") async throws {
        while try await subscriptions(to: topic).count != count { await Task.yield() }
    }
}

@Suite(.timeLimit(.minutes(5))) struct HomeTopicTests {
    @Test func `a value that is published is its JSON once, a message is as it is, and attributes and subject come along`() async throws {
        try await withTopic { discovery, messaging in
            for name in ["a", "b"] {
                var options = SubscribeOptions()
                options.isRaw = name == "a"
                try await discovery.subscribe("ns.s->news", Address(namespace: "ns", service: "s", instance: .id(name)), options: options)
            }
            #expect(try await messaging.bodies("a").isEmpty, "subscribing publishes nothing")
            try await discovery.publish("ns.s->news", Post(id: 7, text: "hello"))
            try await discovery.publish("ns.s->news", "a string")
            var options = SendOptions()
            options.subject = "About"
            let id = try await discovery.publish(
                "ns.s->news", .text("as it is", attributes: ["n": .number("1"), "b": .binary([0, 255])]), options: options)
            #expect(try await messaging.bodies("a") == [#"{"id":7,"text":"hello"}"#, #""a string""#, "as it is"])
            let last = try #require(try await messaging.peek(at: "b").messages.last)
            #expect(last.notification?.subject == "About" && last.notification?.publication.description == id.description)
            #expect(last.attributes == ["n": .init(.number("1")), "b": .init(.binary([0, 255]))])
        }
    }

    @Test func `bytes that are no text arrive as they were published`() async throws {
        try await withTopic { discovery, _ in
            try await discovery.subscribe("ns.s->news", "ns.s->a")
            try await discovery.publish("ns.s->news", .bytes([0, 1, 255, 254]))
            var deliveries = discovery.listen("ns.s->a").makeAsyncIterator()
            let delivery = try #require(try await deliveries.next())
            #expect(delivery.message.body == [0, 1, 255, 254] && delivery.message.attributes.isEmpty)
            try await delivery.finish()
        }
    }

    @Test func `a closure hears what its filter lets through, until it ends`() async throws {
        try await withTopic { discovery, messaging in
            let heard = Mutex<[Post]>([])
            let enough = Event<Void>()
            let task = Task {
                var options = SubscribeOptions()
                options.filter = #"{"id": [{"numeric": [">", 1]}]}"#
                options.filterScope = .body
                try await discovery.subscribe("ns.s->news", options: options) { (post: Post) in
                    let count = heard.withLock { heard in
                        heard.append(post)
                        return heard.count
                    }
                    if count == 2 { enough.happened(()) }
                }
            }
            try await messaging.subscribed(1)
            for id in 1...3 { try await discovery.publish("ns.s->news", Post(id: id, text: "x")) }
            await enough.wait()
            #expect(heard.withLock { Set($0.map(\.id)) } == [2, 3])
            task.cancel()
            await #expect(throws: DiscoveryError.self) { try await task.value }
            #expect(try await messaging.subscriptions().isEmpty)
            try await discovery.publish("ns.s->news", Post(id: 9, text: "nobody hears"))
        }
    }

    @Test func `everybody who listens to a topic hears everything`() async throws {
        try await withTopic { discovery, messaging in
            var first = discovery.listen("ns.s->news").makeAsyncIterator()
            var second = discovery.listen("ns.s->news").makeAsyncIterator()
            async let publishing: Void = {
                try await messaging.subscribed(2)
                try await discovery.publish("ns.s->news", .text("x"))
            }()
            // Both are asked in turn: a listener subscribes with its first receive.
            async let one = first.next()
            let two = try #require(try await second.next())
            let other = try #require(try await one)
            try await publishing
            #expect(two.message.body == Array("x".utf8) && other.message.body == two.message.body)
            try await two.finish()
            try await other.finish()
        }
    }

    @Test func `a topic that is registered anew is followed, by those who publish and those who listen`() async throws {
        try await withTopic { discovery, messaging in
            _ = try await messaging.createTopic("olds")
            try await discovery.subscribe("ns.s->news", "ns.s->a")
            try await discovery.register("ns.s->news", Resource(.topic, at: LocalTopic.arn("olds")))
            try await discovery.subscribe("ns.s->news", "ns.s->b")
            try await discovery.publish("ns.s->news", .text("moved"))
            #expect(try await messaging.bodies("a").isEmpty)
            #expect(try await messaging.bodies("b") == ["moved"])
        }
    }

    @Test func `what does not fit is refused in words that say what to do`() async throws {
        try await withTopic { discovery, _ in
            func refused(_ code: DiscoveryError.Code, _ part: String, _ body: () async throws -> Void) async {
                do {
                    try await body()
                    Issue.record("this was not refused")
                } catch {
                    let error = error as? DiscoveryError
                    #expect(error?.code == code && error?.message.contains(part) == true, "\(error.map { "\($0)" } ?? "")")
                }
            }
            await refused(.wrongKind, "messages are published to topics") { try await discovery.publish("ns.s->a", .text("x")) }
            await refused(.wrongKind, "sent to queues") { try await discovery.queue("ns.s->news", .text("x")) }
            await refused(.wrongKind, "only topics") { try await discovery.subscribe("ns.s->a", "ns.s->b") }
            await refused(.wrongKind, "queues and functions subscribe") { try await discovery.subscribe("ns.s->news", "ns.s->news") }
            await refused(.notFound, "nobody") { try await discovery.subscribe("ns.s->news", "ns.s->nobody") }
            await refused(.invalid, "numeric") {
                var options = SubscribeOptions()
                options.filter = #"{"a": [{"numeric": ["<"]}]}"#
                try await discovery.subscribe("ns.s->news", "ns.s->a", options: options)
            }
            await refused(.alreadyExists, "other attributes") {
                try await discovery.subscribe("ns.s->news", "ns.s->a")
                var options = SubscribeOptions()
                options.isRaw = false
                try await discovery.subscribe("ns.s->news", "ns.s->a", options: options)
            }
            await refused(.invalid, "http://") { try await discovery.subscribe("ns.s->news", url: "ftp://x/") }
            await refused(.invalid, "delay") {
                var options = SendOptions()
                options.delay = .seconds(1)
                try await discovery.publish("ns.s->news", .text("x"), options: options)
            }
            await refused(.invalid, "subject") {
                var options = SendOptions()
                options.subject = "x"
                try await discovery.queue("ns.s->a", .text("x"), options: options)
            }
            await refused(.notFound, "no subscription's id") { try await discovery.unsubscribe("x") }
            await refused(.tooLarge, "262144") { try await discovery.publish("ns.s->news", .text(String(repeating: "x", count: 262_145))) }
            try await discovery.register("ns.s->gone", Resource(.topic, at: LocalTopic.arn("gone")))
            await refused(.notFound, "Create it first") { try await discovery.publish("ns.s->gone", .text("x")) }
        }
    }
}
