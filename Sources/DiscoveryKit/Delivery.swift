internal import Synchronization

/// One handing-over of a message.
///
/// Its lease is extended for as long as it is referenced, up to 12 hours. It is settled once, by ``finish()``, ``retry(after:)`` or
/// ``deadLetter(_:)``; in the handler form of `listen`, returning finishes it and throwing has it retried, unless the handler settled it
/// itself. Dropped unsettled it is given back at once, which is logged.
///
/// Settling waits for the disk or the network, and goes on when its task is cancelled. It throws `.leaseLost` when the message is somebody
/// else's by now, and `.invalid` when the delivery was settled before; after any other error it may be settled again.
public final class Delivery: Sendable {
    /// The id that the message's sender was given.
    public let id: MessageID
    /// The body and its attributes.
    public let message: Message
    /// How often the message was received, this time included.
    public let receiveCount: Int
    /// The group it was sent with. Those of one group of a FIFO queue are handed over in order, one after the other is settled.
    public let group: String?
    let trace: [String: String]
    private let ticket: ListenMachine.Ticket
    private let listener: Listener

    init(_ queued: QueuedMessage, _ ticket: ListenMachine.Ticket, _ listener: Listener) {
        id = queued.id
        message = queued.message
        receiveCount = queued.receiveCount
        group = queued.group
        trace = queued.trace
        self.ticket = ticket
        self.listener = listener
    }

    deinit { listener.dropped(ticket) }

    /// Reads the body as JSON.
    ///
    /// - Throws: `.coding` when the body is not JSON, or not of this type. Thrown on by a handler, it has the message go to the dead-letter
    ///   queue: see ``ListenOptions/undecodable``.
    public func decode<Value: Decodable>(_: Value.Type = Value.self) throws(DiscoveryError) -> Value {
        do {
            return try message.decode()
        } catch {
            throw DiscoveryError(.coding, error.message, address: listener.address, cause: Undecodable())
        }
    }

    /// Removes the message for good: it was handled. Returns when that is durable.
    public func finish() async throws(DiscoveryError) { try await settle(as: .finished) }

    /// Lets the message be received again, by whomever.
    ///
    /// - Parameter delay: when, at most 12 hours from now; `nil` for a random time that grows with how often it was received.
    public func retry(after delay: Duration? = nil) async throws(DiscoveryError) {
        if let delay, delay < .zero || delay > .seconds(43_200) {
            throw DiscoveryError(
                .invalid, "A message is retried after 12 hours at most; \(delay) is not. Correct it.", address: listener.address)
        }
        try await settle(as: .returned(after: delay ?? listener.backoff(receiveCount), because: "Its receiver asked for a retry."))
    }

    /// Moves the message to its queue's dead-letter queue. Returns when that is durable.
    ///
    /// - Parameter reason: why, for people who look into that queue.
    /// - Throws: `.unsupported` when the queue has none: the message is not settled then.
    public func deadLetter(_ reason: String) async throws(DiscoveryError) { try await settle(as: .deadLettered(because: reason)) }

    /// Whether nothing was done about it yet.
    var isOpen: Bool { listener.isOpen(ticket) }

    func settle(as settlement: Settlement) async throws(DiscoveryError) { try await listener.settle(ticket, as: settlement) }

    /// What becomes of a delivery.
    enum Settlement: Sendable {
        case finished
        /// Without a reason where nobody is to blame.
        case returned(after: Duration, because: String?)
        case deadLettered(because: String)
    }

    /// Marks the coding error that is the message's fault, and not the handler's.
    struct Undecodable: Error {}
}
