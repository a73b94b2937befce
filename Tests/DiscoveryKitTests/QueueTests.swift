@testable import DiscoveryKit
import Foundation
import Testing

private struct Job: Codable, Sendable, Equatable { var id: Int }

@Suite(.timeLimit(.minutes(5))) struct QueueTests {
    @Test func `a value is sent as JSON, a message as it is, many with a result each`() async throws {
        let queue = ScriptedQueue()
        try await withQueue(queue) { discovery in
            #expect(try await discovery.queue("ns.s->jobs", Job(id: 7)).description == "{\"id\":7}")
            try await discovery.queue("ns.s->jobs", Message.text("raw", attributes: ["a": .number("1")]))
            let results = try await discovery.queue("ns.s->jobs", contentsOf: [.text("x"), .text("refused"), .text("y")])
            #expect(results.map { try? $0.get().description } == ["x", nil, "y"])
            #expect(throws: DiscoveryError.self) { try results[1].get() }
            let nothing = try await discovery.queue("ns.s->jobs", contentsOf: [])
            #expect(nothing.isEmpty)
        }
        #expect(queue.outgoing[1].message == .text("raw", attributes: ["a": .number("1")]))
        #expect(queue.outgoing.allSatisfy { $0.group == nil && $0.freshDeduplication == nil })
    }

    @Test func `options go along, and what no queue could mean is refused`() async throws {
        let queue = ScriptedQueue()
        try await withQueue(queue) { discovery in
            var options = SendOptions()
            options.delay = .seconds(3)
            options.group = "g"
            options.deduplication = "d"
            try await discovery.queue("ns.s->jobs", Message.text("a"), options: options)
            options.deliverAt = .now
            let refused1 = await failure { [options] in try await discovery.queue("ns.s->jobs", Message.text("b"), options: options) }
            #expect(refused1?.code == .invalid)
            options.deliverAt = nil
            options.delay = .seconds(-1)
            let refused2 = await failure { [options] in try await discovery.queue("ns.s->jobs", Message.text("c"), options: options) }
            #expect(refused2?.code == .invalid)
        }
        let sent = try #require(queue.outgoing.first)
        #expect(queue.outgoing.count == 1)
        #expect(sent.delay == .seconds(3) && sent.group == "g" && sent.deduplication == "d" && sent.freshDeduplication == nil)
    }

    @Test func `a FIFO queue is given a group and a fresh deduplication where there is none, the same for every try`() async throws {
        let queue = ScriptedQueue()
        queue.fail("send", .unreachable)
        try await withQueue(queue) { discovery in
            try await discovery.queue("ns.s->fifo", contentsOf: [.text("a"), .text("b")])
            var options = SendOptions()
            options.group = "g"
            options.deduplication = "d"
            try await discovery.queue("ns.s->fifo", Message.text("c"), options: options)
        }
        let sent = queue.outgoing
        #expect(sent.map(\.group) == ["default", "default", "default", "default", "g"])
        #expect(sent[0].freshDeduplication == sent[2].freshDeduplication && sent[1].freshDeduplication == sent[3].freshDeduplication)
        #expect(sent[0].freshDeduplication != nil && sent[0].freshDeduplication != sent[1].freshDeduplication)
        #expect(sent[4].deduplication == "d" && sent[4].freshDeduplication == nil)
    }

    @Test func `a strict client invents neither group nor deduplication`() async throws {
        let queue = ScriptedQueue()
        try await withQueue(queue, configure: { $0.isStrictFIFO = true }) { discovery in
            #expect(await failure { try await discovery.queue("ns.s->fifo", Message.text("a")) }?.code == .invalid)
            var options = SendOptions()
            options.group = "g"
            try await discovery.queue("ns.s->fifo", Message.text("a"), options: options)
        }
        #expect(queue.outgoing.map(\.freshDeduplication) == [nil])
    }

    @Test(arguments: [
        (DiscoveryError.Code.unreachable, 2), (.busy, 2), (.outcomeUnknown, 1), (.full, 1), (.deadlineExceeded, 1), (.invalid, 1),
    ])
    func `only what was certainly not accepted is sent again`(code: DiscoveryError.Code, tries: Int) async throws {
        let queue = ScriptedQueue()
        queue.fail("send", code)
        try await withQueue(queue) { discovery in
            let error = await failure { try await discovery.queue("ns.s->jobs", Message.text("a")) }
            #expect(error?.code == (tries == 2 ? nil : code))
            #expect(error == nil || error?.address == "ns.s->jobs")
        }
        #expect(queue.outgoing.count == tries)
    }

    @Test func `sending that goes on failing ends, and says how often it was tried`() async throws {
        let queue = ScriptedQueue()
        queue.fail("send", .unreachable, .unreachable, .unreachable, .unreachable, .unreachable)
        try await withQueue(queue) { discovery in
            let error = await failure { try await discovery.queue("ns.s->jobs", Message.text("a")) }
            #expect(error?.code == .unreachable && error?.message.hasSuffix("It was tried 5 times.") == true)
        }
        #expect(queue.events == [])
    }

    @Test func `only a queue can be sent to`() async throws {
        try await withQueue(ScriptedQueue()) { discovery in
            try await discovery.register("ns.f->one", Resource(.function, at: "http://127.0.0.1:1/"))
            try await discovery.register("ns.t->one", Resource(.topic, at: "news"))
            #expect(await failure { try await discovery.queue("ns.f->one", Job(id: 1)) }?.code == .wrongKind)
            #expect(await failure { try await discovery.queue("ns.t->one", Job(id: 1)) }?.code == .wrongKind)
            #expect(await failure { try await discovery.queue("ns.s->none", Job(id: 1)) }?.code == .notFound)
            #expect(await failure { try await discovery.queue("ns.s->jobs", Double.infinity) }?.code == .coding)
        }
    }

    @Test func `an override redirects messages to another address or queue, fails and delays them, and cannot answer them`() async throws {
        let queue = ScriptedQueue()
        let overrides = [
            Override("ns.a", .redirect(to: "ns.s->jobs")), Override("ns.b", .redirect(to: "http://localhost:4580/000000000000/other")),
            Override("ns.c", .reply(text: "no")), Override("ns.s->jobs", .failing(rate: 1)),
            Override("ns.d", .redirect(to: "ns.s->fifo"), .delayed(.milliseconds(30))),
        ]
        try await withQueue(queue, configure: { $0.overrides = overrides }) { discovery in
            try await discovery.queue("ns.a", Message.text("a"))
            try await discovery.queue("ns.b", Message.text("b"))
            #expect(await failure { try await discovery.queue("ns.c", Message.text("c")) }?.code == .unsupported)
            #expect(await failure { try await discovery.queue("ns.s->jobs", Message.text("d")) }?.code == .unreachable)
            let start = ContinuousClock.now
            try await discovery.queue("ns.d", Message.text("e"))
            #expect(start.duration(to: .now) >= .milliseconds(30))
        }
        #expect(queue.locations == ["jobs", "http://localhost:4580/000000000000/other", "jobs.fifo"])
    }

    @Test(
        arguments: [
            ("arn:aws:sqs:local:000000000000:jobs", "jobs", nil), ("jobs.fifo", "jobs.fifo", nil),
            ("http://localhost:4580/000000000000/jobs", "jobs", nil), ("http://127.0.0.1:9/000000000000/jobs", "jobs", nil),
            ("file:///var/lib/my%20home/jobs", "jobs", "/var/lib/my home"),
        ] as [(String, String, String?)])
    func `a location names a queue of a home`(location: String, name: String, home: String?) {
        #expect(LocalQueue(location)?.name == name)
        #expect(LocalQueue(location)?.home == home)
    }

    @Test(arguments: [
        "arn:aws:sqs:eu-west-1:000000000000:jobs", "arn:aws:sns:local:000000000000:jobs", "https://sqs.eu-west-1.amazonaws.com/1/jobs",
        "http://localhost:4580/jobs", "http://localhost:4580/111111111111/jobs", "http://elsewhere/000000000000/jobs", "file:///jobs",
        "file://host/home/jobs", "a b", "", "file:///home/", "stub:ns.s",
    ])
    func `other locations do not`(location: String) {
        #expect(LocalQueue(location) == nil)
    }

    @Test func `the environment may ask for strictness`() throws {
        #expect(try Discovery.Configuration.fromEnvironment(["DISCOVERY_STRICT_FIFO": "true"]).isStrictFIFO)
        #expect(try !Discovery.Configuration.fromEnvironment([:]).isStrictFIFO)
        #expect(throws: DiscoveryError.self) { try Discovery.Configuration.fromEnvironment(["DISCOVERY_STRICT_FIFO": "perhaps"]) }
    }
}

@Suite struct QueueTextTests {
    @Test(
        arguments: [[], Array(0...255), Array("ü\n\t\r".utf8), [0xFF], Array("\u{FFFE}".utf8), Array("\u{1}".utf8), Array("plain".utf8)]
            as [[UInt8]])
    func `every body comes back from its text`(body: [UInt8]) {
        let (text, encoding) = QueueText.encode(body)
        #expect(!text.isEmpty)
        #expect(QueueText.decode(text, encoding.map { .string($0) }) == body)
    }

    @Test func `text goes as it is, and what says it is encoded and is not is left alone`() {
        #expect(QueueText.encode(Array("käse".utf8)).encoding == nil)
        #expect(QueueText.decode([0x21], .string("base64")) == [0x21])
        #expect(QueueText.decode([0x21], .number("1")) == [0x21])
    }

    @Test func `a trace comes back from its header, and one that is too long is left out`() {
        let headers = ["traceparent": "00-4bf9-00f0-01", "tracestate": "a=1;b,ü %"]
        #expect(QueueText.headers(QueueText.trace(headers)) == headers)
        #expect(QueueText.trace([:]) == nil)
        #expect(QueueText.trace(["a": "1", "b": String(repeating: "x", count: 2_000)]) == "a=1")
        #expect(QueueText.headers("Root=1-5759e988;Sampled=1") == ["Root": "1-5759e988", "Sampled": "1"])
        #expect(QueueText.headers("nonsense;%zz=1") == [:])
    }
}
