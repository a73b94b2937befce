internal import Messaging

/// The topics of a home.
struct FileTopicAdapter: PublishAdapter {
    let home: EmbeddedBackend

    /// The adapter of an embedded client; none for others.
    static func built(for names: any NameService) -> [any PublishAdapter] {
        (names as? EmbeddedBackend).map { [FileTopicAdapter(home: $0)] } ?? []
    }

    func accepts(_ resource: Resource) -> Bool { resource.kind == .topic && LocalTopic(resource.location) != nil }

    func publish(_ messages: [OutgoingMessage], to topic: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        guard let name = LocalTopic(topic.location)?.name else { preconditionFailure("what is not accepted is not published to") }
        return try await home.runMessaging { messaging in
            let usesFresh = try await messages.useFresh { try await messaging.topic(name).configuration.contentBasedDeduplication }
            let results = try await messaging.publish(messages.map { $0.publication(usesFresh: usesFresh) }, to: name)
            return results.map { $0.map { MessageID($0.id.description) }.mapError { DiscoveryError($0) } }
        }
    }
}

extension OutgoingMessage {
    fileprivate func publication(usesFresh: Bool) -> Messaging.Publication {
        let (body, attributes) = text
        return Messaging.Publication(
            body, attributes: attributes, subject: subject, group: group,
            deduplication: deduplication ?? (usesFresh ? freshDeduplication : nil), trace: QueueText.trace(trace))
    }
}
