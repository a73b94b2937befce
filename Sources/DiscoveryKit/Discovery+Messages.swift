package import Messaging
package import Registry

/// What the command line does with the queues and topics of a home; applications send, publish and listen.
extension Discovery {
    /// Runs an operation on the home's queues and topics and gives its errors the facade's form. Waits for the disk.
    ///
    /// - Throws: `.unsupported` on a backend without a home; what the operation throws.
    package func withMessages<Value>(_ operation: (Messaging) async throws -> Value) async throws(DiscoveryError) -> Value {
        try await client.home().runMessaging(operation)
    }

    /// Runs an operation on the home's registry and gives its errors the facade's form. Waits for the disk.
    ///
    /// - Throws: `.unsupported` on a backend without a home; what the operation throws.
    package func withRegistry<Value>(_ operation: (Registry) async throws -> Value) async throws(DiscoveryError) -> Value {
        try await client.home().run(operation)
    }

    /// The queue of this home that somebody means: by its name or its ARN, or by an address that leads to it. What has the form of a queue's
    /// name is one.
    ///
    /// - Throws: what ``resolve(_:)`` throws; `.wrongKind` for what is no queue; `.unsupported` for a queue that is not in this home.
    package func queueName(_ text: String) async throws(DiscoveryError) -> String {
        if Messaging.isQueueName(text) { return text }
        if text.hasPrefix("arn:"), let queue = LocalQueue(text) { return queue.name }
        return try await name(at: text, as: .queue, \.queueName)
    }

    /// The topic of this home that somebody means: by its name or its ARN, or by an address that leads to it. What has the form of a topic's
    /// name is one.
    ///
    /// - Throws: what ``resolve(_:)`` throws; `.wrongKind` for what is no topic; `.unsupported` for a topic that is not in this home.
    package func topicName(_ text: String) async throws(DiscoveryError) -> String {
        // Topics' names are made of what queues' are made of.
        if Messaging.isQueueName(text) { return text }
        if text.hasPrefix("arn:") {
            guard let topic = LocalTopic(text) else {
                throw DiscoveryError(
                    .unsupported, "`\(Resource.shown(text))` is no topic of this home: those are at `\(LocalTopic.arn("NAME"))`.")
            }
            return topic.name
        }
        return try await name(at: text, as: .topic, \.topicName)
    }

    private func name(
        at text: String, as kind: Resource.Kind, _ name: (Resource) -> String?
    ) async throws(DiscoveryError) -> String {
        let address = try Address(parsing: text)
        let resource = try await resolve(address)
        guard resource.kind == kind else {
            throw DiscoveryError(.wrongKind, "\(address) is a \(resource.kind), and not a \(kind). Name a \(kind).", address: address)
        }
        guard let name = name(resource) else {
            throw DiscoveryError(
                .unsupported,
                "\(address) is at `\(Resource.shown(resource.location))`, which is no \(kind) of this home. Look where it is.",
                address: address)
        }
        return name
    }
}

extension Resource {
    /// A queue of the home that it is registered in.
    package static func queue(named name: String) -> Resource { Resource(.queue, at: LocalQueue.arn(name)) }

    /// A topic of the home that it is registered in.
    package static func topic(named name: String) -> Resource { Resource(.topic, at: LocalTopic.arn(name)) }

    /// The name of the queue, if it is one of the home that it is registered in.
    package var queueName: String? {
        guard kind == .queue, let queue = LocalQueue(location), queue.home == nil else { return nil }
        return queue.name
    }

    /// Whether it is a queue, a topic or a function that the home itself finds, by its name.
    package var isOfHome: Bool { queueName != nil || topicName != nil || kind == .function && LocalFunction.address(location) != nil }

    /// The name of the topic, if it is one of the home that it is registered in.
    package var topicName: String? { kind == .topic ? LocalTopic(location)?.name : nil }
}

extension Messaging.Publication {
    /// What a message is published as.
    package init(_ message: Message, subject: String?) {
        let (body, attributes) = OutgoingMessage(message).text
        self.init(body, attributes: attributes, subject: subject)
    }
}

extension Message {
    /// A message that was looked at where it lies; one that came by a topic as it was published, without an envelope.
    package init(_ peeked: Messaging.Peeked) {
        var attributes = peeked.attributes.mapValues { Attribute($0) }
        let encoding = attributes.removeValue(forKey: QueueText.attribute)
        self.init(body: QueueText.decode(peeked.body, encoding), attributes: attributes)
    }
}
