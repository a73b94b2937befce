@testable import DiscoveryKit
import Foundation
import HTTPServing
import Messaging
import Synchronization
import Testing

/// A client on a home with the topic `news` at `ns.s->news`, and a courier that runs meanwhile.
private func withCourier(_ body: (Discovery, Messaging) async throws -> Void) async throws {
    try await withDiscovery { discovery in
        let messaging = try await discovery.client.home().messaging()
        _ = try await messaging.createTopic("news")
        _ = try await messaging.createQueue("dead")
        try await discovery.register("ns.s->news", Resource(.topic, at: LocalTopic.arn("news")))
        let courier = Task { try await discovery.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(discovery, messaging)) } catch { result = .failure(error) }
        courier.cancel()
        await #expect(throws: DiscoveryError.self) { try await courier.value }
        try result.get()
    }
}

/// A policy without delays, and the dead-letter queue `dead`.
private func impatient(retries: Int, isRaw: Bool = true) -> Messaging.SubscriptionConfiguration {
    .init(isRaw: isRaw, deadLetterQueue: "dead", delivery: .init(retries: retries, immediateRetries: retries))
}

extension Messaging {
    /// What came to the dead-letter queue; waits for the first.
    fileprivate func dead() async throws -> Messaging.Received {
        try #require(try await receive(from: "dead", wait: .seconds(20)).first, "nothing came to the dead-letter queue")
    }
}

@Suite(.timeLimit(.minutes(5))) struct CourierTests {
    @Test func `an endpoint is sent what is published, raw or in SNS's envelope, with SNS's headers`() async throws {
        let (raw, enveloped) = (Endpoint(200), Endpoint(200))
        try await withServer({ raw.answer($0) }) { rawURL in
            try await withServer({ enveloped.answer($0) }) { url in
                try await withCourier { discovery, _ in
                    try await discovery.subscribe("ns.s->news", url: rawURL)
                    var options = SubscribeOptions()
                    options.isRaw = false
                    let id = try await discovery.subscribe("ns.s->news", url: url, options: options)
                    var sending = SendOptions()
                    sending.subject = "About"
                    let message = try await discovery.publish(
                        "ns.s->news", .text("hello", attributes: ["n": .number("1")]), options: sending)
                    await raw.came(1)
                    await enveloped.came(1)
                    #expect(raw.bodies == ["hello"] && raw.requests[0].headers["x-amz-sns-rawdelivery"] == "true")
                    let request = enveloped.requests[0]
                    #expect(request.method == "POST" && request.headers["x-amz-sns-message-type"] == "Notification")
                    #expect(request.headers["x-amz-sns-message-id"] == message.description)
                    let notification = try #require(Notification(envelope: request.body))
                    #expect(notification.id == message.description && notification.subject == "About" && notification.topic == "news")
                    #expect(notification.body == Array("hello".utf8) && notification.attributes == ["n": .init(.number("1"))])
                    #expect(request.headers["x-amz-sns-subscription-arn"]?.hasSuffix(id) == true)
                }
            }
        }
    }

    @Test func `a function is called with the event that Lambda would be`() async throws {
        let function = Endpoint(200)
        try await withServer({ function.answer($0) }) { url in
            try await withCourier { discovery, _ in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                var options = SubscribeOptions()
                options.isRaw = false
                try await discovery.subscribe("ns.s->news", "ns.s->f", options: options)
                try await discovery.publish("ns.s->news", .text("hello"))
                await function.came(1)
                let event = try JSONSerialization.jsonObject(with: Data(function.requests[0].body)) as? [String: Any]
                let record = (event?["Records"] as? [[String: Any]])?.first
                #expect(record?["EventSource"] as? String == "aws:sns")
                #expect((record?["Sns"] as? [String: Any])?["Message"] as? String == "hello")
            }
        }
    }

    @Test func `a failing endpoint is tried as often as its policy says, and then its message is a dead letter with the reason`()
        async throws
    {
        let failing = Endpoint(500)
        try await withServer({ failing.answer($0) }) { url in
            try await withCourier { discovery, messaging in
                _ = try await messaging.subscribe(.http(url), to: "news", impatient(retries: 3))
                try await discovery.publish("ns.s->news", .text("hello"))
                let letter = try await messaging.dead()
                #expect(failing.requests.count == 4 && failing.bodies == Array(repeating: "hello", count: 4))
                #expect(letter.text == "hello" && letter.lastFailure?.contains("500") == true)
            }
        }
    }

    @Test(arguments: [(404, "404", 1), (302, "redirects", 2), (429, "429", 2)])
    func `what an endpoint answers decides whether it is tried again`(status: Int, reason: String, tries: Int) async throws {
        let endpoint = Endpoint(status)
        try await withServer({ endpoint.answer($0) }) { url in
            try await withCourier { discovery, messaging in
                _ = try await messaging.subscribe(.http(url), to: "news", impatient(retries: 1))
                try await discovery.publish("ns.s->news", .text("hello"))
                #expect(try await messaging.dead().lastFailure?.contains(reason) == true)
                #expect(endpoint.requests.count == tries)
            }
        }
    }

    @Test func `an endpoint that is away for a while gets its messages when it is back`() async throws {
        let endpoint = Endpoint(503, 503, 200)
        try await withServer({ endpoint.answer($0) }) { url in
            try await withCourier { discovery, messaging in
                _ = try await messaging.subscribe(.http(url), to: "news", impatient(retries: 10))
                try await discovery.publish("ns.s->news", .text("hello"))
                await endpoint.came(3)
                try await discovery.publish("ns.s->news", .text("again"))
                await endpoint.came(4)
                #expect(endpoint.bodies == ["hello", "hello", "hello", "again"])
            }
        }
    }

    @Test func `a silent endpoint and one that is gone delay nobody else`() async throws {
        let quick = Endpoint(200)
        let goOn = Event<Void>()
        try await withServer({ quick.answer($0) }) { url in
            try await withServer({ _ in
                _ = await goOn.wait()
                return HTTPResponse(status: 200, headers: [], body: [])
            }) { silent in
                try await withCourier { discovery, messaging in
                    _ = try await messaging.subscribe(.http(silent), to: "news", impatient(retries: 3))
                    _ = try await messaging.subscribe(.http("http://127.0.0.1:1/"), to: "news")
                    _ = try await messaging.subscribe(.http(url), to: "news", impatient(retries: 3))
                    for number in 0..<50 { try await discovery.publish("ns.s->news", .text("\(number)")) }
                    await quick.came(50)
                    #expect(Set(quick.bodies) == Set((0..<50).map(String.init)))
                }
                goOn.isOver()
            }
        }
    }

    @Test func `an endpoint that must confirm is asked, and sent nothing else before it has`() async throws {
        let endpoint = Endpoint(200)
        try await withServer({ endpoint.answer($0) }) { url in
            try await withCourier { discovery, messaging in
                let token = String(repeating: "t", count: 32)
                _ = try await messaging.subscribe(.http(url), to: "news", .init(isRaw: true), confirmation: .required(token: token))
                try await discovery.publish("ns.s->news", .text("early"))
                await endpoint.came(1)
                #expect(endpoint.requests[0].headers["x-amz-sns-message-type"] == "SubscriptionConfirmation")
                let question = try #require(Notification(envelope: endpoint.requests[0].body))
                #expect(question.token == token && question.kind == .subscriptionConfirmation)
                _ = try await messaging.confirmSubscription(to: "news", token: token)
                try await discovery.publish("ns.s->news", .text("late"))
                await endpoint.came(2)
                #expect(endpoint.bodies[1] == "late")
            }
        }
    }

    @Test func `a move task runs to its end, with nobody to look after it`() async throws {
        try await withCourier { _, messaging in
            _ = try await messaging.createQueue("jobs", .init(redrive: .init(deadLetterQueue: "dead", maximumReceives: 1)))
            let messages = (0..<250).map { Messaging.Outgoing(Array("\($0)".utf8)) }
            for result in try await messaging.send(messages, to: "jobs") { _ = try result.get() }
            var left = 250
            while left > 0 {
                for message in try await messaging.receive(from: "jobs", maximum: 10, wait: .zero) {
                    try await messaging.deadLetter(message.receipt, in: "jobs", reason: "poison")
                    left -= 1
                }
            }
            _ = try await messaging.startMove(from: "dead")
            var back = 0
            while back < 250 { back += try await messaging.receive(from: "jobs", maximum: 10, wait: .seconds(20)).count }
            #expect(back == 250)
        }
    }

    @Test func `when the courier is killed another takes over at once, and what was on its way is delivered again`() async throws {
        let requests = Mutex(0)
        let first = Event<Void>()
        let second = Event<Void>()
        let goOn = Event<Void>()
        try await withServer({ _ in
            let number = requests.withLock { requests in
                requests += 1
                return requests
            }
            if number == 1 {
                first.happened(())
                _ = await goOn.wait()
            } else {
                second.happened(())
            }
            return HTTPResponse(status: 200, headers: [], body: [])
        }) { url in
            try await withHome { home in
                let child = try Child("courier", home)
                #expect(await child.line() == "running")
                try await withDiscovery(home: home) { discovery in
                    let messaging = try await discovery.client.home().messaging()
                    _ = try await messaging.createTopic("news")
                    try await discovery.register("ns.s->news", Resource(.topic, at: LocalTopic.arn("news")))
                    _ = try await messaging.subscribe(.http(url), to: "news", .init(isRaw: true))
                    try await discovery.publish("ns.s->news", .text("hello"))
                    await first.wait()
                    let courier = Task { try await discovery.run() }
                    child.end()
                    await second.wait()
                    courier.cancel()
                    _ = await courier.result
                    #expect(requests.withLock { $0 } == 2)
                }
                goOn.isOver()
            }
        }
    }
}

extension Messaging.Received {
    fileprivate var text: String { String(decoding: body, as: UTF8.self) }
}
