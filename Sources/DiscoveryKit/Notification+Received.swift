internal import Messaging
internal import Store

extension Notification {
    /// A message that came by a subscription, or the question whether that is wanted; `nil` for one that did not, or came raw to a queue.
    ///
    /// - Parameters:
    ///   - now: the home's time.
    ///   - isRaw: the body alone is wanted, as it was published.
    init?(_ received: Messaging.Received, now: HomeTime, isRaw: Bool = false) {
        guard let source = received.notification else { return nil }
        let raw = Message(received)
        var attributes = isRaw ? raw.attributes.mapValues(\.engine) : received.attributes
        var token: String?
        if case .string(let text) = attributes.removeValue(forKey: Messaging.confirmationToken)?.value { token = text }
        self.init(
            token == nil ? .notification : .subscriptionConfirmation, topic: source.topic, id: source.publication.description,
            subject: source.subject, published: source.published.date(now: now), body: isRaw ? raw.body : received.body,
            attributes: attributes, subscription: source.subscription.description, token: token)
    }
}

extension Message {
    /// A message as it was sent.
    init(_ received: Messaging.Received) {
        var attributes = received.attributes.mapValues { Attribute($0) }
        let encoding = attributes.removeValue(forKey: QueueText.attribute)
        self.init(body: QueueText.decode(received.body, encoding), attributes: attributes)
    }
}
