import DiscoveryKit
import DiscoveryTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct StubTopicTests {
    struct Weather: Codable, Sendable, Equatable { var kind: String }

    @Test func `what is published is on record, with its options, and goes on to the queues that subscribe`() async throws {
        let stub: Stub = ["ais.news": .topic, "ais.jobs": .queue(), "ais.mail": .queue()]
        var options = SendOptions()
        options.subject = "Weather"
        var rainOnly = SubscribeOptions()
        rainOnly.filter = #"{"kind": ["rain"]}"#
        rainOnly.filterScope = .body
        try await Discovery.withCurrent(stub.discovery) {
            try await Discovery.subscribe("ais.news", "ais.jobs")
            try await Discovery.subscribe("ais.news", "ais.mail", options: rainOnly)
            try await Discovery.publish("ais.news", Weather(kind: "sun"), options: options)
            try await Discovery.publish("ais.news", Weather(kind: "rain"))
        }
        #expect(stub.published.map(\.options) == [options, SendOptions()])
        #expect(try stub.published(to: "ais.news").map { try $0.decode(Weather.self).kind } == ["sun", "rain"])
        #expect(try stub.queued(to: "ais.jobs").map { try $0.decode(Weather.self).kind } == ["sun", "rain"])
        #expect(try stub.queued(to: "ais.mail").map { try $0.decode(Weather.self).kind } == ["rain"])
        #expect(stub.subscriptions.map(\.subscriber) == [.queue("ais.jobs"), .queue("ais.mail")])
        #expect(stub.subscriptions.map(\.options) == [SubscribeOptions(), rainOnly])
    }

    @Test func `a closure hears what is published once it is subscribed, and what became of it is on record`() async throws {
        struct Broken: Error {}
        let stub: Stub = ["ais.news": .topic]
        let listening = Task {
            var options = ListenOptions()
            options.concurrency = 1
            try await stub.discovery.subscribe("ais.news", listening: options) { (weather: Weather) in
                if weather.kind == "snow" { throw Broken() }
            }
        }
        #expect(await stub.subscriptions(atLeast: 1).map(\.subscriber) == [.listener])
        for kind in ["rain", "snow"] { try await stub.discovery.publish("ais.news", Weather(kind: kind)) }
        let settled = await stub.settled(atLeast: 2)
        listening.cancel()
        _ = await listening.result
        #expect(settled.map(\.address) == ["ais.news", "ais.news"] && settled[0].outcome == .finished)
        guard case .retried = settled[1].outcome else { return #expect(Bool(false), "\(settled)") }
        #expect(stub.subscriptions.isEmpty)
        try await stub.discovery.publish("ais.news", Weather(kind: "fog"))
        #expect(stub.settled.count == 2 && stub.published.count == 3)
    }

    @Test func `functions and URLs that subscribe are on record`() async throws {
        let stub: Stub = ["ais.news": .topic, "mail": .json(true)]
        let mail = try await stub.discovery.subscribe("ais.news", "mail")
        try await stub.discovery.subscribe("ais.news", url: "https://example.com/")
        #expect(stub.subscriptions.map(\.subscriber) == [.function("default.mail"), .url("https://example.com/")])
        try await stub.discovery.publish("ais.news", Weather(kind: "rain"))
        #expect(stub.sent.isEmpty)
        try await stub.discovery.unsubscribe(mail)
        #expect(stub.subscriptions.map(\.topic) == ["ais.news"])
    }

    @Test func `publishing fails as the stub says, and is then not on record`() async throws {
        let stub: Stub = ["ais.news": .topic(failing: .full)]
        let error = await #expect(throws: DiscoveryError.self) { try await stub.discovery.publish("ais.news", Weather(kind: "rain")) }
        #expect(error?.code == .full && stub.published.isEmpty)
    }

    @Test func `who waits for subscriptions ends when it is cancelled`() async throws {
        let stub: Stub = ["ais.news": .topic]
        let waiting = Task { await stub.subscriptions(atLeast: 1) }
        waiting.cancel()
        #expect(await waiting.value.isEmpty)
    }

    @Test(arguments: 0..<20)
    func `listeners that begin and end while messages are published block nobody`(_: Int) async throws {
        let stub: Stub = ["ais.news": .topic]
        let enough = Task { await stub.subscriptions(atLeast: 9) }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let listening = Task { try await stub.discovery.listen("ais.news") { (_: Weather) in } }
                    _ = try? await stub.discovery.publish("ais.news", Weather(kind: "rain"))
                    listening.cancel()
                    _ = await listening.result
                }
            }
        }
        enough.cancel()
        #expect(await enough.value.isEmpty && stub.published.count == 8 && stub.subscriptions.isEmpty)
    }
}
