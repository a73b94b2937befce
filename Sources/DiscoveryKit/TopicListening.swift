internal import Synchronization

/// What one listener hears of topics: a subscription with a queue of its own to each topic that its address has led to, gone with this process
/// and ended with the listener.
final class TopicListening: QueueAdapter {
    private let topics: any TopicBackend
    private let options: SubscribeOptions
    /// By the topic's location.
    private let hearings = Mutex<[String: TopicHearing]>([:])

    /// - Returns: `nil` on a backend without topics.
    /// - Throws: `.invalid` for a filter policy that breaks a rule.
    init?(_ client: Client, _ options: SubscribeOptions, _ address: Address) throws(DiscoveryError) {
        guard let topics = client.topics else { return nil }
        do { _ = try TopicFilter(options) } catch { throw error.with(address: address) }
        self.topics = topics
        self.options = options
    }

    /// Ends the subscriptions. Should that fail, they end with the process.
    func end() async {
        let ended = hearings.withLock { hearings in
            defer { hearings = [:] }
            return Array(hearings.values)
        }
        for hearing in ended {
            try? await uncancelled { [topics] () async throws(DiscoveryError) in try await topics.unsubscribe(hearing.subscription) }
        }
    }

    func accepts(_ resource: Resource) -> Bool { topics.accepts(resource) }

    func send(_ messages: [OutgoingMessage], to queue: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        throw DiscoveryError(.wrongKind, "Messages are published to a topic. Use `publish`.")
    }

    func receive(
        _ maximum: Int, from topic: Resource, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> [QueuedMessage] {
        let hearing = try await heard(topic)
        do throws(DiscoveryError) {
            return try await hearing.adapter.receive(maximum, from: hearing.queue, visibility: visibility, waiting: waiting)
        } catch {
            // The topic was deleted, and its subscriptions with it: the next look is at the one that may take its place.
            if error.code == .notFound { hearings.withLock { $0[topic.location] = nil } }
            throw error
        }
    }

    func finish(_ receipt: Receipt, of topic: Resource) async throws(DiscoveryError) {
        let hearing = try hearing(of: topic)
        try await hearing.adapter.finish(receipt, of: hearing.queue)
    }

    func extend(_ receipt: Receipt, of topic: Resource, to visibility: Duration) async throws(DiscoveryError) {
        let hearing = try hearing(of: topic)
        try await hearing.adapter.extend(receipt, of: hearing.queue, to: visibility)
    }

    func giveBack(_ receipt: Receipt, of topic: Resource, after delay: Duration, because reason: String?) async throws(DiscoveryError) {
        let hearing = try hearing(of: topic)
        try await hearing.adapter.giveBack(receipt, of: hearing.queue, after: delay, because: reason)
    }

    func deadLetter(_ receipt: Receipt, of topic: Resource, because reason: String) async throws(DiscoveryError) -> Bool {
        let hearing = try hearing(of: topic)
        return try await hearing.adapter.deadLetter(receipt, of: hearing.queue, because: reason)
    }

    private func hearing(of topic: Resource) throws(DiscoveryError) -> TopicHearing {
        guard let hearing = hearings.withLock({ $0[topic.location] }) else {
            throw DiscoveryError(.leaseLost, "The subscription that the message came by has ended.")
        }
        return hearing
    }

    /// One receive of a listener is in flight at a time, so one subscription is made.
    private func heard(_ topic: Resource) async throws(DiscoveryError) -> TopicHearing {
        if let known = hearings.withLock({ $0[topic.location] }) { return known }
        let made = try await topics.listen(to: topic, options)
        hearings.withLock { $0[topic.location] = made }
        return made
    }
}
