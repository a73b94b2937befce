/// The topics of a backend: publishing, and who hears it. All that the facade asks of them.
///
/// Errors are `DiscoveryError`s without an address, which the facade adds. Every operation waits for the disk or the network.
package protocol TopicBackend: PublishAdapter {
    /// Subscribes somebody until ``unsubscribe(_:)``. Subscribing the same just so again finds the subscription.
    ///
    /// - Returns: the subscription's id.
    /// - Throws: `.notFound`; `.alreadyExists` when it is subscribed with other options; `.invalid`; `.unsupported` for a topic or a queue
    ///   that is none of this backend.
    func subscribe(
        _ subscriber: TopicSubscriber, to topic: Resource, _ options: SubscribeOptions
    ) async throws(DiscoveryError) -> String

    /// Subscribes a listener of this process, with a queue of its own, until ``unsubscribe(_:)`` or the end of the process.
    ///
    /// - Throws: `.notFound`; `.invalid`.
    func listen(to topic: Resource, _ options: SubscribeOptions) async throws(DiscoveryError) -> TopicHearing

    /// Ends a subscription; what waits to be delivered by it is dropped.
    ///
    /// - Throws: `.notFound`.
    func unsubscribe(_ subscription: String) async throws(DiscoveryError)
}

/// Who subscribes to a topic for good.
package enum TopicSubscriber: Sendable, Hashable {
    case queue(Resource)
    /// With its namespace: who delivers may have another default.
    case function(Address)
    case url(String)
}

/// How a listener hears a topic.
package struct TopicHearing: Sendable {
    /// The subscription's id.
    package let subscription: String
    /// Where its messages wait, and who speaks to that.
    package let queue: Resource
    package let adapter: any QueueAdapter

    package init(subscription: String, queue: Resource, adapter: any QueueAdapter) {
        self.subscription = subscription
        self.queue = queue
        self.adapter = adapter
    }
}
