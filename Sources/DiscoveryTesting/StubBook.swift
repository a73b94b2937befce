internal import DiscoveryKit
internal import Registry
internal import Synchronization

/// What the copies of one stub share: its answers, what is registered, and what happened.
final class StubBook: Sendable {
    private struct State {
        var sent: [Stub.Sent] = []
        var deferred: [Stub.Deferred] = []
        var changes: [Stub.Change] = []
        /// How many steps of an answer were taken.
        var taken: [Address: Int] = [:]
        var instances: [Address.Parts: Registry.Instance] = [:]
        /// Counts the changes, so that a reader tells whether what it knows still holds.
        var version: Int64 = 0
        var watchers: [Int64: AsyncStream<Void>.Continuation] = [:]
        var nextWatcher: Int64 = 0
    }

    let queues: StubQueues
    let topics: StubTopics
    private let answers: [Address: Stub.Answer]
    private let state = Mutex(State())

    init(_ answers: [Address: Stub.Answer]) {
        self.answers = answers
        queues = StubQueues(answers.compactMapValues(\.messages))
        topics = StubTopics(answers.compactMapValues(\.topic), queues)
    }

    /// For one client.
    var backend: Discovery.Backend { .names(StubNames(self), queueAdapters: [queues], topics: topics, interceptor: self) }

    var sent: [Stub.Sent] { state.withLock { $0.sent } }
    var deferred: [Stub.Deferred] { state.withLock { $0.deferred } }
    var changes: [Stub.Change] { state.withLock { $0.changes } }
    var version: Int64 { state.withLock { $0.version } }

    // MARK: What is stubbed

    /// The stubbed address that one in a call means: spelt the same, or with the namespace that the call leaves to its client.
    func stubbed(_ parts: Address.Parts, in namespace: String) -> Address? {
        var whole = parts
        whole.namespace = namespace
        return [parts, whole].lazy.map(\.address).first { self.answers[$0] != nil }
    }

    func kind(of stubbed: Address) -> Resource.Kind {
        switch answers[stubbed]?.role {
        case .queue: .queue
        case .topic: .topic
        case .function, nil: .function
        }
    }

    /// The text of every address that a call can have, for who looked for another.
    var known: (stubbed: [String], registered: [String]) {
        (answers.keys.map(\.description).sorted(), state.withLock { $0.instances.keys.map(\.address.description) }.sorted())
    }

    // MARK: What is registered

    func instances(of service: Address.Parts) -> [Registry.Instance] {
        state.withLock { state in
            state.instances.filter { $0.key.namespace == service.namespace && $0.key.service == service.service }
                .map(\.value).sorted { $0.id < $1.id }
        }
    }

    func instance(_ parts: Address.Parts) -> Registry.Instance? { state.withLock { $0.instances[parts] } }

    func register(_ id: String, as parts: Address.Parts, _ attributes: [String: String]) -> Registry.Registered {
        let (registered, watchers) = state.withLock { state in
            state.version += 1
            let instance = Registry.Instance(id: id, attributes: attributes, health: .unknown, incarnation: state.version)
            let replaced = state.instances.updateValue(instance, forKey: parts) != nil
            // What says nothing usable can be registered, and is found out by who resolves it.
            let resource = (try? Resource.resource(from: attributes))?.resource
            let unreadable = Resource(.function, at: "", attributes: attributes)
            state.changes.append(Stub.Change(address: parts.address, resource: resource ?? unreadable))
            return (Registry.Registered(incarnation: state.version, replaced: replaced), Array(state.watchers.values))
        }
        tell(watchers)
        return registered
    }

    /// - Returns: whether it was there, and that registration of it.
    func deregister(_ parts: Address.Parts, incarnation: Int64?) -> Bool {
        let watchers: [AsyncStream<Void>.Continuation]? = state.withLock { state in
            guard let known = state.instances[parts], incarnation == nil || known.incarnation == incarnation else { return nil }
            state.version += 1
            state.instances[parts] = nil
            state.changes.append(Stub.Change(address: parts.address, resource: nil))
            return Array(state.watchers.values)
        }
        tell(watchers ?? [])
        return watchers != nil
    }

    /// Not under the lock: a task that is being cancelled holds what a resumption needs, and waits for the lock to end its watching.
    private func tell(_ watchers: [AsyncStream<Void>.Continuation]) {
        for watcher in watchers { watcher.yield() }
    }

    /// An element after each change and each call, from now on.
    func watch() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.watchers[number] = nil } }
        return stream
    }
}

extension StubBook: CallInterceptor {
    func reply(to call: InterceptedCall) async throws(DiscoveryError) -> Reply? {
        let request = call.request
        let stubbed = stubbed(try request.address.parts(), in: call.namespace)
        let answer = stubbed.flatMap { answers[$0] }
        let (turn, watchers) = state.withLock { state in
            state.sent.append(
                Stub.Sent(
                    address: request.address, message: request.message, headers: request.headers, deadline: call.limit,
                    isIdempotent: call.isIdempotent))
            let watchers = Array(state.watchers.values)
            guard let stubbed else { return (0, watchers) }
            return (state.taken.updateValue(state.taken[stubbed, default: 0] + 1, forKey: stubbed) ?? 0, watchers)
        }
        tell(watchers)
        guard let stubbed, let answer, case .function = answer.role else { return nil }
        guard !answer.isSpent || turn < answer.steps.count else {
            throw DiscoveryError(
                .unexpected,
                "The stub of \(stubbed) has given all of its answers, \(answer.steps.count), and was called once more. Give it another, or "
                    + "one for every call.",
                address: request.address)
        }
        let message = try await answer.steps[answer.isSpent ? turn : 0].message(for: request)
        return Reply(message: message, servedBy: request.address)
    }

    func putOff(
        _ message: Message, to address: Address, _ options: RequestOptions, make: @escaping @Sendable () async -> Void
    ) async throws(DiscoveryError) -> MessageID {
        let id = state.withLock { state in
            let id = MessageID("later-\(state.deferred.count + 1)")
            state.deferred.append(Stub.Deferred(id: id, address: address, message: message, options: options))
            return id
        }
        // It ends by its deadline, whoever has put it off.
        Task { await make() }
        return id
    }

    func sent(atLeast count: Int) async -> [Stub.Sent] {
        var changes = watch().makeAsyncIterator()
        while true {
            let sent = sent
            guard sent.count < count, await changes.next() != nil else { return sent }
        }
    }
}

extension Address.Parts {
    var address: Address { Address(namespace: namespace, service: service, filters: filters, instance: instance) }
}
