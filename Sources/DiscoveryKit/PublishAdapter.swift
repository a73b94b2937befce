/// Speaks to one kind of topic for `publish`. A new adapter is one type in one file, listed in the configuration.
///
/// An adapter does once what it is asked; retries are the facade's, which calls from many tasks at once and goes by the codes that
/// ``QueueAdapter`` lists.
public protocol PublishAdapter: Sendable {
    /// Whether this adapter can speak to `resource`; the first that can is used. Waits for nothing.
    func accepts(_ resource: Resource) -> Bool

    /// Publishes messages, in their order, and returns when those that were accepted are durable for all who get them: each for all or for
    /// none. However many they are: an adapter whose backend takes a few at a time divides them.
    ///
    /// - Returns: for each message, in order, its id or why it was not accepted.
    /// - Throws: what happened to all of them alike.
    func publish(_ messages: [OutgoingMessage], to topic: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>]
}
