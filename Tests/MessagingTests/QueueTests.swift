import Store
import Testing

@testable import Messaging

/// Queues and the lives of messages in them, as SQS describes them.
struct QueueTests {
    // MARK: Queues

    @Test func `a queue is made once, found when it is asked for just so, and not made otherwise`() async throws {
        try await withMessaging { messaging, _ in
            let made = try await messaging.createQueue("jobs", .init(delay: .seconds(5)), tags: ["team": "a"])
            #expect(try await messaging.createQueue("jobs", .init(delay: .seconds(5)), tags: ["team": "a"]) == made)
            await refused(.queueNameExists) { _ = try await messaging.createQueue("jobs") }
            await refused(.queueNameExists) { _ = try await messaging.createQueue("jobs", .init(delay: .seconds(5))) }
            #expect(try await messaging.queue("jobs").configuration.delay == .seconds(5))
            await refused(.queueDoesNotExist, "nobody") { _ = try await messaging.queue("nobody") }
        }
    }

    @Test func `queues are listed by prefix and page, configured, tagged and deleted`() async throws {
        try await withMessaging { messaging, _ in
            for name in ["b", "a", "ab", "A", "c.fifo"] { _ = try await messaging.createQueue(name) }
            #expect(try await messaging.queues().map(\.name) == ["A", "a", "ab", "b", "c.fifo"])
            #expect(try await messaging.queues(prefix: "a").map(\.name) == ["a", "ab"])
            #expect(try await messaging.queues(after: "a", limit: 2).map(\.name) == ["ab", "b"])
            let changed = try await messaging.configureQueue("a") {
                $0.visibility = .seconds(7)
                $0.redrive = .init(deadLetterQueue: "b", maximumReceives: 3)
                $0.redriveAllow = .queues(["ab", "b"])
            }
            #expect(try await messaging.queue("a") == changed)
            #expect(changed.configuration.redriveAllow == .queues(["ab", "b"]) && changed.configuration.redrive?.maximumReceives == 3)
            #expect(try await messaging.deadLetterSources(of: "b") == ["a"])
            try await messaging.tagQueue("a", ["x": "1", "y": "2"])
            try await messaging.untagQueue("a", ["x", "z"])
            #expect(try await messaging.queue("a").tags == ["y": "2"])
            try await messaging.deleteQueue("a")
            #expect(try await messaging.queues(prefix: "a").map(\.name) == ["ab"])
            await refused(.queueDoesNotExist) { try await messaging.deleteQueue("a") }
            #expect(try await messaging.rows("SELECT count(*) FROM tags") == 0)
        }
    }

    @Test func `a dead-letter queue exists, is of the same kind, and allows it`() async throws {
        try await withMessaging { messaging, _ in
            func create(_ target: String) async throws {
                _ = try await messaging.createQueue("jobs", .init(redrive: .init(deadLetterQueue: target)))
            }
            await refused(.invalidAttributeValue, "does not exist") { try await create("dead") }
            await refused(.invalidAttributeValue, "FIFO") { try await create("dead.fifo") }
            await refused(.invalidAttributeValue, "its own") { try await create("jobs") }
            _ = try await messaging.createQueue("dead", .init(redriveAllow: .none))
            await refused(.invalidAttributeValue, "does not allow") { try await create("dead") }
            _ = try await messaging.configureQueue("dead") { $0.redriveAllow = .queues(["other"]) }
            await refused(.invalidAttributeValue, "does not allow") { try await create("dead") }
            _ = try await messaging.configureQueue("dead") { $0.redriveAllow = .queues(["other", "jobs"]) }
            try await create("dead")
        }
    }

    // MARK: A message's life

    @Test func `a message is sent, received, held and finished`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("jobs")
            var message = Messaging.Outgoing("hello")
            message.attributes = [
                "a": .init(.string("x")), "n": .init(.number("-1.5e3"), label: "float"), "b": .init(.binary([0, 255])),
            ]
            message.trace = "Root=1"
            let sent = try await messaging.send([message], to: "jobs")[0].get()
            let received = try await messaging.take("jobs")
            #expect(received.id == sent.id && received.text == "hello" && received.receives == 1)
            #expect(received.attributes == message.attributes && received.trace == "Root=1")
            #expect(received.sent == clock.now && received.firstReceived == clock.now)
            #expect(received.visibleAgain == clock.now + .seconds(30))
            #expect(try await messaging.texts(from: "jobs") == [])
            #expect(try await messaging.counts(of: "jobs").inFlight == 1)
            #expect(try await messaging.finish(received, in: "jobs") == .finished)
            #expect(try await messaging.finish(received, in: "jobs") == .gone)
            for table in ["SELECT count(*) FROM messages", "SELECT count(*) FROM bodies"] as [StaticString] {
                #expect(try await messaging.rows(table) == 0)
            }
        }
    }

    @Test func `a message whose visibility is over is received again, with a new receipt that alone counts`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("jobs")
            try await messaging.send("a", to: "jobs")
            let first = try await messaging.take("jobs")
            clock.pass(.seconds(30))
            let second = try await messaging.take("jobs")
            #expect(second.receipt != first.receipt && second.receives == 2 && second.firstReceived == first.firstReceived)
            #expect(try await messaging.finish(first, in: "jobs") == .gone)
            await refused(.messageNotInflight) { try await messaging.extend(first, in: "jobs", to: .seconds(5)) }
            clock.pass(.seconds(40))
            // Late, and yet nobody else has it.
            #expect(try await messaging.finish(second, in: "jobs") == .finished)
        }
    }

    @Test func `a lease is extended and given back, at most to twelve hours after the receive`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("jobs")
            try await messaging.send("a", to: "jobs")
            let received = try await messaging.take("jobs")
            clock.pass(.seconds(20))
            try await messaging.extend(received, in: "jobs", to: .seconds(60))
            clock.pass(.seconds(59))
            #expect(try await messaging.texts(from: "jobs") == [])
            await refused(.invalidParameterValue, "12 hours") {
                try await messaging.extend(received, in: "jobs", to: .seconds(43_200))
            }
            await refused(.invalidParameterValue) { try await messaging.extend(received, in: "jobs", to: .seconds(43_201)) }
            try await messaging.extend(received, in: "jobs", to: .zero)
            #expect(try await messaging.texts(from: "jobs") == ["a"])
        }
    }

    @Test func `a message is delayed by itself, by its queue, or to any later time, and can be cancelled until it is received`()
        async throws
    {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("jobs", .init(delay: .seconds(10)))
            try await messaging.send("queue", to: "jobs")
            try await messaging.send("own", to: "jobs", delay: .seconds(5))
            try await messaging.send("none", to: "jobs", delay: .zero)
            var later = Messaging.Outgoing("later")
            later.deliverAt = clock.now + .seconds(30 * 86_400)
            let scheduled = try await messaging.send([later, later], to: "jobs").map { try $0.get() }
            #expect(try await messaging.counts(of: "jobs") == .init(waiting: 1, inFlight: 0, delayed: 4, oldestAge: .zero))
            #expect(try await messaging.texts(from: "jobs") == ["none"])
            #expect(try await messaging.counts(of: "jobs") == .init(waiting: 0, inFlight: 1, delayed: 4, oldestAge: nil))
            clock.pass(.seconds(5))
            #expect(try await messaging.texts(from: "jobs") == ["own"])
            clock.pass(.seconds(5))
            let received = try await messaging.take("jobs")
            #expect(received.text == "queue")
            await refused(.messageInFlight) { try await messaging.cancel(received.id, in: "jobs") }
            try await messaging.cancel(scheduled[0].id, in: "jobs")
            await refused(.messageDoesNotExist) { try await messaging.cancel(scheduled[0].id, in: "jobs") }
            clock.pass(.seconds(30 * 86_400))
            #expect(try await messaging.texts(from: "jobs") == ["later"])
        }
    }

    @Test func `messages past their retention are not received, not counted, and are swept in bounded steps`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("jobs", .init(retention: .seconds(60)))
            _ = try await messaging.send((0..<300).map { Messaging.Outgoing("\($0)") }, to: "jobs")
            clock.pass(.seconds(60))
            #expect(try await messaging.counts(of: "jobs").waiting == 0)
            try await messaging.send("new", to: "jobs")
            #expect(try await messaging.rows("SELECT count(*) FROM messages") == 301 - 16)
            #expect(try await messaging.texts(from: "jobs") == ["new"])
            #expect(try await messaging.rows("SELECT count(*) FROM messages") == 1)
        }
    }

    @Test func `a purge is seen at once and leaves nothing, also of what is delayed or in flight`() async throws {
        try await withMessaging { messaging, _ in
            for name in ["jobs", "jobs.fifo"] {
                _ = try await messaging.createQueue(name)
                let group = name == "jobs" ? nil : "g"
                for number in 0..<20 { try await messaging.send("\(number)", to: name, group: group, id: group.map { "\($0)\(number)" }) }
                let received = try await messaging.take(name)
                if group == nil { try await messaging.send("later", to: name, delay: .seconds(5)) }
                try await messaging.purgeQueue(name)
                #expect(try await messaging.counts(of: name) == .init(waiting: 0, inFlight: 0, delayed: 0, oldestAge: nil))
                #expect(try await messaging.finish(received, in: name) == .gone)
                for table in [
                    "SELECT count(*) FROM messages", "SELECT count(*) FROM bodies", "SELECT count(*) FROM lanes",
                    "SELECT count(*) FROM trash",
                ] as [StaticString] { #expect(try await messaging.rows(table) == 0) }
                try await messaging.send("new", to: name, group: group, id: group.map { "\($0)new" })
                #expect(try await messaging.texts(from: name) == ["new"])
                try await messaging.purgeQueue(name)
            }
        }
    }

    // MARK: Receipts

    @Test func `receipts are good after a restart, for their queue only, and cannot be made up`() async throws {
        try await withFolder { path in
            let clock = Clock()
            var messaging = try Messaging(Home(path: path, seam: clock.seam))
            for name in ["jobs", "other"] { _ = try await messaging.createQueue(name) }
            for text in ["a", "b"] { try await messaging.send(text, to: "jobs") }
            let receipts = try await messaging.receive(from: "jobs", maximum: 2, wait: .zero).map(\.receipt.description)
            messaging.close()
            messaging = try Messaging(Home(path: path, seam: clock.seam))
            defer { messaging.close() }
            let first = try Messaging.Receipt(parsing: receipts[0])
            #expect(first.description == receipts[0])
            #expect(try await messaging.finish([first], in: "jobs")[0].get() == .finished)
            let second = try Messaging.Receipt(parsing: receipts[1])
            await refused(.receiptHandleIsInvalid) { _ = try await messaging.finish([second], in: "other")[0].get() }
            let forged = "\(receipts[1].dropLast())\(receipts[1].last == "0" ? "1" : "0")"
            await refused(.receiptHandleIsInvalid) {
                _ = try await messaging.finish([Messaging.Receipt(parsing: forged)], in: "jobs")[0].get()
            }
            for text in ["", "x", "1-2-3", "1-2-3-4-5", "--1-1-1", String(repeating: "1", count: 1_000), "é-1-1-1"] {
                await refused(.receiptHandleIsInvalid) { _ = try Messaging.Receipt(parsing: text) }
            }
            try await messaging.deleteQueue("jobs")
            _ = try await messaging.createQueue("jobs")
            await refused(.receiptHandleIsInvalid) { _ = try await messaging.finish([second], in: "jobs")[0].get() }
        }
    }

    @Test func `ids are UUIDs, read back, and those of another home are not known`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createQueue("jobs")
            let id = try await messaging.send("a", to: "jobs").id
            #expect(id.description.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}/) != nil)
            #expect(Messaging.MessageID(parsing: id.description) == id)
            #expect(try await messaging.peek(id)?.body == Array("a".utf8))
            #expect(try await messaging.peek(Messaging.MessageID(salt: 1, number: id.number)) == nil)
            for text in ["", "x", "00000000-0000-0000-0000-000000000000", id.description + "0"] {
                #expect(Messaging.MessageID(parsing: text) == nil)
            }
        }
    }

    // MARK: Failures and dead letters

    @Test func `a message received too often moves, with its id, its time and its reason, and back where it came from`() async throws {
        try await withMessaging { messaging, clock in
            for end in ["", ".fifo"] {
                let (queue, dead, group) = ("jobs\(end)", "dead\(end)", end.isEmpty ? nil : "g")
                _ = try await messaging.createQueue(dead)
                _ = try await messaging.createQueue(queue, .init(redrive: .init(deadLetterQueue: dead, maximumReceives: 2)))
                let sent = try await messaging.send("poison", to: queue, group: group, id: group.map { _ in "1" })
                let time = clock.now
                try await messaging.fail(messaging.take(queue).receipt, in: queue, reason: "first")
                let second = try await messaging.take(queue)
                #expect(second.receives == 2 && second.lastFailure == "first")
                try await messaging.fail(second.receipt, in: queue, reason: "second", retryAfter: .seconds(5))
                #expect(try await messaging.texts(from: queue) == [])
                clock.pass(.seconds(5))
                #expect(try await messaging.texts(from: queue) == [])
                #expect(try await messaging.counts(of: queue) == .init(waiting: 0, inFlight: 0, delayed: 0, oldestAge: nil))
                let letter = try await messaging.take(dead)
                #expect(letter.id == sent.id && letter.sent == time && letter.deadLetterSource == queue && letter.group == group)
                #expect(letter.receives == 1 && letter.lastFailure == "second")
                await refused(.receiptHandleIsInvalid) { try await messaging.finish(second, in: dead) }
                try await messaging.extend(letter, in: dead, to: .zero)
                let task = try await messaging.startMove(from: dead)
                #expect(task.total == 1 && task.state == .running)
                #expect(try await messaging.stepMove(task.handle).state == .completed)
                let again = try await messaging.take(queue)
                #expect(again.id == sent.id && again.receives == 1 && again.deadLetterSource == nil)
                #expect(again.receipt != second.receipt)
                try await messaging.deadLetter(again.receipt, in: queue, reason: "undecodable")
                #expect(try await messaging.take(dead).lastFailure == "undecodable")
            }
        }
    }

    @Test func `without a dead-letter queue a message is received on and on, and cannot be made a dead letter`() async throws {
        try await withMessaging { messaging, _ in
            _ = try await messaging.createQueue("dead")
            _ = try await messaging.createQueue("jobs", .init(redrive: .init(deadLetterQueue: "dead", maximumReceives: 1)))
            try await messaging.send("a", to: "jobs")
            try await messaging.deleteQueue("dead")
            for receives in 1...3 {
                let received = try await messaging.take("jobs")
                #expect(received.receives == receives)
                await refused(.noDeadLetterQueue) { try await messaging.deadLetter(received.receipt, in: "jobs", reason: "x") }
                try await messaging.extend(received, in: "jobs", to: .zero)
            }
        }
    }

    @Test func `no more than a limit of messages is in flight`() async throws {
        try await withMessaging { messaging, _ in
            messaging.memo.inFlightLimit = 25
            for name in ["jobs", "jobs.fifo"] {
                _ = try await messaging.createQueue(name)
                let group = name == "jobs" ? nil : "g"
                for number in 0..<40 {
                    try await messaging.send(
                        "\(number)", to: name, group: group.map { "\($0)\(number)" }, id: group.map { "\($0)\(number)" })
                }
                var held: [Messaging.Received] = []
                while held.count < 25 { held += try await messaging.receive(from: name, maximum: 10, wait: .zero) }
                #expect(held.count == 25)
                if group == nil {
                    await refused(.overLimit, "25") { _ = try await messaging.texts(from: name) }
                } else {
                    #expect(try await messaging.texts(from: name) == [])
                }
                for received in held.prefix(3) { try await messaging.finish(received, in: name) }
                #expect(try await messaging.texts(from: name).count == 3)
            }
        }
    }

    @Test func `peek shows every message and consumes none`() async throws {
        try await withMessaging { messaging, clock in
            _ = try await messaging.createQueue("jobs")
            for number in 0..<7 { try await messaging.send("\(number)", to: "jobs") }
            try await messaging.send("later", to: "jobs", delay: .seconds(60))
            let held = try await messaging.take("jobs")
            try await messaging.fail(messaging.take("jobs").receipt, in: "jobs", reason: "broken", retryAfter: .seconds(10))
            var pages: [[Messaging.Peeked]] = []
            var position: Messaging.PeekPosition?
            repeat {
                let page = try await messaging.peek(at: "jobs", after: position, limit: 3)
                pages.append(page.messages)
                position = page.next
            } while position != nil
            let all = pages.joined().map { $0 }
            #expect(all.map { String(decoding: $0.body, as: UTF8.self) } == ["2", "3", "4", "5", "6", "1", "0", "later"])
            #expect(all.prefix(5).allSatisfy { $0.state == .waiting && $0.receives == 0 && $0.queue == "jobs" })
            #expect(all[5].lastFailure == "broken" && all[5].receives == 1)
            #expect(all[6].state == .held(by: messaging.memo.holder, until: held.visibleAgain) && all[6].id == held.id)
            #expect(all[7].state == .delayed(until: clock.now + .seconds(60)))
            #expect(try await messaging.texts(from: "jobs").count == 5)
        }
    }
}
