internal import ServiceLifecycle
internal import Synchronization

/// The messages of a queue as they come, each to be settled.
///
/// ```swift
/// for try await delivery in Discovery.listen("ais.scheduler->jobs") {
///     try await work(on: delivery.decode())
///     try await delivery.finish()
/// }
/// ```
///
/// Each iterator is a listener of its own. It ends on graceful shutdown, when its task is cancelled (by throwing `.cancelled`), and when it is
/// dropped; deliveries that are still referenced stay leased until they are settled or dropped.
public struct Deliveries: AsyncSequence, Sendable {
    /// One handing-over of a message.
    public typealias Element = Delivery
    /// What no other try could mend: see ``Discovery/listen(_:options:)``.
    public typealias Failure = DiscoveryError

    private let start: @Sendable () throws(DiscoveryError) -> Listener

    init(_ start: @escaping @Sendable () throws(DiscoveryError) -> Listener) { self.start = start }

    /// Makes a listener, which begins with the first `next()`.
    public func makeAsyncIterator() -> Iterator { Iterator(Listening(start)) }

    /// Hands over one message after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private let listening: Listening

        fileprivate init(_ listening: Listening) { self.listening = listening }

        /// The next message; waits for one. `nil` after a graceful shutdown.
        public mutating func next() async throws(DiscoveryError) -> Delivery? { try await listening.next() }

        /// The next message; waits for one. `nil` after a graceful shutdown.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(DiscoveryError) -> Delivery? {
            try await listening.next()
        }
    }
}

/// A listener that runs from the first `next()` until its iterator is dropped.
private final class Listening: Sendable {
    private let start: @Sendable () throws(DiscoveryError) -> Listener
    private let listener = Mutex<Listener?>(nil)

    init(_ start: @escaping @Sendable () throws(DiscoveryError) -> Listener) { self.start = start }

    deinit { listener.withLock { $0 }?.stop() }

    func next() async throws(DiscoveryError) -> Delivery? {
        let listener = try begun()
        let result: Result<Delivery?, DiscoveryError> = await withGracefulShutdownHandler {
            do throws(DiscoveryError) { return .success(try await listener.next()) } catch { return .failure(error) }
        } onGracefulShutdown: {
            listener.stop()
        }
        return try result.get()
    }

    private func begun() throws(DiscoveryError) -> Listener {
        try listener.withLock { listener throws(DiscoveryError) in
            if let listener { return listener }
            let begun = try start()
            listener = begun
            // It ends by itself: stopped by this or a shutdown, and once every delivery is settled or dropped.
            Task { try? await begun.run(nil) }
            return begun
        }
    }
}
