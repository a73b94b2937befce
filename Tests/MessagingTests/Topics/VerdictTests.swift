import Store
import Testing

@testable import Messaging

/// Who would get a message, and why others would not.
@Suite struct VerdictTests {
    private func subscription(
        _ policy: String? = nil, _ scope: Messaging.FilterScope = .attributes, isRaw: Bool = false, isPending: Bool = false
    ) throws -> Messaging.Subscription {
        let filter = try policy.map { try Messaging.FilterPolicy(parsing: $0, scope: scope) }
        return Messaging.Subscription(
            id: .init(salt: 1, number: 1), topic: "news", endpoint: .queue("jobs"), configuration: .init(filter: filter, isRaw: isRaw),
            isPending: isPending, created: HomeTime(milliseconds: 0), queue: "jobs")
    }

    private func verdict(
        on body: String, _ attributes: [String: Messaging.Attribute] = [:], by subscription: Messaging.Subscription,
        queue: Messaging.QueueConfiguration? = .init()
    ) -> Messaging.Verdict {
        let publication = Messaging.Publication(Array(body.utf8), attributes: attributes)
        return subscription.verdict(
            on: publication, .init(body: publication.body, attributes: publication.attributes), queue: queue)
    }

    @Test func `the part of the policy that refuses is named`() throws {
        #expect(verdict(on: "x", by: try subscription()) == .accepted)
        let city = try subscription(#"{"city": ["Paris"]}"#)
        #expect(verdict(on: "x", ["city": .init(.string("Paris"))], by: city) == .accepted)
        #expect(
            verdict(on: "x", ["city": .init(.string("Lyon"))], by: city)
                == .refused(.init(path: ["city"], reason: #""Lyon" is not "Paris""#)))
        let price = try subscription(#"{"store": {"price": [{"numeric": [">", 100]}]}}"#, .body)
        #expect(verdict(on: #"{"store": {"price": 101}}"#, by: price) == .accepted)
        #expect(verdict(on: #"{"store": {"price": 7}}"#, by: price) == .refused(.init(path: ["store", "price"], reason: "7 is not > 100")))
        guard case .refused(let refusal) = verdict(on: "no json", by: price) else {
            Issue.record("a body that is no JSON was let through")
            return
        }
        #expect(refusal.path.isEmpty && refusal.reason.contains("no JSON object"))
    }

    @Test func `a pending subscription gets nothing, whatever its policy`() throws {
        #expect(verdict(on: "x", by: try subscription(isPending: true)) == .pending)
        #expect(verdict(on: "x", by: try subscription(#"{"a": ["b"]}"#, isPending: true)) == .pending)
    }

    @Test func `what the queue cannot take is told from what the policy refuses`() throws {
        #expect(verdict(on: "x", by: try subscription(), queue: nil) == .undeliverable("The queue `jobs` does not exist."))
        let small = Messaging.QueueConfiguration(maximumMessageSize: 1_024)
        let body = String(repeating: "x", count: 1_024)
        #expect(verdict(on: body, by: try subscription(), queue: small) == .accepted)
        #expect(
            verdict(on: body + "x", by: try subscription(), queue: small)
                == .undeliverable("The queue takes messages of at most 1024 bytes."))
        let many = Dictionary(uniqueKeysWithValues: (0..<11).map { ("a\($0)", Messaging.Attribute(.string("b"))) })
        #expect(verdict(on: "x", many, by: try subscription()) == .accepted)
        #expect(
            verdict(on: "x", many, by: try subscription(isRaw: true))
                == .undeliverable("A queue takes at most 10 attributes with a raw message."))
        // The policy comes first: who refuses a message need not be able to take it.
        guard case .refused = verdict(on: "x", by: try subscription(#"{"a": ["b"]}"#), queue: nil) else {
            Issue.record("the queue was asked before the policy")
            return
        }
    }

    @Test func `who is said to get a message gets it, and nobody else`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            for (name, policy) in [("all", nil), ("paris", #"{"city": ["Paris"]}"#), ("lyon", #"{"city": ["Lyon"]}"#), ("gone", nil)] {
                _ = try await messaging.createQueue(name)
                let filter = try policy.map { try Messaging.FilterPolicy(parsing: $0, scope: .attributes) }
                _ = try await messaging.subscribe(.queue(name), to: "news", .init(filter: filter, isRaw: true))
            }
            try await messaging.deleteQueue("gone")
            let publication = Messaging.Publication(Array("x".utf8), attributes: ["city": .init(.string("Paris"))])
            let verdicts = try await messaging.verdicts(on: publication, to: "news")
            #expect(verdicts.map(\.subscription.queue) == ["all", "paris", "lyon", "gone"])
            let takers = verdicts.filter { $0.verdict == .accepted }.map(\.subscription.queue)
            #expect(takers == ["all", "paris"])
            #expect(try await messaging.rows("SELECT count(*) FROM messages") == 0, "nothing is published")
            #expect(try await messaging.publish([publication], to: "news")[0].get().subscribers == takers.count)
            for name in ["all", "paris", "lyon"] {
                #expect(try await messaging.texts(from: name) == (takers.contains(name) ? ["x"] : []))
            }
            await refused(.topicDoesNotExist) { _ = try await messaging.verdicts(on: publication, to: "olds") }
            await refused(.missingParameter) { _ = try await messaging.verdicts(on: .init([]), to: "news") }
        }
    }
}
