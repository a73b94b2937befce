import DiscoveryKit
import Synchronization

/// Topics in memory, at `memory:NAME`, with one fault or none. Subscribed to `memory:news` are the queues `memory:jobs` and `memory:dead`, to
/// `memory:news.fifo` is `memory:jobs.fifo`.
final class BrokenTopic: PublishAdapter {
    enum Fault: CaseIterable {
        case acceptsAll, losesAttributes, forgetsTheSecond, skipsResults, publishesTwice, mixesUp, refusesAll, takesAnySubject
        case reverses, publishesAgain, makesTopics

        var check: String {
            switch self {
            case .acceptsAll: "publish adapter: it accepts its topics, and nothing else"
            case .losesAttributes, .forgetsTheSecond:
                "publish adapter: body, attributes and trace arrive at every subscriber as they were published"
            case .skipsResults, .publishesTwice: "publish adapter: many messages are published at once, each with a result, and each once"
            case .mixesUp: "publish adapter: messages that are published side by side are not mixed up"
            case .refusesAll, .takesAnySubject: "publish adapter: a message that breaks a rule is refused alone"
            case .reverses: "publish adapter: a FIFO topic keeps the order inside a group"
            case .publishesAgain: "publish adapter: a FIFO topic takes a message that is published again for the same one"
            case .makesTopics: "publish adapter: where no topic is, is `.notFound`"
            }
        }
    }

    let queues = BrokenQueue(nil)
    private let fault: Fault?
    private let state = Mutex<(known: [String: MessageID], latest: [OutgoingMessage])>(([:], []))

    init(_ fault: Fault?) { self.fault = fault }

    func accepts(_ resource: Resource) -> Bool {
        resource.kind == .topic && resource.location.hasPrefix("memory:") || fault == .acceptsAll
    }

    func publish(_ messages: [OutgoingMessage], to topic: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        var subscribers: [String] = []
        switch topic.location {
        case "memory:news": subscribers = fault == .forgetsTheSecond ? ["memory:jobs"] : ["memory:jobs", "memory:dead"]
        case "memory:news.fifo": subscribers = ["memory:jobs.fifo"]
        default: if fault != .makesTopics { throw DiscoveryError(.notFound, "There is no such topic.") }
        }
        if fault == .publishesTwice { subscribers += subscribers }
        let isTooLong = DiscoveryError(.invalid, "The subject is too long.")
        if fault == .refusesAll, messages.contains(where: \.hasBadSubject) { throw isTooLong }
        var results: [Result<MessageID, DiscoveryError>] = []
        var messages = messages
        if fault == .reverses { messages.reverse() }
        if fault == .mixesUp, messages.count == 1 {
            state.withLock { [messages] in $0.latest = messages }
            try? await Task.sleep(for: .milliseconds(20))
            messages = state.withLock { $0.latest }
        }
        for var message in messages {
            if message.hasBadSubject, fault != .takesAnySubject {
                results.append(.failure(isTooLong))
                continue
            }
            if let key = message.deduplication, fault != .publishesAgain, let known = state.withLock({ $0.known[key] }) {
                results.append(.success(known))
                continue
            }
            if fault == .losesAttributes { message.message.attributes["raw"] = nil }
            var ids: [MessageID] = []
            for queue in subscribers {
                ids += try await queues.send([message], to: Resource(.queue, at: queue)).compactMap { try? $0.get() }
            }
            let id = ids.first ?? MessageID("unheard")
            if let key = message.deduplication { state.withLock { $0.known[key] = id } }
            results.append(.success(id))
        }
        return fault == .skipsResults ? Array(results.prefix(10)) : results
    }
}

extension OutgoingMessage {
    fileprivate var hasBadSubject: Bool { subject.map { $0.count > 99 } ?? false }
}
