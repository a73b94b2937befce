@testable import DiscoveryKit
import Foundation
import Messaging
import Store
import Synchronization
import Testing

private struct Job: Codable, Sendable, Equatable { var id: Int }

/// A client on a home with the queues `jobs`, `jobs.fifo` and `content.fifo`, whose dead-letter queues are `dead` and `dead.fifo`.
private func withHomeQueues(
    configure: (inout Discovery.Configuration) -> Void = { _ in }, _ body: (Discovery, Messaging) async throws -> Void
) async throws {
    try await withDiscovery(configure: configure) { discovery in
        let messaging = try await discovery.client.home().messaging()
        _ = try await messaging.createQueue("dead")
        _ = try await messaging.createQueue("dead.fifo")
        for name in ["jobs", "jobs.fifo", "content.fifo"] {
            var configuration = Messaging.QueueConfiguration()
            configuration.redrive = .init(deadLetterQueue: name == "jobs" ? "dead" : "dead.fifo")
            configuration.contentBasedDeduplication = name == "content.fifo"
            _ = try await messaging.createQueue(name, configuration)
            try await discovery.register(
                Address(namespace: "ns", service: "s", instance: .id(name)), Resource(.queue, at: LocalQueue.arn(name)))
        }
        try await discovery.register("ns.s->dead", Resource(.queue, at: "dead"))
        try await body(discovery, messaging)
    }
}

private func next(_ discovery: Discovery, _ address: Address = "ns.s->jobs") async throws -> Delivery {
    var deliveries = discovery.listen(address).makeAsyncIterator()
    return try #require(try await deliveries.next())
}

/// Several of one kind, side by side.
private func started(_ count: Int, _ body: @escaping @Sendable () async throws -> Void) -> [Task<Void, any Error>] {
    (0..<count).map { _ in Task { try await body() } }
}

@Suite(.timeLimit(.minutes(5))) struct HomeQueueTests {
    @Test func `a process that only resolves never opens the messages`() async throws {
        try await withHome { home in
            try await withDiscovery(home: home) { discovery in
                try await discovery.register("ns.s->jobs", Resource(.queue, at: "jobs"))
                _ = try await discovery.resolve("ns.s->jobs")
                #expect(try !discovery.client.home().hasMessaging)
                #expect(!FileManager.default.fileExists(atPath: "\(home)/messages.sqlite"))
                let error = await failure { try await discovery.queue("ns.s->jobs", Job(id: 1)) }
                #expect(error?.code == .notFound && error?.address == "ns.s->jobs", "\(error.debugDescription)")
                #expect(try discovery.client.home().hasMessaging)
            }
        }
    }

    @Test func `what one client sends another is given, byte by byte, with its attributes`() async throws {
        try await withHomeQueues { discovery, _ in
            let home = try await discovery.explain("ns.s->jobs").home
            try await withDiscovery(home: home) { other in
                let bodies: [[UInt8]] = [[], Array(0...255), Array("text ü\n".utf8), [0xFF], Array("{}".utf8)]
                let attributes: [String: Message.Attribute] = ["a": .string("ü"), "n": .number("1.50"), "b": .binary([0, 255])]
                for body in bodies {
                    var message = Message.bytes(body)
                    message.attributes = attributes
                    let id = try await other.queue("ns.s->jobs", message)
                    let delivery = try await next(discovery)
                    #expect(delivery.message.body == body && delivery.message.attributes == attributes)
                    #expect(delivery.id == id && delivery.receiveCount == 1 && delivery.group == nil)
                    try await delivery.finish()
                }
            }
        }
    }

    /// The home's time stands still but for what the handler lets pass: three quarters of a lease, each time one was extended.
    @Test func `a handler longer than the visibility runs once`() async throws {
        try await withHome { home in
            let time = HomeClock()
            var seam = Seam()
            seam.now = { time.now }
            try await withDiscovery(configure: { [seam] in
                $0.backend = .names(EmbeddedBackend(home: home, group: nil, seam: seam))
            }) { discovery in
                let messaging = try await discovery.client.home().messaging()
                _ = try await messaging.createQueue("jobs")
                try await discovery.register("ns.s->jobs", Resource(.queue, at: "jobs"))
                let runs = Count()
                var options = ListenOptions()
                options.visibility = .milliseconds(200)
                let listeners = started(2) { [options] in
                    try await discovery.listen("ns.s->jobs", options: options) { (delivery: Delivery) in
                        runs.add()
                        let id = try #require(Messaging.MessageID(parsing: delivery.id.description))
                        for _ in 0..<8 {
                            time.pass(.milliseconds(150))
                            while case .held(_, let until)? = try await messaging.peek(id)?.state, until < time.now + .milliseconds(200) {
                                try await Task.sleep(for: .milliseconds(5))
                            }
                        }
                    }
                }
                try await discovery.queue("ns.s->jobs", Job(id: 1))
                await runs.reached(1)
                while try await !messaging.peek(at: "jobs").messages.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                #expect(runs.value == 1)
                for listener in listeners {
                    listener.cancel()
                    _ = await listener.result
                }
            }
        }
    }

    @Test func `a listener with a limit receives no message more, and one with patience ends when there is nothing`() async throws {
        try await withHomeQueues { discovery, messaging in
            try await discovery.queue("ns.s->jobs", contentsOf: try (0..<7).map { try Message.json(Job(id: $0)) })
            let seen = Mutex<[Int]>([])
            for (limit, concurrency) in [(1, 16), (3, 2)] {
                var options = ListenOptions()
                options.limit = limit
                options.concurrency = concurrency
                try await discovery.listen("ns.s->jobs", options: options) { (job: Job) in seen.withLock { $0.append(job.id) } }
            }
            #expect(seen.withLock { $0.sorted() } == [0, 1, 2, 3])
            let left = try await messaging.peek(at: "jobs").messages
            #expect(left.count == 3 && left.allSatisfy { $0.receives == 0 })
            var patient = ListenOptions()
            patient.patience = .zero
            try await discovery.listen("ns.s->jobs", options: patient) { (job: Job) in seen.withLock { $0.append(job.id) } }
            #expect(seen.withLock { $0.sorted() } == Array(0..<7))
            for try await delivery in discovery.listen("ns.s->jobs", options: patient) { Issue.record("There was \(delivery.id).") }
            patient.limit = 0
            let error = await failure { [patient] in try await discovery.listen("ns.s->jobs", options: patient) { (_: Job) in } }
            #expect(error?.code == .invalid)
        }
    }

    @Test func `a home delays a message for any time, and no time is too long to be added`() async throws {
        try await withHomeQueues { discovery, messaging in
            var options = SendOptions()
            for delay in [Duration.seconds(86_400), .seconds(Int64.max)] {
                options.delay = delay
                try await discovery.queue("ns.s->jobs", Job(id: 1), options: options)
            }
            options.delay = nil
            for seconds in [Double.infinity, .nan, -1e300, 1e300] {
                options.deliverAt = Date(timeIntervalSinceReferenceDate: seconds)
                try await discovery.queue("ns.s->jobs", Job(id: 1), options: options)
            }
            let counts = try await messaging.counts(of: "jobs")
            #expect(counts.delayed == 4 && counts.waiting == 2)
        }
    }

    @Test func `a queue is named by its name, its ARN, or an address that leads to it`() async throws {
        try await withHomeQueues { discovery, _ in
            for text in ["jobs", "arn:aws:sqs:local:000000000000:jobs", "ns.s->jobs"] {
                #expect(try await discovery.queueName(text) == "jobs")
            }
            #expect(try await discovery.queueName("jobs.fifo") == "jobs.fifo")
            try await discovery.register("ns.s->f", Resource(.function, at: "http://127.0.0.1:9/"))
            try await discovery.register("ns.s->far", Resource(.queue, at: "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"))
            for (text, code) in [
                ("ns.s->f", DiscoveryError.Code.wrongKind), ("ns.s->far", .unsupported), ("ns.s->nobody", .notFound), ("ns.s", .ambiguous),
                ("", .malformedAddress), ("arn:aws:sqs:eu-central-1:1:jobs", .notFound),
            ] {
                let error = await failure { _ = try await discovery.queueName(text) }
                #expect(error?.code == code, "\(text): \(error.debugDescription)")
            }
        }
    }

    @Test func `many listeners handle each of many messages once`() async throws {
        try await withHomeQueues { discovery, messaging in
            let messages = try (0..<300).map { try Message.json(Job(id: $0)) }
            let results = try await discovery.queue("ns.s->jobs", contentsOf: messages)
            #expect(Set(try results.map { try $0.get() }).count == 300)
            let seen = Mutex<[Int]>([])
            let handled = Count()
            let listeners = started(3) {
                try await discovery.listen("ns.s->jobs") { (job: Job) in
                    seen.withLock { $0.append(job.id) }
                    handled.add()
                }
            }
            await handled.reached(300)
            while try await messaging.counts(of: "jobs").inFlight > 0 { await Task.yield() }
            for listener in listeners {
                listener.cancel()
                _ = await listener.result
            }
            #expect(seen.withLock { $0.sorted() } == Array(0..<300))
        }
    }

    @Test func `one client listens to several queues, each as if it were alone`() async throws {
        try await withHomeQueues { discovery, _ in
            let seen = Event<String>()
            let addresses: [Address] = ["ns.s->jobs", "ns.s->jobs.fifo", "ns.s->dead"]
            let listeners = addresses.map { address in
                Task { try await discovery.listen(address) { (_: Job) in seen.happened(address.description) } }
            }
            for round in 0..<3 {
                for address in addresses.reversed() {
                    try await discovery.queue(address, Job(id: round))
                    #expect(await seen.wait() == address.description)
                }
            }
            for listener in listeners {
                listener.cancel()
                _ = await listener.result
            }
        }
    }

    @Test func `messages of a group come in order, though handlers fail`() async throws {
        try await withHomeQueues { discovery, messaging in
            var options = SendOptions()
            for group in ["a", "b"] {
                options.group = group
                let messages = (0..<20).map { Message.text("\(group)\($0)") }
                try await discovery.queue("ns.s->jobs.fifo", contentsOf: messages, options: options)
            }
            let done = Mutex<[String: [String]]>([:])
            let finished = Count()
            let tries = Mutex(0)
            var listening = ListenOptions()
            listening.firstBackoff = .milliseconds(5)
            listening.longestBackoff = .milliseconds(20)
            let listeners = started(2) { [listening] in
                try await discovery.listen("ns.s->jobs.fifo", options: listening) { (delivery: Delivery) in
                    if delivery.receiveCount == 1,
                        tries.withLock({
                            $0 += 1; return $0 % 5 == 0
                        })
                    {
                        throw DiscoveryError(.unexpected, "Not now.")
                    }
                    done.withLock {
                        $0[delivery.group ?? "", default: []].append(String(decoding: delivery.message.body, as: UTF8.self))
                    }
                    finished.add()
                }
            }
            await finished.reached(40)
            for listener in listeners {
                listener.cancel()
                _ = await listener.result
            }
            for group in ["a", "b"] { #expect(done.withLock { $0[group] } == (0..<20).map { "\(group)\($0)" }) }
            #expect(try await messaging.counts(of: "dead.fifo").waiting == 0)
        }
    }

    @Test func `a FIFO queue without deduplication by content takes every message for a new one, another goes by the content`() async throws
    {
        try await withHomeQueues { discovery, messaging in
            for _ in 0..<3 {
                try await discovery.queue("ns.s->jobs.fifo", Job(id: 1))
                try await discovery.queue("ns.s->content.fifo", Job(id: 1))
            }
            #expect(try await messaging.counts(of: "jobs.fifo").waiting == 3)
            #expect(try await messaging.counts(of: "content.fifo").waiting == 1)
            #expect(try await next(discovery, "ns.s->jobs.fifo").group == "default")
        }
        try await withHomeQueues(configure: { $0.isStrictFIFO = true }) { discovery, _ in
            var options = SendOptions()
            options.group = "g"
            let error = await failure { [options] in try await discovery.queue("ns.s->jobs.fifo", Job(id: 1), options: options) }
            #expect(error?.code == .invalid, "\(error.debugDescription)")
            try await discovery.queue("ns.s->content.fifo", Job(id: 1), options: options)
        }
    }

    @Test func `a message is delayed, or delivered at a time to come`() async throws {
        try await withHomeQueues { discovery, messaging in
            var delayed = SendOptions()
            delayed.delay = .seconds(600)
            try await discovery.queue("ns.s->jobs", Job(id: 1), options: delayed)
            var dated = SendOptions()
            dated.deliverAt = Date(timeIntervalSinceNow: 86_400 * 30)
            try await discovery.queue("ns.s->jobs", Job(id: 2), options: dated)
            dated.deliverAt = Date(timeIntervalSinceNow: -5)
            try await discovery.queue("ns.s->jobs", Job(id: 3), options: dated)
            let counts = try await messaging.counts(of: "jobs")
            #expect(counts.delayed == 2 && counts.waiting == 1)
        }
    }

    @Test func `a body that cannot be decoded goes to the dead-letter queue with the reason, and an unwanted message too`() async throws {
        try await withHomeQueues { discovery, messaging in
            try await discovery.queue("ns.s->jobs", Message.text("no job"))
            let listening = Task { try await discovery.listen("ns.s->jobs") { (_: Job) in } }
            let dead = try await next(discovery, "ns.s->dead")
            #expect(dead.message.body == Array("no job".utf8))
            let peeked = try await messaging.peek(at: "dead").messages.first
            #expect(peeked?.lastFailure?.contains("decoded as Job") == true && peeked?.deadLetterSource == "jobs")
            let none = await failure { try await dead.deadLetter("twice") }
            #expect(none?.code == .unsupported)
            try await dead.finish()
            listening.cancel()
            _ = await listening.result
            try await discovery.queue("ns.s->jobs", Job(id: 1))
            try await next(discovery).deadLetter("unwanted")
            #expect(try await messaging.peek(at: "dead").messages.first?.lastFailure == "unwanted")
        }
    }

    @Test func `why a handler failed can be looked up, and a retry waits as told`() async throws {
        try await withHomeQueues { discovery, messaging in
            let id = try await discovery.queue("ns.s->jobs", Job(id: 1))
            let delivery = try await next(discovery)
            try await delivery.retry(after: .seconds(600))
            let known = try #require(Messaging.MessageID(parsing: id.description))
            let peeked = try await messaging.peek(known)
            #expect(peeked?.lastFailure != nil && peeked?.receives == 1)
            #expect(try await messaging.counts(of: "jobs").waiting == 0)
            #expect(await failure { try await delivery.finish() }?.code == .invalid, "settled before")
        }
    }

    @Test func `settling what is somebody else's says that the lease was lost`() async throws {
        try await withHomeQueues { discovery, messaging in
            for settle in [{ try await $0.finish() }, { try await $0.retry() }, { try await $0.deadLetter("late") }]
                as [(Delivery) async throws -> Void]
            {
                try await discovery.queue("ns.s->jobs", Job(id: 1))
                let delivery = try await next(discovery)
                try await messaging.purgeQueue("jobs")
                #expect(await failure { try await settle(delivery) }?.code == .leaseLost)
                #expect(await failure { try await settle(delivery) }?.code == .leaseLost, "and goes on saying so")
            }
        }
    }

    @Test func `what a listener held at its end is there for the next at once`() async throws {
        try await withHomeQueues { discovery, messaging in
            try await discovery.queue("ns.s->jobs", contentsOf: (0..<5).map { .text("\($0)") })
            var options = ListenOptions()
            options.concurrency = 1
            options.prefetch = 4
            let began = Event<Void>()
            let listening = Task { [options] in
                try await discovery.listen("ns.s->jobs", options: options) { (_: Delivery) in
                    began.happened(())
                    try await Task.sleep(for: .seconds(600))
                }
            }
            await began.wait()
            listening.cancel()
            _ = await listening.result
            let counts = try await messaging.counts(of: "jobs")
            #expect(counts.waiting == 5 && counts.inFlight == 0)
        }
    }

    @Test func `a waiting listener moves when the address is registered anew`() async throws {
        try await withHomeQueues { discovery, messaging in
            _ = try await messaging.createQueue("other")
            let seen = Event<Int>()
            let listening = Task { try await discovery.listen("ns.s->jobs") { (job: Job) in seen.happened(job.id) } }
            try await discovery.queue("ns.s->jobs", Job(id: 1))
            #expect(await seen.wait() == 1)
            try await discovery.register("ns.s->jobs", Resource(.queue, at: "other"))
            try await discovery.queue("ns.s->jobs", Job(id: 2))
            #expect(await seen.wait() == 2)
            listening.cancel()
            _ = await listening.result
            #expect(try await messaging.counts(of: "other").waiting == 0)
        }
    }

    @Test func `a queue of another home is reached where the configuration or an override allows it`() async throws {
        try await withHomeQueues { there, messaging in
            let home = try await there.explain("ns.s->jobs").home
            let url = "file://\(home)/jobs"
            try await withDiscovery(configure: { $0.homes = [home] }) { here in
                try await here.register("ns.s->there", Resource(.queue, at: url))
                try await here.queue("ns.s->there", Job(id: 1))
            }
            try await withDiscovery(configure: { $0.overrides = [Override("ns.*", .home(home))] }) { here in
                try await here.queue("ns.s->jobs", Job(id: 2))
                let delivery = try await next(here)
                #expect(try delivery.decode(Job.self).id == 1)
                try await delivery.finish()
            }
            try await withDiscovery { here in
                try await here.register("ns.s->there", Resource(.queue, at: url))
                #expect(await failure { try await here.queue("ns.s->there", Job(id: 3)) }?.code == .unsupported)
            }
            try await there.register("ns.s->own", Resource(.queue, at: url))
            try await there.queue("ns.s->own", Job(id: 4))
            #expect(try await messaging.counts(of: "jobs").waiting == 2)
        }
    }

    @Test func `after a shutdown nothing is sent, and a listener ends`() async throws {
        try await withHomeQueues { discovery, _ in
            let listening = Task { try await discovery.listen("ns.s->jobs") { (_: Job) in } }
            try await discovery.queue("ns.s->dead", Job(id: 1))
            await discovery.shutdown()
            #expect(await failure { try await listening.value }?.code == .homeUnusable)
            #expect(await failure { try await discovery.queue("ns.s->jobs", Job(id: 1)) }?.code == .homeUnusable)
        }
    }
}

/// A clock that goes on when told.
private final class HomeClock: Sendable {
    private let time = Mutex(HomeTime(milliseconds: 1_000_000))
    var now: HomeTime { time.withLock { $0 } }
    func pass(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
