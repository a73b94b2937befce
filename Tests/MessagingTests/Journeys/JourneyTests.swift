import Store
import Testing

@testable import Messaging

/// What is told of what happened to a message.
struct JourneyTests {
    @Test func `the journey of a message that was published names who got it, who refused it and why, and what became of it`() async throws
    {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createTopic("news")
            _ = try await messaging.createQueue("dead")
            let redrive = Messaging.RedrivePolicy(deadLetterQueue: "dead", maximumReceives: 2)
            for name in ["a", "b", "c"] {
                _ = try await messaging.createQueue(name, .init(redrive: name == "b" ? redrive : nil))
                let filter = name == "c" ? try Messaging.FilterPolicy(parsing: #"{"kind": ["rain"]}"#, scope: .attributes) : nil
                _ = try await messaging.subscribe(.queue(name), to: "news", .init(filter: filter, isRaw: true))
            }
            let published = try await messaging.publish("it snows", to: "news", attributes: ["kind": .init(.string("snow"))])
            let early = try #require(try await messaging.journey(of: published.id))
            #expect(early.publication?.topic == "news" && early.publication?.matched == 2 && early.publication?.refused == 1)
            #expect(early.publication?.refusals.map(\.subscription.endpoint) == [.queue("c")])
            #expect(early.publication?.refusals[0].reason == #"kind: "snow" is not "rain""#)
            #expect(early.branches.map(\.queue) == ["a", "b"] && early.branches.allSatisfy { $0.now?.state == .waiting })

            clock.pass(.seconds(1))
            try await messaging.finish(try await messaging.take("a"), in: "a")
            let first = try await messaging.take("b")
            try await messaging.fail(first.receipt, in: "b", reason: "no umbrella", retryAfter: .seconds(5))
            clock.pass(.seconds(6))
            try await messaging.extend(try await messaging.take("b"), in: "b", to: .zero)
            #expect(try await messaging.receive(from: "b", wait: .zero).isEmpty)
            let late = try #require(try await messaging.journey(of: published.id))
            #expect(late.branches[0].steps.map(\.event) == [.arrived, .received(1), .finished] && late.branches[0].now == nil)
            #expect(
                late.branches[1].steps.map(\.event) == [
                    .arrived, .received(1), .failed("no umbrella", retryAfter: .seconds(5)), .received(2), .returned,
                    .deadLettered(to: "dead", "no umbrella"),
                ])
            #expect(late.branches[1].now?.queue == "dead")
            #expect(
                late.branches[1].steps.map { $0.time.milliseconds - (early.publication?.time.milliseconds ?? 0) } == [
                    0, 1_000, 1_000, 7_000, 7_000, 7_000,
                ])
            #expect(late.branches[1].steps.allSatisfy { $0.by == messaging.memo.holder })

            // Of one subscriber's message: its own way, and what was published.
            let letter = try await messaging.take("dead")
            let own = try #require(try await messaging.journey(of: letter.id))
            #expect(own.publication?.id == published.id && own.branches.map(\.message) == [letter.id])
            try await messaging.extend(letter, in: "dead", to: .zero)
            _ = try await messaging.startMove(from: "dead")
            _ = try await messaging.stepMove(try #require(try await messaging.moves(from: "dead").first).handle)
            #expect(try await messaging.journey(of: letter.id)?.branches[0].steps.last?.event == .moved(to: "b"))
        }
    }

    @Test func `what nobody got is kept nowhere, and yet it is told why`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createTopic("news")
            for index in 0..<20 {
                _ = try await messaging.createQueue("q\(index)")
                let filter = try Messaging.FilterPolicy(parsing: #"{"price": [{"numeric": [">", \#(index)]}]}"#, scope: .body)
                _ = try await messaging.subscribe(.queue("q\(index)"), to: "news", .init(filter: filter))
            }
            let published = try await messaging.publish(#"{"price": 0}"#, to: "news")
            let publication = try #require(try await messaging.journey(of: published.id)?.publication)
            #expect(publication.matched == 0 && publication.refused == 20 && publication.refusals.count == 16)
            #expect(publication.refusals[0].reason?.contains("price") == true && publication.refusals[2].reason?.contains("> 2") == true)
            #expect(publication.refusals[3].reason == nil)
            let some = try await messaging.publish(#"{"price": 3}"#, to: "news")
            let other = try #require(try await messaging.journey(of: some.id))
            #expect(
                other.branches.map(\.queue) == ["q0", "q1", "q2"]
                    && other.publication?.refusals.first?.subscription.endpoint == .queue("q3"))
            #expect(other.publication?.refusals.allSatisfy { $0.reason != nil } == true, "the message is still there to be asked")
        }
    }

    @Test func `the journey of a message that was sent ends where it is cancelled, expires or is finished`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q", .init(retention: .seconds(60)))
            let (cancelled, expired) = (try await messaging.send("a", to: "q"), try await messaging.send("b", to: "q"))
            try await messaging.cancel(cancelled.id, in: "q")
            #expect(try await messaging.journey(of: cancelled.id)?.branches.map { $0.steps.map(\.event) } == [[.sent, .cancelled]])
            clock.pass(.seconds(61))
            #expect(try await messaging.receive(from: "q", wait: .zero).isEmpty)
            #expect(try await messaging.journey(of: expired.id)?.branches.map { $0.steps.map(\.event) } == [[.sent, .expired]])
            #expect(try await messaging.journey(of: .init(salt: 7, number: cancelled.id.number)) == nil, "of another home")
        }
    }

    @Test func `an operation that fails leaves no step, and others of its transaction theirs`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createQueue("q", .init(maximumMessageSize: 1_024))
            let long = Messaging.Outgoing(Array(repeating: 65, count: 2_000))
            let results = try await messaging.send([.init("a"), long, .init("b")], to: "q")
            #expect(throws: MessagingError.self) { try results[1].get() }
            #expect(try await messaging.events().count == 2)
        }
    }

    @Test func `who keeps no journeys notes none, and a message that is there is still found`() async throws {
        try await withFolder { path in
            let messaging = try Messaging(Home(path: path), keepsJourneys: false)
            defer { messaging.close() }
            _ = try await messaging.createQueue("q")
            let sent = try await messaging.send("a", to: "q")
            #expect(try await messaging.events().isEmpty)
            let journey = try #require(try await messaging.journey(of: sent.id))
            #expect(journey.branches.count == 1 && journey.branches[0].steps.isEmpty && journey.branches[0].now?.queue == "q")
            try await messaging.finish(try await messaging.take("q"), in: "q")
            #expect(try await messaging.journey(of: sent.id) == nil)
        }
    }

    @Test func `what is kept is bounded in bytes and in age, the oldest going first`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q")
            let first = try await messaging.send("first", to: "q")
            let reason = String(repeating: "x", count: 200)
            var bytes: Int64 = 0
            for _ in 0..<60 {
                // A thousand failures in one transaction are some 200 KiB.
                try await messaging.write { work in for _ in 0..<1_000 { work.record(.failed(1 << 40, after: 0, reason: reason)) } }
                bytes = try await messaging.rows("SELECT sum(length(events)) FROM journeys")
            }
            #expect(bytes > 7 << 20 && bytes <= (8 << 20) + (256 << 10), "but for the row that the bound is in")
            #expect(try await messaging.journey(of: first.id)?.branches.first?.steps.isEmpty == true)
            let old = try await messaging.send("old", to: "q")
            clock.pass(.seconds(4 * 86_400 + 1))
            #expect(try await messaging.journey(of: old.id)?.branches.first?.steps.isEmpty == true)
            try await messaging.write { work in for _ in 0..<1_000 { work.record(.failed(1 << 40, after: 0, reason: reason)) } }
            #expect(try await messaging.rows("SELECT count(*) FROM journeys") == 1)
        }
    }
}

/// Events as bytes.
struct JourneyBytesTests {
    @Test func `what is written is read`() async {
        for await round in Rounds.each(10) {
            var generator = SplitMix(round: round)
            let events = (0..<Int.random(in: 0...40, using: &generator)).map { _ in JourneyEvent.random(using: &generator) }
            var bytes = JourneyBytes()
            for event in events { bytes.append(event) }
            #expect(JourneyBytes.events(in: bytes.bytes) == events, "\(Rounds.note)")
        }
    }

    @Test func `bytes that were not written are read as far as they can be`() async {
        for await round in Rounds.each(100) {
            var generator = SplitMix(round: round)
            var bytes = JourneyBytes()
            for _ in 0..<10 { bytes.append(.random(using: &generator)) }
            var damaged = bytes.bytes
            for _ in 0..<Int.random(in: 1...5, using: &generator) where !damaged.isEmpty {
                let place = damaged.indices.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0...2, using: &generator) {
                case 0: damaged[place] = .random(in: 0...255, using: &generator)
                case 1: damaged.remove(at: place)
                default: damaged = Array(damaged.prefix(place))
                }
            }
            #expect(JourneyBytes.events(in: damaged).count <= damaged.count)
        }
    }

    @Test func `a text is cut, between characters`() {
        var bytes = JourneyBytes()
        bytes.append(.failed(1, after: 0, reason: String(repeating: "\u{1F339}\u{200D}", count: 1_000)))
        guard case .failed(_, _, let reason) = JourneyBytes.events(in: bytes.bytes).first else {
            Issue.record("it cannot be read")
            return
        }
        #expect(reason.utf8.count <= 200 && reason.unicodeScalars.first == "\u{1F339}" && !reason.contains("\u{FFFD}"))
    }
}

extension Messaging {
    fileprivate func events() async throws -> [JourneyEvent] {
        try await store.read { try $0.all("SELECT events FROM journeys ORDER BY position") { JourneyBytes.events(in: $0.bytes(0)) } }
            .flatMap(\.self)
    }
}

extension JourneyEvent {
    fileprivate static func random(using generator: inout SplitMix) -> JourneyEvent {
        func number() -> Int64 { Int64.random(in: 0 ... .max, using: &generator) >> Int64.random(in: 0...62, using: &generator) }
        func text() -> String { String(repeating: "ä", count: .random(in: 0...100, using: &generator)) }
        func count() -> Int { .random(in: 0...1_000_000, using: &generator) }
        switch Int.random(in: 0...10, using: &generator) {
        case 0: return .sent(number(), queue: number())
        case 1:
            let subscriptions = (0..<Int.random(in: 0...16, using: &generator)).map { _ in number() }
            return .published(
                number(), topic: number(), matched: count(),
                refused: .init(count: count(), subscriptions: subscriptions, reasons: subscriptions.prefix(3).map { _ in text() }))
        case 2:
            return .arrived(
                number(), publication: number(), subscription: number(), queue: number(),
                failure: Bool.random(using: &generator) ? text() : nil)
        case 3: return .received(number(), receives: count())
        case 4: return .failed(number(), after: number(), reason: text())
        case 5: return .returned(number())
        case 6: return .finished(number())
        case 7: return .moved(number(), queue: number())
        case 8: return .deadLettered(number(), queue: number(), failure: Bool.random(using: &generator) ? text() : nil)
        case 9: return .expired(number())
        default: return .cancelled(number())
        }
    }
}
