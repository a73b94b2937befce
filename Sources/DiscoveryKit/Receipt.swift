/// The right to finish a message that was received: new each time it is. Only the adapter that gave it can read it.
public struct Receipt: Sendable, Hashable {
    /// The receipt as the backend gave it.
    public let text: String

    /// Makes a receipt, as an adapter does.
    public init(_ text: String) {
        self.text = text
    }
}
