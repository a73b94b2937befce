/// A message that an adapter has taken from a queue, with the right to finish it.
public struct QueuedMessage: Sendable, Hashable {
    /// The id that its sender was given.
    public var id: MessageID
    /// The body and its attributes.
    public var message: Message
    /// The right to finish it.
    public var receipt: Receipt
    /// How often it was received, this time included.
    public var receiveCount: Int
    /// The group it was sent with.
    public var group: String?
    /// Whether the messages of its group are to be handled in order, one after the other: those of a FIFO queue.
    public var isOrdered: Bool
    /// The trace that its sender was part of, as headers.
    public var trace: [String: String]

    /// Makes one, as an adapter does.
    public init(
        id: MessageID, message: Message, receipt: Receipt, receiveCount: Int, group: String? = nil, isOrdered: Bool = false,
        trace: [String: String] = [:]
    ) {
        self.id = id
        self.message = message
        self.receipt = receipt
        self.receiveCount = receiveCount
        self.group = group
        self.isOrdered = isOrdered
        self.trace = trace
    }
}
