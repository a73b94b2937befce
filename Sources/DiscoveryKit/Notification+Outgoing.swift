package import Foundation

extension OutgoingMessage {
    /// What a subscriber of a topic is given that did not ask for raw messages: SNS's envelope.
    ///
    /// - Parameters:
    ///   - topic: its name.
    ///   - id: the publication's.
    package func envelope(from topic: String, id: MessageID, published: Date) -> Message {
        let (body, attributes) = text
        let notification = Notification(
            topic: topic, id: id.description, subject: subject, published: published, body: body, attributes: attributes)
        return .bytes(notification.envelope())
    }
}
