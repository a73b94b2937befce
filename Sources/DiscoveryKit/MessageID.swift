/// Names a message that was accepted, in logs and towards the backend that accepted it. It cannot be used to finish the message.
public struct MessageID: Sendable, Hashable, CustomStringConvertible {
    /// The id as the backend gave it.
    public let description: String

    /// Makes an id, as an adapter does.
    public init(_ description: String) {
        self.description = description
    }
}
