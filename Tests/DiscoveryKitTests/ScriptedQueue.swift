import DiscoveryKit
import Foundation
import Logging
import Synchronization

/// A queue that gives each message it was given once, fails as told, and notes what is done to it.
final class ScriptedQueue: QueueAdapter {
    enum Event: Hashable {
        case sent(String), received(String), finished(String), extended(String), deadLettered(String)
        case gaveBack(String, after: Duration, because: String?)
    }

    private struct State {
        var pending: [QueuedMessage] = []
        var events: [Event] = []
        var outgoing: [OutgoingMessage] = []
        var locations: [String] = []
        var maxima: [Int] = []
        var failures: [String: [DiscoveryError.Code]] = [:]
        var receivers: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextReceiver: UInt64 = 0
        var watchers: [(isMet: @Sendable ([Event]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let hasDeadLetterQueue: Bool
    private let gate: (@Sendable (String) async -> Void)?

    /// - Parameter gate: waited for in each operation, by its name.
    init(_ messages: [QueuedMessage] = [], hasDeadLetterQueue: Bool = true, gate: (@Sendable (String) async -> Void)? = nil) {
        self.hasDeadLetterQueue = hasDeadLetterQueue
        self.gate = gate
        state.withLock { $0.pending = messages }
    }

    static func message(
        _ body: String, group: String? = nil, isOrdered: Bool = false, count: Int = 1, trace: [String: String] = [:]
    ) -> QueuedMessage {
        QueuedMessage(
            id: MessageID(body), message: .text(body), receipt: Receipt(body), receiveCount: count, group: group, isOrdered: isOrdered,
            trace: trace)
    }

    var events: [Event] { state.withLock { $0.events } }
    var outgoing: [OutgoingMessage] { state.withLock { $0.outgoing } }
    /// Where it was asked to receive, in order.
    var locations: [String] { state.withLock { $0.locations } }
    /// How many it was asked for, in order.
    var maxima: [Int] { state.withLock { $0.maxima } }
    var pending: [String] { state.withLock { $0.pending.map(\.id.description) } }
    var waitingReceivers: Int { state.withLock { $0.receivers.count } }

    func put(_ messages: QueuedMessage...) {
        let receivers = state.withLock { state in
            state.pending += messages
            defer { state.receivers = [:] }
            return state.receivers.values
        }
        for receiver in receivers { receiver.resume() }
    }

    /// The next calls of an operation fail so, one after the other.
    func fail(_ operation: String, _ codes: DiscoveryError.Code...) { state.withLock { $0.failures[operation, default: []] += codes } }

    /// Returns when what happened is as told.
    func until(_ isMet: @escaping @Sendable ([Event]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                if isMet(state.events) { return true }
                state.watchers.append((isMet, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }

    func until(_ event: Event) async { await until { $0.contains(event) } }

    private func note(_ event: Event) {
        let met = state.withLock { state in
            state.events.append(event)
            let events = state.events
            let met = state.watchers.filter { $0.isMet(events) }.map(\.continuation)
            state.watchers.removeAll { $0.isMet(events) }
            return met
        }
        for watcher in met { watcher.resume() }
    }

    private func begin(_ operation: String) async throws(DiscoveryError) {
        await gate?(operation)
        let code = state.withLock { state -> DiscoveryError.Code? in
            guard state.failures[operation]?.isEmpty == false else { return nil }
            return state.failures[operation]?.removeFirst()
        }
        if let code { throw DiscoveryError(code, "As the script says.") }
    }

    // MARK: QueueAdapter

    func accepts(_ resource: Resource) -> Bool { resource.kind == .queue }

    func send(_ messages: [OutgoingMessage], to queue: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        state.withLock { state in
            state.outgoing += messages
            state.locations.append(queue.location)
        }
        try await begin("send")
        return messages.map { message in
            let text = String(decoding: message.message.body, as: UTF8.self)
            if text == "refused" { return .failure(DiscoveryError(.invalid, "As the script says.")) }
            note(.sent(text))
            return .success(MessageID(text))
        }
    }

    func receive(
        _ maximum: Int, from queue: Resource, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> [QueuedMessage] {
        state.withLock { state in
            state.locations.append(queue.location)
            state.maxima.append(maximum)
        }
        try await begin("receive")
        let messages = await received(maximum)
        if messages.isEmpty, Task.isCancelled { throw DiscoveryError(.cancelled, "Cancelled.") }
        for message in messages { note(.received(message.id.description)) }
        return messages
    }

    private func received(_ maximum: Int) async -> [QueuedMessage] {
        let id = state.withLock { state in
            state.nextReceiver += 1
            return state.nextReceiver
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.pending.isEmpty || Task.isCancelled { return true }
                    state.receivers[id] = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.receivers.removeValue(forKey: id) }?.resume()
        }
        return state.withLock { state in
            let messages = Array(state.pending.prefix(maximum))
            state.pending.removeFirst(messages.count)
            return messages
        }
    }

    func finish(_ receipt: Receipt, of queue: Resource) async throws(DiscoveryError) {
        try await begin("finish")
        note(.finished(receipt.text))
    }

    func extend(_ receipt: Receipt, of queue: Resource, to visibility: Duration) async throws(DiscoveryError) {
        defer { note(.extended(receipt.text)) }
        try await begin("extend")
    }

    func giveBack(_ receipt: Receipt, of queue: Resource, after delay: Duration, because reason: String?) async throws(DiscoveryError) {
        try await begin("giveBack")
        note(.gaveBack(receipt.text, after: delay, because: reason))
    }

    func deadLetter(_ receipt: Receipt, of queue: Resource, because reason: String) async throws(DiscoveryError) -> Bool {
        try await begin("deadLetter")
        if hasDeadLetterQueue { note(.deadLettered(receipt.text)) }
        return hasDeadLetterQueue
    }
}

/// A client whose queue `ns.s->jobs` is scripted.
func withQueue(
    _ queue: ScriptedQueue, configure: (inout Discovery.Configuration) -> Void = { _ in }, _ body: (Discovery) async throws -> Void
) async throws {
    try await withDiscovery(configure: {
        $0.queueAdapters = [queue]
        configure(&$0)
    }) { discovery in
        try await discovery.register("ns.s->jobs", Resource(.queue, at: "jobs"))
        try await discovery.register("ns.s->fifo", Resource(.queue, at: "jobs.fifo"))
        try await body(discovery)
    }
}
