import DiscoveryKit
import DiscoveryTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct StubQueueTests {
    struct Job: Codable, Sendable, Equatable { var id: Int }
    struct Broken: Error {}

    @Test func `what is queued is on record, with its options`() async throws {
        let stub: Stub = ["ais.jobs": .queue(), "ais.mail": .queue()]
        var options = SendOptions()
        options.delay = .seconds(5)
        options.group = "g"
        try await Discovery.withCurrent(stub.discovery) {
            try await Discovery.queue("ais.jobs", Job(id: 1), options: options)
            try await Discovery.queue("ais.mail", Message.text("hello"))
            try await Discovery.queue("ais.jobs", contentsOf: [.json(Job(id: 2)), .json(Job(id: 3))])
        }
        #expect(stub.queued.map(\.address) == ["ais.jobs", "ais.mail", "ais.jobs", "ais.jobs"])
        #expect(try stub.queued(to: "ais.jobs").map { try $0.decode(Job.self).id } == [1, 2, 3])
        #expect(stub.queued.first?.options == options)
    }

    // A mocked queue of the ancestors gave its first message again and again.
    @Test func `a listener is given each message once, in turn, and what became of it is on record`() async throws {
        let stub: Stub = ["ais.jobs": .queue(json: Job(id: 1), Job(id: 2), Job(id: 3))]
        var options = ListenOptions()
        options.concurrency = 1
        let listening = Task { [options] in
            try await stub.discovery.listen("ais.jobs", options: options) { (job: Job) in
                if job.id == 2 { throw Broken() }
            }
        }
        try await stub.discovery.queue("ais.jobs", Message.text("no job"))
        let settled = await stub.settled(atLeast: 4)
        listening.cancel()
        _ = await listening.result
        #expect(settled.prefix(3).map { try? $0.message.decode(Job.self).id } == [1, 2, 3])
        #expect(settled[0].outcome == .finished && settled[2].outcome == .finished)
        guard case .retried = settled[1].outcome, case .deadLettered = settled[3].outcome else {
            return #expect(Bool(false), "\(settled)")
        }
        #expect(stub.settled.count == 4)
    }

    @Test func `what a listener gave back unhandled comes again`() async throws {
        let stub: Stub = ["ais.jobs": .queue(json: Job(id: 1))]
        for try await delivery in stub.discovery.listen("ais.jobs") where delivery.receiveCount > 1 {
            try await delivery.finish()
            break
        }
        #expect(stub.settled.map(\.outcome) == [.finished])
    }

    @Test func `a stubbed queue is not called, and a stubbed function not listened to`() async throws {
        let stub: Stub = ["ais.jobs": .queue(), "ais.users": .json(1)]
        let request = await #expect(throws: DiscoveryError.self) { try await stub.discovery.request("ais.jobs") }
        #expect(request?.code == .wrongKind)
        let queue = await #expect(throws: DiscoveryError.self) { try await stub.discovery.queue("ais.users", Job(id: 1)) }
        #expect(queue?.code == .wrongKind)
        let listen = await #expect(throws: DiscoveryError.self) { try await stub.discovery.listen("ais.users") { (_: Job) in } }
        #expect(listen?.code == .wrongKind)
    }

    @Test func `a message that cannot be encoded is an error of the listener`() async throws {
        let stub: Stub = ["ais.numbers": .queue(json: Double.infinity)]
        var deliveries = stub.discovery.listen("ais.numbers").makeAsyncIterator()
        let error = await #expect(throws: DiscoveryError.self) { try await deliveries.next() }
        #expect(error?.code == .coding)
    }
}
