import DiscoveryKit
import Foundation
import Synchronization

/// Queues in memory, at `memory:NAME`, with one fault or none. The dead-letter queue of `memory:jobs` is `memory:dead`.
final class BrokenQueue: QueueAdapter {
    enum Fault: CaseIterable {
        case acceptsAll, losesAttributes, skipsResults, answersAtOnce, takesWhenGone, showsHeld, ignoresExtension, losesReturned
        case keepsFinished, takesOldReceipts, hasNoDeadLetters, mixesGroups, makesQueues

        var check: String {
            switch self {
            case .acceptsAll: "queue adapter: it accepts its queues, and nothing else"
            case .losesAttributes: "queue adapter: body, attributes and trace arrive as they were sent"
            case .skipsResults: "queue adapter: many messages are sent at once, each with a result"
            case .answersAtOnce: "queue adapter: receiving waits for the first message, and no longer than asked"
            case .takesWhenGone: "queue adapter: a cancelled receive ends, and loses no message"
            case .showsHeld: "queue adapter: what is held by one is not given to another until its time is over"
            case .ignoresExtension: "queue adapter: a lease that is extended lasts longer"
            case .losesReturned: "queue adapter: what is given back comes at once, or after its delay"
            case .keepsFinished: "queue adapter: what is finished never comes again"
            case .takesOldReceipts: "queue adapter: a receipt that is not the last one is `.leaseLost`"
            case .hasNoDeadLetters: "queue adapter: a message is moved to the dead-letter queue, if there is one"
            case .mixesGroups: "queue adapter: a FIFO queue keeps the order inside a group"
            case .makesQueues: "queue adapter: where no queue is, is `.notFound`"
            }
        }
    }

    private struct Stored {
        var message: QueuedMessage
        var visibleAt: ContinuousClock.Instant
        var isHeld = false
    }

    private struct State {
        var queues: [String: [Stored]] = ["memory:jobs": [], "memory:dead": [], "memory:jobs.fifo": []]
        var next = 0
        /// How many messages those take who have gone.
        var ghosts = 0
    }

    private let fault: Fault?
    private let state = Mutex(State())

    init(_ fault: Fault?) { self.fault = fault }

    func accepts(_ resource: Resource) -> Bool {
        resource.kind == .queue && resource.location.hasPrefix("memory:") || fault == .acceptsAll
    }

    private func check(_ queue: Resource) throws(DiscoveryError) {
        let isThere = state.withLock { state in
            if fault == .makesQueues, state.queues[queue.location] == nil { state.queues[queue.location] = [] }
            return state.queues[queue.location] != nil
        }
        guard isThere else { throw DiscoveryError(.notFound, "There is no such queue.") }
    }

    func send(_ messages: [OutgoingMessage], to queue: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        try check(queue)
        let ids = state.withLock { state in
            messages.map { outgoing in
                state.next += 1
                var message = outgoing.message
                if fault == .losesAttributes { message.attributes["raw"] = nil }
                let queued = QueuedMessage(
                    id: MessageID("\(state.next)"), message: message, receipt: Receipt(""), receiveCount: 0, group: outgoing.group,
                    isOrdered: queue.location.hasSuffix(".fifo"), trace: outgoing.trace)
                let isTaken = state.ghosts > 0
                if isTaken { state.ghosts -= 1 }
                state.queues[queue.location]?.append(Stored(message: queued, visibleAt: .now + (isTaken ? .seconds(30) : .zero)))
                return queued.id
            }
        }
        return (fault == .skipsResults ? Array(ids.prefix(10)) : ids).map { .success($0) }
    }

    func receive(
        _ maximum: Int, from queue: Resource, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> [QueuedMessage] {
        try check(queue)
        let end = ContinuousClock.now + waiting
        while true {
            let messages = take(maximum, from: queue, visibility)
            if !messages.isEmpty || ContinuousClock.now >= end || fault == .answersAtOnce { return messages }
            do { try await Task.sleep(for: .milliseconds(10)) } catch {
                if fault == .takesWhenGone { state.withLock { $0.ghosts += maximum } }
                throw DiscoveryError(.cancelled, "Cancelled.")
            }
        }
    }

    private func take(_ maximum: Int, from queue: Resource, _ visibility: Duration) -> [QueuedMessage] {
        state.withLock { state in
            let now = ContinuousClock.now
            var stored = state.queues[queue.location] ?? []
            let held = Set(stored.filter { $0.isHeld && $0.visibleAt > now && $0.message.isOrdered }.compactMap(\.message.group))
            var taken: [QueuedMessage] = []
            for index in stored.indices where taken.count < maximum {
                guard stored[index].visibleAt <= now || fault == .showsHeld else { continue }
                if let group = stored[index].message.group, held.contains(group), fault != .mixesGroups { continue }
                state.next += 1
                stored[index].visibleAt = now + visibility
                stored[index].isHeld = true
                stored[index].message.receipt = Receipt("\(state.next)")
                stored[index].message.receiveCount += 1
                taken.append(stored[index].message)
            }
            state.queues[queue.location] = stored
            return taken
        }
    }

    /// What a receipt is for; `nil` in place of the message removes it.
    private func change(_ receipt: Receipt, _ queue: Resource, _ body: (inout Stored?) -> Void) throws(DiscoveryError) {
        let isFound = state.withLock { state in
            guard let index = state.queues[queue.location]?.firstIndex(where: { $0.message.receipt == receipt }) else { return false }
            var stored = state.queues[queue.location]?[index]
            body(&stored)
            if let stored {
                state.queues[queue.location]?[index] = stored
            } else {
                state.queues[queue.location]?.remove(at: index)
            }
            return true
        }
        guard isFound || fault == .takesOldReceipts else { throw DiscoveryError(.leaseLost, "Somebody else has it.") }
    }

    func finish(_ receipt: Receipt, of queue: Resource) async throws(DiscoveryError) {
        try change(receipt, queue) { if fault != .keepsFinished { $0 = nil } }
    }

    func extend(_ receipt: Receipt, of queue: Resource, to visibility: Duration) async throws(DiscoveryError) {
        try change(receipt, queue) { if fault != .ignoresExtension { $0?.visibleAt = .now + visibility } }
    }

    func giveBack(_ receipt: Receipt, of queue: Resource, after delay: Duration, because reason: String?) async throws(DiscoveryError) {
        try change(receipt, queue) { stored in
            guard fault != .losesReturned else { return stored = nil }
            stored?.visibleAt = .now + delay
            stored?.isHeld = delay > .zero
            stored?.message.receipt = Receipt("")
        }
    }

    func deadLetter(_ receipt: Receipt, of queue: Resource, because reason: String) async throws(DiscoveryError) -> Bool {
        guard queue.location == "memory:jobs", fault != .hasNoDeadLetters else { return false }
        var moved: Stored?
        try change(receipt, queue) { stored in
            moved = stored
            stored = nil
        }
        moved?.visibleAt = .now
        moved?.isHeld = false
        state.withLock { [moved] state in state.queues["memory:dead"]? += moved.map { [$0] } ?? [] }
        return true
    }
}
