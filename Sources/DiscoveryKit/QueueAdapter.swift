/// Speaks to one kind of queue for `queue` and `listen`. A new adapter is one type in one file, listed in the configuration.
///
/// An adapter does once what it is asked. Retries, leases that are extended in time, order inside a group, backing off and draining are the
/// facade's, which calls from many tasks at once and goes by the code of what the adapter throws:
///
/// | code | what happened | then |
/// |---|---|---|
/// | `.unreachable`, `.busy` | it is certain that nothing was done | it is tried again, after the error's `retryAfter` |
/// | `.outcomeUnknown`, `.deadlineExceeded` | it may have been done | a send is not tried again, everything else is |
/// | `.leaseLost` | the receipt is not the message's last one any more, or its time is over | the message is somebody else's |
/// | `.cancelled` | the task was cancelled; nothing was taken or done | the end |
/// | others | the operation is wrong: `.notFound`, `.invalid`, `.tooLarge`, `.full` | the caller is told |
public protocol QueueAdapter: Sendable {
    /// Whether this adapter can speak to `resource`; the first that can is used. Waits for nothing.
    func accepts(_ resource: Resource) -> Bool

    /// Puts messages into a queue, in their order, and returns when those that were accepted are durable. However many they are: an adapter
    /// whose backend takes a few at a time divides them.
    ///
    /// - Returns: for each message, in order, its id or why it was not accepted.
    /// - Throws: what happened to all of them alike.
    func send(_ messages: [OutgoingMessage], to queue: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>]

    /// Takes messages from a queue; while there is none, waits for the first.
    ///
    /// When the task is cancelled it ends soon: what it has taken by then is returned, or given back, never lost.
    ///
    /// - Parameters:
    ///   - maximum: how many at most, from 1; fewer may be taken at a time.
    ///   - visibility: for how long nobody else is given them.
    ///   - waiting: how long to wait for the first; zero to look only.
    /// - Returns: the messages, in the queue's order; none when none came in time.
    func receive(
        _ maximum: Int, from queue: Resource, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> [QueuedMessage]

    /// Removes a message for good. Returns when that is durable.
    func finish(_ receipt: Receipt, of queue: Resource) async throws(DiscoveryError)

    /// Makes a message stay with its receiver for `visibility` from now on.
    func extend(_ receipt: Receipt, of queue: Resource, to visibility: Duration) async throws(DiscoveryError)

    /// Lets a message be received again after `delay`, by whomever.
    ///
    /// - Parameter reason: why, for people who look into the queue, where it has a place for that; `nil` for one that nobody began to handle.
    func giveBack(_ receipt: Receipt, of queue: Resource, after delay: Duration, because reason: String?) async throws(DiscoveryError)

    /// Moves a message to the queue's dead-letter queue. Returns when that is durable.
    ///
    /// - Returns: false when the queue has none: then nothing was done.
    func deadLetter(_ receipt: Receipt, of queue: Resource, because reason: String) async throws(DiscoveryError) -> Bool
}

/// Holds an application's adapter to deadlines.
struct BoundedQueueAdapter: QueueAdapter {
    let adapter: any QueueAdapter
    /// For everything but the waiting for messages.
    let limit: Duration

    func accepts(_ resource: Resource) -> Bool { adapter.accepts(resource) }

    func send(_ messages: [OutgoingMessage], to queue: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        try await bounded(queue) { try await adapter.send(messages, to: queue) }
    }

    func receive(
        _ maximum: Int, from queue: Resource, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> [QueuedMessage] {
        try await bounded(queue, after: waiting) {
            try await adapter.receive(maximum, from: queue, visibility: visibility, waiting: waiting)
        }
    }

    func finish(_ receipt: Receipt, of queue: Resource) async throws(DiscoveryError) {
        try await bounded(queue) { try await adapter.finish(receipt, of: queue) }
    }

    func extend(_ receipt: Receipt, of queue: Resource, to visibility: Duration) async throws(DiscoveryError) {
        try await bounded(queue) { try await adapter.extend(receipt, of: queue, to: visibility) }
    }

    func giveBack(_ receipt: Receipt, of queue: Resource, after delay: Duration, because reason: String?) async throws(DiscoveryError) {
        try await bounded(queue) { try await adapter.giveBack(receipt, of: queue, after: delay, because: reason) }
    }

    func deadLetter(_ receipt: Receipt, of queue: Resource, because reason: String) async throws(DiscoveryError) -> Bool {
        try await bounded(queue) { try await adapter.deadLetter(receipt, of: queue, because: reason) }
    }

    private func bounded<Value: Sendable>(
        _ queue: Resource, after waiting: Duration = .zero, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws(DiscoveryError) -> Value {
        do {
            return try await Deadlines.shared.run(until: .now + waiting + limit, operation)
        } catch is Deadlines.Passed {
            throw DiscoveryError(
                .deadlineExceeded,
                "The queue \(Resource.shown(queue.location)) did not answer within \(limit). Look why it is slow.")
        } catch {
            throw DiscoveryError(wrapping: error)
        }
    }
}
