@testable import DiscoveryKit
@testable import DiscoveryTesting
import Synchronization

/// The topics of a stub with one fault or none.
final class BrokenTopicBackend: TopicBackend {
    enum Fault: CaseIterable {
        case needsSubscribers, takesAnything, sharesListeners, leavesListeners, ignoresListenersFilters
        case publishesTwice, losesSubjects, ignoresFilters, takesOtherOptions, keepsUnsubscribed
    }

    private let fault: Fault?
    private let topics: StubTopics
    private let kept = Mutex<TopicHearing?>(nil)

    init(_ fault: Fault?, _ topics: StubTopics) {
        self.fault = fault
        self.topics = topics
    }

    func accepts(_ resource: Resource) -> Bool { topics.accepts(resource) || fault == .takesAnything }

    func publish(_ messages: [OutgoingMessage], to topic: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        guard topics.accepts(topic) else { return messages.map { _ in .success(MessageID("lost")) } }
        var messages = messages
        if fault == .needsSubscribers, topics.subscriptions.isEmpty { throw DiscoveryError(.notFound, "Nobody is there.") }
        if fault == .losesSubjects { for index in messages.indices { messages[index].subject = nil } }
        if fault == .publishesTwice { _ = try await topics.publish(messages, to: topic) }
        return try await topics.publish(messages, to: topic)
    }

    func subscribe(
        _ subscriber: TopicSubscriber, to topic: Resource, _ options: SubscribeOptions
    ) async throws(DiscoveryError) -> String {
        var options = options
        if fault == .ignoresFilters { options.filter = nil }
        do throws(DiscoveryError) { return try await topics.subscribe(subscriber, to: topic, options) } catch {
            guard error.code == .alreadyExists, fault == .takesOtherOptions else { throw error }
            return "another"
        }
    }

    func listen(to topic: Resource, _ options: SubscribeOptions) async throws(DiscoveryError) -> TopicHearing {
        if fault == .sharesListeners || fault == .leavesListeners, let known = kept.withLock({ $0 }) { return known }
        var options = options
        if fault == .ignoresListenersFilters { options.filter = nil }
        let hearing = try await topics.listen(to: topic, options)
        kept.withLock { $0 = hearing }
        return hearing
    }

    func unsubscribe(_ subscription: String) async throws(DiscoveryError) {
        let isListener = kept.withLock { $0?.subscription == subscription }
        if fault == .keepsUnsubscribed && !isListener || fault == .leavesListeners && isListener { return }
        if isListener { kept.withLock { $0 = nil } }
        try await topics.unsubscribe(subscription)
    }
}
