internal import DiscoveryKit
internal import Foundation
internal import Synchronization

/// The topics of a stub: what is published goes on to stubbed queues and to those who listen, and is on record.
final class StubTopics: TopicBackend {
    private struct Entry {
        let subscription: Stub.Subscription
        let filter: TopicFilter
        /// Where its messages go; `nil` for one to whom a courier would deliver.
        let line: StubQueues.Line?
    }

    private struct State {
        var published: [Stub.Published] = []
        var entries: [Entry] = []
        var next = 0
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let topics: [Address: Stub.Answer.Topic]
    private let queues: StubQueues
    private let state = Mutex(State())

    init(_ topics: [Address: Stub.Answer.Topic], _ queues: StubQueues) {
        self.topics = topics
        self.queues = queues
    }

    var published: [Stub.Published] { state.withLock { $0.published } }
    var subscriptions: [Stub.Subscription] { state.withLock { $0.entries.map(\.subscription) } }

    func subscriptions(atLeast count: Int) async -> [Stub.Subscription] {
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.watchers[state.next] = continuation
            return state.next
        }
        defer { state.withLock { $0.watchers[number] = nil } }
        var iterator = changes.makeAsyncIterator()
        while true {
            let subscriptions = subscriptions
            guard subscriptions.count < count, await iterator.next() != nil else { return subscriptions }
        }
    }

    // MARK: Publishing

    func accepts(_ resource: Resource) -> Bool { resource.kind == .topic && address(of: resource) != nil }

    private func address(of resource: Resource) -> Address? {
        StubQueues.stubbed(at: resource.location).flatMap { topics[$0] == nil ? nil : $0 }
    }

    private func topic(_ resource: Resource) throws(DiscoveryError) -> Address {
        guard let address = address(of: resource) else {
            throw DiscoveryError(.notFound, "`\(resource.location)` is no topic of this stub.")
        }
        return address
    }

    func publish(_ messages: [OutgoingMessage], to topic: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        let address = try self.topic(topic)
        if let failure = topics[address]?.failure { throw failure }
        let now = Date()
        let (ids, deliveries) = state.withLock { state in
            var ids: [MessageID] = []
            var deliveries: [(StubQueues.Line, OutgoingMessage)] = []
            for message in messages {
                state.next += 1
                let id = MessageID("\(state.next)")
                ids.append(id)
                state.published.append(Stub.Published(address: address, message: message.message, options: message.options))
                for entry in state.entries where entry.subscription.topic == address {
                    guard let line = entry.line, entry.filter.matches(message) else { continue }
                    var copy = message
                    if !entry.subscription.options.isRaw {
                        copy.message = message.envelope(from: "\(address)", id: id, published: now)
                    }
                    copy.subject = nil
                    copy.deduplication = nil
                    deliveries.append((line, copy))
                }
            }
            return (ids, deliveries)
        }
        queues.put(deliveries)
        return ids.map { .success($0) }
    }

    // MARK: Subscribing

    func subscribe(
        _ subscriber: TopicSubscriber, to topic: Resource, _ options: SubscribeOptions
    ) async throws(DiscoveryError) -> String {
        let address = try self.topic(topic)
        switch subscriber {
        case .queue(let queue):
            guard queues.accepts(queue) else {
                throw DiscoveryError(.unsupported, "`\(queue.location)` is no queue of this stub. Subscribe one that is stubbed.")
            }
            let line = try queues.line(queue)
            return try subscribe(.queue(line.address), to: address, options) { _ in line }
        case .function(let function): return try subscribe(.function(function), to: address, options) { _ in nil }
        case .url(let url): return try subscribe(.url(url), to: address, options) { _ in nil }
        }
    }

    func listen(to topic: Resource, _ options: SubscribeOptions) async throws(DiscoveryError) -> TopicHearing {
        let address = try self.topic(topic)
        let id = try subscribe(.listener, to: address, options) { [queues] id in queues.open(id, of: address) }
        return TopicHearing(subscription: id, queue: Resource(.queue, at: StubQueues.location(ofListener: id)), adapter: queues)
    }

    func unsubscribe(_ subscription: String) async throws(DiscoveryError) {
        let (entry, watchers) = state.withLock { state in
            let index = state.entries.firstIndex { $0.subscription.id == subscription }
            return (index.map { state.entries.remove(at: $0) }, Array(state.watchers.values))
        }
        guard let entry else { throw DiscoveryError(.notFound, "`\(subscription)` is no subscription of this stub, or has ended.") }
        if entry.subscription.subscriber == .listener { queues.close(subscription) }
        tell(watchers)
    }

    private func subscribe(
        _ subscriber: Stub.Subscription.Subscriber, to topic: Address, _ options: SubscribeOptions, line: (String) -> StubQueues.Line?
    ) throws(DiscoveryError) -> String {
        let filter = try TopicFilter(options)
        // The queues' lock is taken under this one, and never this one under theirs.
        let (result, watchers) = state.withLock { state -> (Result<String, DiscoveryError>, [AsyncStream<Void>.Continuation]) in
            // Each listener is one of its own.
            if subscriber != .listener,
                let known = state.entries.map(\.subscription).first(where: { $0.topic == topic && $0.subscriber == subscriber })
            {
                guard known.options == options else { return (.failure(Self.exists(topic, known)), []) }
                return (.success(known.id), [])
            }
            state.next += 1
            let id = "subscription-\(state.next)"
            let subscription = Stub.Subscription(id: id, topic: topic, subscriber: subscriber, options: options)
            state.entries.append(Entry(subscription: subscription, filter: filter, line: line(id)))
            return (.success(id), Array(state.watchers.values))
        }
        tell(watchers)
        return try result.get()
    }

    private static func exists(_ topic: Address, _ known: Stub.Subscription) -> DiscoveryError {
        DiscoveryError(
            .alreadyExists,
            "This subscriber is subscribed to \(topic) with other options. End the subscription \(known.id) first, or subscribe as before.")
    }

    /// Not under the lock: see ``StubBook``.
    private func tell(_ watchers: [AsyncStream<Void>.Continuation]) {
        for watcher in watchers { watcher.yield() }
    }
}
