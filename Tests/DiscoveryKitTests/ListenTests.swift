@testable import DiscoveryKit
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

private struct Job: Codable, Sendable, Equatable { var id: Int }
private struct Broken: Error, CustomStringConvertible { let description = "no such job" }

/// Listens until `body` returns; then the task is cancelled.
private func listening(
    _ discovery: Discovery, _ address: Address = "ns.s->jobs", options: ListenOptions? = nil,
    handling handler: @escaping @concurrent @Sendable (Delivery) async throws -> Void, _ body: () async throws -> Void
) async throws {
    let task = Task { try await discovery.listen(address, options: options, handler: handler) }
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    task.cancel()
    let end = await task.result
    #expect(throws: DiscoveryError.self) { try end.get() }
    try result.get()
}

private func options(concurrency: Int = 4, prefetch: Int = 0, visibility: Duration = .seconds(30)) -> ListenOptions {
    var options = ListenOptions()
    options.concurrency = concurrency
    options.prefetch = prefetch
    options.visibility = visibility
    return options
}

@Suite(.timeLimit(.minutes(5))) struct ListenTests {
    // MARK: Handlers

    @Test func `a message is finished after its handler returned, and not before`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a")])
        let goOn = Event<Void>()
        let began = Event<Void>()
        try await withQueue(queue) { discovery in
            try await listening(discovery) { _ in
                began.happened(())
                _ = await goOn.wait()
            } _: {
                await began.wait()
                #expect(queue.events == [.received("a")])
                goOn.happened(())
                await queue.until(.finished("a"))
            }
        }
        #expect(queue.events == [.received("a"), .finished("a")])
    }

    @Test func `a handler that throws has its message come again, later each time, and the reason is kept`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a", count: 3)])
        try await withQueue(queue) { discovery in
            try await listening(discovery, handling: { _ in throw Broken() }) { await queue.until { $0.count == 2 } }
        }
        guard case .gaveBack("a", let delay, let reason) = queue.events.last else { return #expect(Bool(false), "\(queue.events)") }
        #expect(delay >= .zero && delay <= .seconds(4), "at most four times the first")
        #expect(reason?.contains("no such job") == true)
    }

    @Test func `all messages of a batch are handled, side by side up to the concurrency`() async throws {
        let queue = ScriptedQueue((0..<20).map { ScriptedQueue.message("\($0)") })
        let running = Mutex((now: 0, most: 0))
        let together = Count()
        try await withQueue(queue) { discovery in
            try await listening(discovery, options: options(concurrency: 5)) { _ in
                running.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
                together.add()
                await together.reached(5)
                running.withLock { $0.now -= 1 }
            } _: {
                await queue.until { $0.count { if case .finished = $0 { true } else { false } } == 20 }
            }
        }
        #expect(running.withLock { $0.most } == 5)
    }

    @Test func `handlers that end side by side finish side by side`() async throws {
        let inFinish = Count()
        let queue = ScriptedQueue((0..<8).map { ScriptedQueue.message("\($0)") }) { operation in
            guard operation == "finish" else { return }
            inFinish.add()
            await inFinish.reached(8)
        }
        try await withQueue(queue) { discovery in
            try await listening(discovery, options: options(concurrency: 8), handling: { _ in }) {
                await queue.until { $0.count { if case .finished = $0 { true } else { false } } == 8 }
            }
        }
    }

    @Test func `a body is decoded for its handler, and one that cannot be goes to the dead-letter queue`() async throws {
        var good = ScriptedQueue.message("good")
        good.message = try Message.json(Job(id: 7))
        let queue = ScriptedQueue([ScriptedQueue.message("bad"), good])
        let seen = Event<Job>()
        try await withQueue(queue) { discovery in
            let task = Task { try await discovery.listen("ns.s->jobs") { (job: Job) in seen.happened(job) } }
            #expect(await seen.wait() == Job(id: 7))
            await queue.until(.deadLettered("bad"))
            await queue.until(.finished("good"))
            task.cancel()
            _ = await task.result
        }
    }

    @Test(arguments: [false, true])
    func `a body that cannot be decoded is retried where there is no dead-letter queue, or the options say so`(hasQueue: Bool) async throws
    {
        let queue = ScriptedQueue([ScriptedQueue.message("bad")], hasDeadLetterQueue: hasQueue)
        var options = ListenOptions()
        if hasQueue { options.undecodable = .retry }
        try await withQueue(queue) { [options] discovery in
            let task = Task { try await discovery.listen("ns.s->jobs", options: options) { (_: Job) in } }
            await queue.until { events in events.contains { if case .gaveBack("bad", _, .some) = $0 { true } else { false } } }
            task.cancel()
            _ = await task.result
        }
        #expect(!queue.events.contains(.deadLettered("bad")))
    }

    @Test func `a handler may settle by itself, once`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a"), ScriptedQueue.message("b"), ScriptedQueue.message("c")])
        let second = Event<DiscoveryError.Code?>()
        try await withQueue(queue) { discovery in
            try await listening(discovery) { delivery in
                switch delivery.id.description {
                case "a": try await delivery.retry(after: .seconds(7))
                case "b": try await delivery.deadLetter("unwanted")
                default:
                    try await delivery.finish()
                    second.happened(await failure { try await delivery.finish() }?.code)
                    throw Broken()
                }
            } _: {
                await queue.until { $0.count == 6 }
                #expect(await second.wait() == .some(.invalid))
            }
        }
        let settled = Set(queue.events).subtracting([.received("a"), .received("b"), .received("c")])
        #expect(
            settled == [.gaveBack("a", after: .seconds(7), because: "Its receiver asked for a retry."), .deadLettered("b"), .finished("c")])
    }

    @Test func `a finish that cannot be confirmed is tried again, and the handler runs once`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a")])
        queue.fail("finish", .busy, .outcomeUnknown)
        let runs = Count()
        try await withQueue(queue) { discovery in
            try await listening(discovery, handling: { _ in runs.add() }) { await queue.until(.finished("a")) }
        }
        #expect(runs.value == 1)
    }

    @Test func `a handler longer than the visibility has its lease extended until it ends`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("slow")])
        try await withQueue(queue) { discovery in
            try await listening(discovery, options: options(visibility: .milliseconds(40))) { _ in
                await queue.until { $0.count { $0 == .extended("slow") } >= 5 }
            } _: {
                await queue.until(.finished("slow"))
            }
        }
    }

    @Test func `settling after the lease was lost says so, and the next of its group does not overtake it`() async throws {
        let messages = ["a1", "a2"].map { ScriptedQueue.message($0, group: "a", isOrdered: true) }
        let queue = ScriptedQueue(messages)
        queue.fail("extend", .leaseLost, .leaseLost)
        let code = Event<DiscoveryError.Code?>()
        try await withQueue(queue) { discovery in
            try await listening(discovery, "ns.s->fifo", options: options(visibility: .milliseconds(40))) { delivery in
                await queue.until(.extended("a1"))
                // Until the listener knows, too.
                while delivery.isOpen { await Task.yield() }
                code.happened(await failure { try await delivery.finish() }?.code)
            } _: {
                #expect(await code.wait() == .some(.leaseLost))
            }
        }
        #expect(!queue.events.contains(.finished("a1")) && !queue.events.contains(.finished("a2")))
    }

    @Test func `messages of one group are handled in order, and after a failure the rest is given back unhandled`() async throws {
        let messages = ["a1", "a2", "a3", "b1"].map { ScriptedQueue.message($0, group: String($0.prefix(1)), isOrdered: true) }
        let queue = ScriptedQueue(messages)
        let handled = Mutex<[String]>([])
        try await withQueue(queue) { discovery in
            try await listening(discovery, "ns.s->fifo") { delivery in
                handled.withLock { $0.append(delivery.id.description) }
                if delivery.id.description == "a2" { throw Broken() }
            } _: {
                await queue.until(.gaveBack("a3", after: .zero, because: nil))
                await queue.until(.finished("b1"))
            }
        }
        #expect(handled.withLock { $0.filter { $0.hasPrefix("a") } } == ["a1", "a2"])
    }

    @Test func `messages of a group of a queue without order are handled side by side`() async throws {
        let queue = ScriptedQueue((0..<3).map { ScriptedQueue.message("\($0)", group: "tenant") })
        let together = Count()
        try await withQueue(queue) { discovery in
            try await listening(discovery) { _ in
                together.add()
                await together.reached(3)
            } _: {
                await queue.until { $0.count == 6 }
            }
        }
    }

    // MARK: The end

    @Test func `graceful shutdown takes no more, gives back what was not begun, and waits for handlers`() async throws {
        let queue = ScriptedQueue(["a", "b", "c"].map { ScriptedQueue.message($0) })
        let began = Event<Void>()
        let goOn = Event<Void>()
        try await withQueue(queue) { discovery in
            let service = Listen { [options = options(concurrency: 1, prefetch: 5)] in
                try await discovery.listen("ns.s->jobs", options: options) { (_: Delivery) in
                    began.happened(())
                    _ = await goOn.wait()
                }
            }
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: service)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            let running = Task { try await group.run() }
            await began.wait()
            await group.triggerGracefulShutdown()
            await queue.until(.gaveBack("b", after: .zero, because: nil))
            await queue.until(.gaveBack("c", after: .zero, because: nil))
            #expect(!queue.events.contains(.finished("a")))
            goOn.happened(())
            try await running.value
            #expect(queue.events.contains(.finished("a")))
            #expect(queue.waitingReceivers == 0)
            queue.put(ScriptedQueue.message("late"))
            #expect(queue.pending == ["late"], "nobody polls any more")
        }
    }

    @Test func `cancellation cancels handlers, and gives back at once what they did not do`() async throws {
        let queue = ScriptedQueue(["a", "b"].map { ScriptedQueue.message($0) })
        let began = Event<Void>()
        try await withQueue(queue) { discovery in
            let task = Task {
                try await discovery.listen("ns.s->jobs", options: options(concurrency: 1, prefetch: 1)) { (_: Delivery) in
                    began.happened(())
                    try await Task.sleep(for: .seconds(600))
                }
            }
            await began.wait()
            task.cancel()
            #expect(await failure { try await task.value }?.code == .cancelled)
            #expect(
                Set(queue.events.suffix(2)) == [.gaveBack("a", after: .zero, because: nil), .gaveBack("b", after: .zero, because: nil)])
        }
    }

    @Test func `a handler that ends well in spite of cancellation is finished`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a")])
        let began = Event<Void>()
        try await withQueue(queue) { discovery in
            let task = Task {
                try await discovery.listen("ns.s->jobs") { (_: Delivery) in
                    began.happened(())
                    while !Task.isCancelled { await Task.yield() }
                }
            }
            await began.wait()
            task.cancel()
            _ = await task.result
        }
        #expect(queue.events.last == .finished("a"))
    }

    @Test func `what a receive in flight still brings at the end is given back`() async throws {
        let stopped = Event<Void>()
        let receiving = Event<Void>()
        // A receive that does not notice its cancellation.
        let queue = ScriptedQueue([ScriptedQueue.message("late")]) { operation in
            guard operation == "receive" else { return }
            receiving.happened(())
            _ = await Task { await stopped.wait() }.value
        }
        try await withQueue(queue) { discovery in
            let runs = Count()
            let task = Task { try await discovery.listen("ns.s->jobs") { (_: Delivery) in runs.add() } }
            await receiving.wait()
            task.cancel()
            stopped.happened(())
            _ = await task.result
            #expect(queue.events == [.received("late"), .gaveBack("late", after: .zero, because: nil)])
            #expect(runs.value == 0)
        }
    }

    // MARK: Trouble

    @Test func `a queue that cannot be reached is waited for`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a")])
        queue.fail("receive", .unreachable, .busy, .outcomeUnknown)
        try await withQueue(queue) { discovery in
            try await listening(discovery, handling: { _ in }) { await queue.until(.finished("a")) }
        }
        #expect(queue.maxima.count >= 4)
    }

    @Test func `an address that never worked is an error at once`() async throws {
        let queue = ScriptedQueue()
        try await withQueue(queue) { discovery in
            try await discovery.register("ns.f->one", Resource(.function, at: "http://127.0.0.1:1/"))
            let expected: [(Address, DiscoveryError.Code)] = [
                ("ns.s->nothing", .notFound), ("ns.f->one", .wrongKind), ("ns..s", .malformedAddress), ("ns.s->*", .ambiguous),
            ]
            for (address, code) in expected {
                #expect(await failure { try await discovery.listen(address) { (_: Delivery) in } }?.code == code, "\(address)")
                var deliveries = discovery.listen(address).makeAsyncIterator()
                #expect(await failure { try await deliveries.next() }?.code == code, "\(address)")
            }
            var bad = ListenOptions()
            bad.concurrency = 0
            let refused = await failure { [bad] in try await discovery.listen("ns.s->jobs", options: bad) { (_: Delivery) in } }
            #expect(refused?.code == .invalid)
        }
    }

    @Test func `registering the address anew moves the listener, whose waiting receive ends`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a")])
        try await withQueue(queue) { discovery in
            try await listening(discovery, options: options(concurrency: 1), handling: { _ in }) {
                await queue.until(.finished("a"))
                while queue.waitingReceivers == 0 { await Task.yield() }
                try await discovery.register("ns.s->jobs", Resource(.queue, at: "other"))
                while queue.locations.last != "other" { await Task.yield() }
                queue.put(ScriptedQueue.message("b"))
                await queue.until(.finished("b"))
            }
        }
    }

    @Test func `any number of listeners share a process`() async throws {
        let queues = (0..<3).map { ScriptedQueue([ScriptedQueue.message("\($0)")]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for queue in queues {
                group.addTask {
                    try await withQueue(queue) { discovery in
                        try await listening(discovery, handling: { _ in }) {
                            try await listening(discovery, handling: { _ in }) { await queue.until { $0.count == 2 } }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        for (number, queue) in queues.enumerated() { #expect(queue.events == [.received("\(number)"), .finished("\(number)")]) }
    }

    // MARK: Sequences

    @Test func `a sequence hands over one message for each that is asked for, and settles when told`() async throws {
        let queue = ScriptedQueue(["a", "b", "c"].map { ScriptedQueue.message($0) })
        try await withQueue(queue) { discovery in
            var seen: [String] = []
            for try await delivery in discovery.listen("ns.s->jobs") {
                seen.append(delivery.id.description)
                #expect(!queue.events.contains(.finished(delivery.id.description)))
                try await delivery.finish()
                if seen.count == 2 { break }
            }
            #expect(seen == ["a", "b"])
            #expect(queue.pending == ["c"], "nobody asked for it")
            #expect(queue.maxima == [1, 1])
        }
    }

    @Test func `a delivery that is dropped unsettled is given back at once, and logged`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a")])
        let lines = Event<String>()
        let logger = Logger(label: "test") { _ in RecordingLogHandler { _, line in lines.happened(line) } }
        try await withQueue(queue, configure: { $0.logger = logger }) { discovery in
            var deliveries = discovery.listen("ns.s->jobs").makeAsyncIterator()
            _ = try await deliveries.next()
            await queue.until(.gaveBack("a", after: .zero, because: nil))
            while let line = await lines.wait() { if line.contains("dropped unsettled") { break } }
        }
    }

    @Test func `a delivery that outlives its sequence stays leased until it is settled`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a"), ScriptedQueue.message("b")])
        try await withQueue(queue) { discovery in
            var kept: Delivery?
            for try await delivery in discovery.listen("ns.s->jobs", options: options(prefetch: 1, visibility: .milliseconds(40))) {
                kept = delivery
                break
            }
            await queue.until(.gaveBack("b", after: .zero, because: nil))
            await queue.until { $0.count { $0 == .extended("a") } >= 3 }
            try await kept?.finish()
            #expect(queue.events.contains(.finished("a")))
        }
    }

    @Test func `a sequence ends with its task's cancellation, without a message lost`() async throws {
        let queue = ScriptedQueue()
        try await withQueue(queue) { discovery in
            let task = Task {
                var deliveries = discovery.listen("ns.s->jobs").makeAsyncIterator()
                return try await deliveries.next()
            }
            while queue.waitingReceivers == 0 { await Task.yield() }
            task.cancel()
            #expect(await failure { try await task.value }?.code == .cancelled)
            while queue.waitingReceivers > 0 { await Task.yield() }
        }
    }

    @Test func `a sequence ends on graceful shutdown`() async throws {
        let queue = ScriptedQueue([ScriptedQueue.message("a")])
        try await withQueue(queue) { discovery in
            let service = Listen {
                for try await delivery in discovery.listen("ns.s->jobs") { try await delivery.finish() }
            }
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            let running = Task { try await group.run() }
            await queue.until(.finished("a"))
            await group.triggerGracefulShutdown()
            try await running.value
        }
    }
}

private struct Listen: Service {
    let body: @Sendable () async throws -> Void
    func run() async throws { try await body() }
}
