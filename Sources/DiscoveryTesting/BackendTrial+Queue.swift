internal import DiscoveryKit
internal import Synchronization

extension BackendTrial {
    func queues(_ queue: Resource) async throws {
        let place = try await registered(queue)
        let message = Message.text("käse", attributes: ["a": .string("ü"), "n": .number("1.50"), "b": .binary([0, 255])])
        let id = try await one.queue(place, message)
        try await delivered(from: place, to: other) { delivery in
            try Conformance.expect("the id", is: id, seen: delivery.id)
            try Conformance.expect(
                delivery.message.body == message.body, "the body to arrive", seen: "\(delivery.message.body.count) bytes")
            try Conformance.expect("the attributes", is: message.attributes, seen: delivery.message.attributes)
            try Conformance.expect("the receive count", is: 1, seen: delivery.receiveCount)
            try await delivery.finish()
        }
        let results = try await other.queue(place, contentsOf: (0..<25).map { .text("\($0)") })
        try Conformance.expect("how many of 25 are accepted", is: 25, seen: results.count { (try? $0.get()) != nil })
        let seen = Heard()
        try await listening(to: place, by: one, until: { await seen.reached(25) }) { delivery in
            seen.hear(String(decoding: delivery.message.body, as: UTF8.self))
        }
        try Conformance.expect("what was handled", is: (0..<25).map { "\($0)" }.sorted(), seen: seen.all.sorted())
    }

    func listens(_ queue: Resource) async throws {
        struct Broken: Error {}
        let place = try await registered(queue)
        try await one.queue(place, Message.text("tried again"))
        var options = ListenOptions()
        options.firstBackoff = .milliseconds(10)
        options.longestBackoff = .milliseconds(100)
        options.visibility = .seconds(3)
        let counts = Heard()
        try await listening(to: place, by: other, options: options, until: { await counts.reached(3) }) { delivery in
            counts.hear("\(delivery.receiveCount)")
            if delivery.receiveCount < 3 { throw Broken() }
        }
        try Conformance.expect("the receive counts", is: ["1", "2", "3"], seen: counts.all)
        // What was not finished would be back by then, before the next.
        try await Task.sleep(for: .milliseconds(3_500))
        try await one.queue(place, Message.text("next"))
        try await delivered(from: place, to: one) { delivery in
            try Conformance.expect("the next message", is: Array("next".utf8), seen: delivery.message.body)
            try await delivery.finish()
        }
    }

    func givesBack(_ queue: Resource) async throws {
        let place = try await registered(queue)
        try await one.queue(place, Message.text("kept"))
        let began = Heard()
        try await listening(to: place, by: other, until: { await began.reached(1) }) { _ in
            began.hear("")
            try await Task.sleep(for: .seconds(600))
        }
        try await delivered(from: place, to: one) { delivery in
            try Conformance.expect("what a cancelled listener had", is: Array("kept".utf8), seen: delivery.message.body)
        }
        // Dropped without a word.
        try await delivered(from: place, to: other) { delivery in
            try Conformance.expect("what was dropped", is: Array("kept".utf8), seen: delivery.message.body)
            try await delivery.finish()
            try await Conformance.expect(.invalid, of: "settling twice") { try await delivery.retry() }
        }
    }

    private func registered(_ queue: Resource) async throws -> Address {
        let place = address("queue")
        try await register(place, queue)
        try await Conformance.expect(.wrongKind, of: "a request to a queue") { _ = try await one.request(place) }
        return place
    }

    /// Gives `body` the next message, within patience.
    func delivered(
        from place: Address, to client: Discovery, _ body: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws {
        try await Conformance.within(patience, "a message to be delivered and settled") {
            var deliveries = client.listen(place).makeAsyncIterator()
            guard let delivery = try await deliveries.next() else { throw CancellationError() }
            try await body(delivery)
        }
    }

    func listening(
        to place: Address, by client: Discovery, options: ListenOptions? = nil, until isDone: @escaping @Sendable () async -> Void,
        _ handler: @escaping @concurrent @Sendable (Delivery) async throws -> Void
    ) async throws {
        let listening = Task { try await client.listen(place, options: options, handler: handler) }
        let result: Result<Void, any Error>
        do {
            result = .success(try await Conformance.within(patience, "messages to be handled") { await isDone() })
        } catch {
            result = .failure(error)
        }
        listening.cancel()
        _ = try await Conformance.within(patience, "`listen` to end when it is cancelled") { await listening.result }
        try result.get()
    }
}

/// What handlers heard, in order.
final class Heard: Sendable {
    private let state = Mutex<(texts: [String], continuation: AsyncStream<Void>.Continuation?)>(([], nil))

    var all: [String] { state.withLock { $0.texts } }

    func hear(_ text: String) {
        state.withLock { state in
            state.texts.append(text)
            state.continuation?.yield()
        }
    }

    /// Returns when there are so many, or the task is cancelled. One waits at a time.
    func reached(_ count: Int) async {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let isReached = state.withLock { state in
            state.continuation = continuation
            return state.texts.count >= count
        }
        if isReached { return }
        for await _ in stream where all.count >= count { return }
    }
}
