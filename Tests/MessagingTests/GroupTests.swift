import Store
import Testing

@testable import Messaging

/// Groups: their order in a FIFO queue, their turns in a standard one, and deduplication.
struct GroupTests {
    // MARK: FIFO

    @Test func `a group keeps its order, and yields nothing while any of it is in flight`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q.fifo")
            for number in 0..<6 { try await messaging.send("a\(number)", to: "q.fifo", group: "a", id: "a\(number)") }
            for number in 0..<2 { try await messaging.send("b\(number)", to: "q.fifo", group: "b", id: "b\(number)") }
            let first = try await messaging.receive(from: "q.fifo", maximum: 3, wait: .zero)
            #expect(first.map(\.text) == ["a0", "a1", "a2"] && first.map(\.sequence) == first.map(\.sequence).sorted())
            #expect(try await messaging.texts(from: "q.fifo", maximum: 1) == ["b0"])
            #expect(try await messaging.texts(from: "q.fifo") == [])
            try await messaging.finish(first[0], in: "q.fifo")
            try await messaging.finish(first[2], in: "q.fifo")
            #expect(try await messaging.texts(from: "q.fifo") == [])
            // Given back, it is first again, before those that were sent after it.
            try await messaging.extend(first[1], in: "q.fifo", to: .zero)
            #expect(try await messaging.texts(from: "q.fifo", maximum: 2) == ["a1", "a3"])
            clock.pass(.seconds(30))
            #expect(try await messaging.texts(from: "q.fifo", maximum: 20) == ["a1", "a3", "a4", "a5", "b0", "b1"])
        }
    }

    @Test func `as many of one group as there are come before another group's`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createQueue("q.fifo")
            for number in 0..<4 {
                for group in ["a", "b"] {
                    try await messaging.send("\(group)\(number)", to: "q.fifo", group: group, id: "\(group)\(number)")
                }
            }
            #expect(try await messaging.texts(from: "q.fifo", maximum: 6) == ["a0", "a1", "a2", "a3", "b0", "b1"])
        }
    }

    @Test func `an expired FIFO receipt is refused, and finishing twice is not`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q.fifo")
            for text in ["a", "b"] { try await messaging.send(text, to: "q.fifo", group: "g", id: text) }
            let first = try await messaging.take("q.fifo")
            clock.pass(.seconds(30))
            await refused(.receiptHandleHasExpired, "expired") { try await messaging.finish(first, in: "q.fifo") }
            let second = try await messaging.take("q.fifo")
            #expect(second.id == first.id)
            await refused(.receiptHandleHasExpired) { try await messaging.finish(first, in: "q.fifo") }
            #expect(try await messaging.finish(second, in: "q.fifo") == .finished)
            #expect(try await messaging.finish(second, in: "q.fifo") == .gone)
            #expect(try await messaging.texts(from: "q.fifo") == ["b"])
        }
    }

    @Test func `a FIFO queue's delay holds for what is in it, also when it is changed`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q.fifo", .init(delay: .seconds(60)))
            for text in ["a", "b"] { try await messaging.send(text, to: "q.fifo", group: text, id: text) }
            #expect(try await messaging.counts(of: "q.fifo").delayed == 2)
            clock.pass(.seconds(20))
            #expect(try await messaging.texts(from: "q.fifo") == [])
            _ = try await messaging.configureQueue("q.fifo") { $0.delay = .seconds(20) }
            #expect(try await messaging.texts(from: "q.fifo", maximum: 1) == ["a"])
            _ = try await messaging.configureQueue("q.fifo") { $0.delay = .seconds(30) }
            #expect(try await messaging.texts(from: "q.fifo") == [])
            clock.pass(.seconds(10))
            #expect(try await messaging.texts(from: "q.fifo") == ["b"])
        }
    }

    @Test func `an attempt gets the same messages again until they are touched or five minutes are over`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q.fifo", .init(visibility: .seconds(400)))
            for text in ["a", "b", "c"] { try await messaging.send(text, to: "q.fifo", group: "g", id: text) }
            func receive() async throws -> [Messaging.Received] {
                try await messaging.receive(from: "q.fifo", maximum: 2, wait: .zero, attempt: "one")
            }
            let first = try await receive()
            clock.pass(.seconds(299))
            let second = try await receive()
            #expect(first.map(\.text) == ["a", "b"] && second.map(\.receipt) == first.map(\.receipt))
            #expect(second[0].visibleAgain == clock.now + .seconds(400))
            clock.pass(.seconds(1))
            #expect(try await receive().isEmpty)
            try await messaging.finish(second[0], in: "q.fifo")
            clock.pass(.seconds(399))
            #expect(try await receive().map(\.text) == ["b", "c"])
        }
    }

    // MARK: Deduplication

    @Test func `a deduplication id is remembered for five minutes, through delivery, deletion and restart`() async throws {
        try await withFolder { path in
            let clock = Clock()
            var messaging = try Messaging(Home(path: path, seam: clock.seam))
            _ = try await messaging.createQueue("q.fifo")
            let first = try await messaging.send("a", to: "q.fifo", group: "g", id: "1")
            try await messaging.finish(messaging.take("q.fifo"), in: "q.fifo")
            messaging.close()
            messaging = try Messaging(Home(path: path, seam: clock.seam))
            defer { messaging.close() }
            clock.pass(.milliseconds(299_999))
            let second = try await messaging.send("b", to: "q.fifo", group: "h", id: "1")
            #expect(second.isDuplicate && second.id == first.id && second.sequence == first.sequence)
            #expect(try await messaging.texts(from: "q.fifo") == [])
            clock.pass(.milliseconds(1))
            #expect(try await !messaging.send("c", to: "q.fifo", group: "g", id: "1").isDuplicate)
            #expect(try await messaging.texts(from: "q.fifo") == ["c"])
        }
    }

    @Test func `content deduplicates where the queue says so, and groups apart where it says so`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createQueue(
                "q.fifo", .init(contentBasedDeduplication: true, deduplicationScope: .group, throughputLimit: .perGroup))
            #expect(try await !messaging.send("a", to: "q.fifo", group: "g").isDuplicate)
            #expect(try await messaging.send("a", to: "q.fifo", group: "g").isDuplicate)
            #expect(try await !messaging.send("a", to: "q.fifo", group: "h").isDuplicate)
            #expect(try await !messaging.send("a", to: "q.fifo", group: "g", id: "own").isDuplicate)
            #expect(try await messaging.texts(from: "q.fifo") == ["a", "a", "a"])
            let results = try await messaging.send(
                [.init("b", group: "g"), .init("b", group: "g"), .init("x"), .init("c", group: "g")], to: "q.fifo")
            #expect(try results[1].get().id == results[0].get().id)
            #expect(throws: MessagingError.self) { try results[2].get() }
            #expect(try !results[3].get().isDuplicate)
        }
    }

    @Test func `ids whose time is over are forgotten a few at a time`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q.fifo")
            for number in 0..<20 { try await messaging.send("a", to: "q.fifo", group: "g", id: "\(number)") }
            clock.pass(.seconds(300))
            for number in 20..<24 { try await messaging.send("a", to: "q.fifo", group: "g", id: "\(number)") }
            #expect(try await messaging.rows("SELECT count(*) FROM deduplications") == 4)
        }
    }

    // MARK: Fairness

    @Test func `a noisy group on a standard queue does not starve the others`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q")
            try await messaging.send("plain", to: "q")
            for number in 0..<500 { try await messaging.send("noisy", to: "q", group: "noisy\(number % 2)") }
            for number in 0..<3 { try await messaging.send("quiet\(number)", to: "q", group: "quiet") }
            var texts: [String] = []
            for _ in 0..<16 { texts += try await messaging.texts(from: "q", maximum: 1) }
            // A round has four turns at most, whatever the clock does.
            #expect(texts.prefix(4).contains("plain") && texts.prefix(4).contains("quiet0"))
            #expect(texts.filter { $0.hasPrefix("quiet") } == ["quiet0", "quiet1", "quiet2"])
            #expect(texts.prefix(12).contains("quiet2"))
            try await messaging.send("late", to: "q", group: "late")
            #expect(try await messaging.texts(from: "q", maximum: 4).contains("late"))
            var rest = 0
            while true {
                let count = try await messaging.texts(from: "q", maximum: 10).count
                if count == 0 { break }
                rest += count
            }
            #expect(rest == 504 + 1 - 16 - 4)
            // All of it comes back when its time is over.
            clock.pass(.seconds(30))
            var again = 0
            while true {
                let received = try await messaging.receive(from: "q", maximum: 50, wait: .zero)
                if received.isEmpty { break }
                again += received.count
                _ = try await messaging.finish(received.map(\.receipt), in: "q")
            }
            #expect(again == 505)
            #expect(try await messaging.rows("SELECT count(*) FROM lanes WHERE name <> ''") == 0)
        }
    }

    @Test func `delays and retries in a group are kept, and its lane wakes for the earliest`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("q")
            try await messaging.send("later", to: "q", group: "g", delay: .seconds(60))
            try await messaging.send("soon", to: "q", group: "g", delay: .seconds(10))
            #expect(try await messaging.texts(from: "q") == [])
            clock.pass(.seconds(10))
            let soon = try await messaging.take("q", visibility: .seconds(200))
            #expect(soon.text == "soon")
            try await messaging.fail(soon.receipt, in: "q", reason: "x", retryAfter: .seconds(5))
            #expect(try await messaging.texts(from: "q") == [])
            clock.pass(.seconds(5))
            #expect(try await messaging.texts(from: "q", visibility: .seconds(200)) == ["soon"])
            clock.pass(.seconds(45))
            #expect(try await messaging.texts(from: "q") == ["later"])
        }
    }
}
