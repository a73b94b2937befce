internal import DiscoveryKit
internal import Synchronization

/// The queues of a stub: each message is given once, and all that is done is on record.
final class StubQueues: QueueAdapter {
    private struct Waiter {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    /// Where messages wait: a stubbed queue, or what one listener is to hear of a stubbed topic.
    struct Line: Hashable {
        /// The queue or the topic, as it is stubbed.
        let address: Address
        /// The listener's subscription.
        let listener: String?
    }

    private struct State {
        var pending: [Line: [Result<QueuedMessage, DiscoveryError>]] = [:]
        var given: [Receipt: (line: Line, message: QueuedMessage)] = [:]
        /// By their subscriptions.
        var listeners: [String: Line] = [:]
        var queued: [Stub.Queued] = []
        var settled: [Stub.Settled] = []
        var next = 0
        var receivers: [Int: CheckedContinuation<Void, Never>] = [:]
        var waiters: [Int: Waiter] = [:]
    }

    private static let prefix = "stub:"
    private static let listenerPrefix = "stub-listener:"
    private let queues: Set<Address>
    private let state = Mutex(State())

    init(_ messages: [Address: [Result<Message, DiscoveryError>]]) {
        queues = Set(messages.keys)
        state.withLock { state in
            for (address, messages) in messages {
                state.pending[Line(address: address, listener: nil)] = messages.map { message in
                    state.next += 1
                    let number = state.next
                    return message.map { Self.queued($0, number, group: nil, trace: [:]) }
                }
            }
        }
    }

    static func location(of stubbed: Address) -> String { "\(prefix)\(stubbed)" }
    static func location(ofListener subscription: String) -> String { "\(listenerPrefix)\(subscription)" }

    /// The address that is stubbed at a location, should it be.
    static func stubbed(at location: String) -> Address? {
        guard location.hasPrefix(prefix) else { return nil }
        return Address(stringLiteral: String(location.dropFirst(prefix.count)))
    }

    var queued: [Stub.Queued] { state.withLock { $0.queued } }
    var settled: [Stub.Settled] { state.withLock { $0.settled } }

    func settled(atLeast count: Int) async -> [Stub.Settled] {
        await wait { state, number, continuation in
            guard state.settled.count < count else { return false }
            state.waiters[number] = Waiter(count: count, continuation: continuation)
            return true
        } end: { state, number in
            state.waiters.removeValue(forKey: number)?.continuation
        }
        return settled
    }

    /// Waits where `begin` keeps the continuation, until that is resumed or the task is cancelled.
    private func wait(
        begin: (inout sending State, Int, CheckedContinuation<Void, Never>) -> Bool,
        end: @escaping @Sendable (inout sending State, Int) -> CheckedContinuation<Void, Never>?
    ) async {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in !Task.isCancelled && begin(&state, number, continuation) }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { end(&$0, number) }?.resume()
        }
    }

    private static func queued(_ message: Message, _ number: Int, group: String?, trace: [String: String]) -> QueuedMessage {
        QueuedMessage(
            id: MessageID("\(number)"), message: message, receipt: Receipt("\(number)"), receiveCount: 1, group: group, trace: trace)
    }

    // MARK: QueueAdapter

    func accepts(_ resource: Resource) -> Bool { resource.kind == .queue && address(of: resource) != nil }

    private func address(of resource: Resource) -> Address? {
        Self.stubbed(at: resource.location).flatMap { queues.contains($0) ? $0 : nil }
    }

    func line(_ queue: Resource) throws(DiscoveryError) -> Line {
        if let address = address(of: queue) { return Line(address: address, listener: nil) }
        if queue.location.hasPrefix(Self.listenerPrefix) {
            let subscription = String(queue.location.dropFirst(Self.listenerPrefix.count))
            if let line = state.withLock({ $0.listeners[subscription] }) { return line }
        }
        throw DiscoveryError(.notFound, "`\(queue.location)` is no queue of this stub.")
    }

    func send(_ messages: [OutgoingMessage], to queue: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        let line = try self.line(queue)
        return put(messages.map { (line, $0) }).map { .success($0) }
    }

    /// Puts messages where they are to wait. What is for a listener that has ended is dropped.
    @discardableResult
    func put(_ messages: [(line: Line, message: OutgoingMessage)]) -> [MessageID] {
        let (ids, receivers) = state.withLock { state in
            var ids: [MessageID] = []
            for (line, message) in messages {
                state.next += 1
                let queued = Self.queued(message.message, state.next, group: message.group, trace: message.trace)
                ids.append(queued.id)
                if let listener = line.listener {
                    guard state.listeners[listener] != nil else { continue }
                } else {
                    state.queued.append(Stub.Queued(address: line.address, message: message.message, options: message.options))
                }
                state.pending[line, default: []].append(.success(queued))
            }
            defer { state.receivers = [:] }
            return (ids, Array(state.receivers.values))
        }
        for receiver in receivers { receiver.resume() }
        return ids
    }

    /// Makes a place for what a listener is to hear of a topic.
    func open(_ subscription: String, of topic: Address) -> Line {
        let line = Line(address: topic, listener: subscription)
        state.withLock { $0.listeners[subscription] = line }
        return line
    }

    /// Drops it, with what nobody was given.
    func close(_ subscription: String) {
        state.withLock { state in
            if let line = state.listeners.removeValue(forKey: subscription) { state.pending[line] = nil }
        }
    }

    func receive(
        _ maximum: Int, from queue: Resource, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> [QueuedMessage] {
        let line = try self.line(queue)
        while true {
            if waiting > .zero {
                await wait { state, number, continuation in
                    guard state.pending[line]?.isEmpty != false else { return false }
                    state.receivers[number] = continuation
                    return true
                } end: { state, number in
                    state.receivers.removeValue(forKey: number)
                }
            }
            if Task.isCancelled { throw DiscoveryError(.cancelled, "The calling task was cancelled.") }
            let taken = state.withLock { state -> [Result<QueuedMessage, DiscoveryError>] in
                let taken = Array(state.pending[line, default: []].prefix(maximum))
                state.pending[line]?.removeFirst(taken.count)
                for case .success(let message) in taken { state.given[message.receipt] = (line, message) }
                return taken
            }
            var messages: [QueuedMessage] = []
            for message in taken { messages.append(try message.get()) }
            // Another may have been faster.
            if !messages.isEmpty || waiting == .zero { return messages }
        }
    }

    func finish(_ receipt: Receipt, of queue: Resource) async throws(DiscoveryError) { try settle(receipt, .finished) }

    func extend(_ receipt: Receipt, of queue: Resource, to visibility: Duration) async throws(DiscoveryError) {}

    func giveBack(_ receipt: Receipt, of queue: Resource, after delay: Duration, because reason: String?) async throws(DiscoveryError) {
        guard reason == nil else { return try settle(receipt, .retried(after: delay)) }
        let receivers = state.withLock { state in
            guard let given = state.given.removeValue(forKey: receipt) else { return [CheckedContinuation<Void, Never>]() }
            var message = given.message
            state.next += 1
            message.receipt = Receipt("\(state.next)")
            message.receiveCount += 1
            guard given.line.listener.map({ state.listeners[$0] != nil }) ?? true else { return [] }
            state.pending[given.line, default: []].insert(.success(message), at: 0)
            defer { state.receivers = [:] }
            return Array(state.receivers.values)
        }
        for receiver in receivers { receiver.resume() }
    }

    func deadLetter(_ receipt: Receipt, of queue: Resource, because reason: String) async throws(DiscoveryError) -> Bool {
        try settle(receipt, .deadLettered(reason: reason))
        return true
    }

    private func settle(_ receipt: Receipt, _ outcome: Stub.Settled.Outcome) throws(DiscoveryError) {
        let waiters = state.withLock { state -> [Waiter]? in
            guard let (line, message) = state.given.removeValue(forKey: receipt) else { return nil }
            state.settled.append(Stub.Settled(address: line.address, message: message.message, outcome: outcome))
            let met = state.waiters.filter { $0.value.count <= state.settled.count }
            for number in met.keys { state.waiters[number] = nil }
            return Array(met.values)
        }
        guard let waiters else { throw DiscoveryError(.leaseLost, "The message was settled before.") }
        for waiter in waiters { waiter.continuation.resume() }
    }
}

extension OutgoingMessage {
    /// What its sender asked for.
    var options: SendOptions {
        var options = SendOptions()
        options.delay = delay
        options.deliverAt = deliverAt
        options.group = group
        options.deduplication = deduplication
        options.subject = subject
        return options
    }
}
