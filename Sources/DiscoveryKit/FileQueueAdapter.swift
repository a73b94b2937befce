internal import Foundation
internal import Messaging
internal import Store

/// The queues of a home: durable, shared by the processes of this machine, with no server.
struct FileQueueAdapter: QueueAdapter {
    let home: EmbeddedBackend
    /// Of other homes, those that the configuration allows.
    let homes: Set<String>
    let resolver: Resolver

    /// The adapter of an embedded client; none for others.
    static func built(for names: any NameService, _ resolver: Resolver, _ homes: [String]) -> FileQueueAdapter? {
        (names as? EmbeddedBackend).map { FileQueueAdapter(home: $0, homes: Set(homes), resolver: resolver) }
    }

    func accepts(_ resource: Resource) -> Bool {
        resource.kind == .queue && LocalQueue(resource.location) != nil
    }

    func send(_ messages: [OutgoingMessage], to queue: Resource) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        let (home, name) = try place(queue)
        return try await home.runMessaging { messaging in
            let usesFresh = try await messages.useFresh { try await messaging.queue(name).configuration.contentBasedDeduplication }
            let results = try await messaging.send(
                messages.map { $0.outgoing(usesFresh: usesFresh, now: messaging.store.home.now()) }, to: name)
            return results.map { $0.map { MessageID($0.id.description) }.mapError { DiscoveryError($0) } }
        }
    }

    func receive(
        _ maximum: Int, from queue: Resource, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> [QueuedMessage] {
        let (home, name) = try place(queue)
        return try await home.runMessaging { messaging in
            let received = try await messaging.receive(from: name, maximum: maximum, visibility: visibility, wait: waiting)
            let now = messaging.store.home.now()
            return received.map { QueuedMessage($0, isOrdered: Messaging.isFIFO(queue: name), now: now) }
        }
    }

    func finish(_ receipt: Receipt, of queue: Resource) async throws(DiscoveryError) {
        try await settle(receipt, queue) { messaging, receipt, name in
            guard case .gone = try await messaging.finish([receipt], in: name).first?.get() else { return }
            throw Self.leaseLost
        }
    }

    func extend(_ receipt: Receipt, of queue: Resource, to visibility: Duration) async throws(DiscoveryError) {
        try await settle(receipt, queue) { messaging, receipt, name in
            _ = try await messaging.changeVisibility([.init(receipt, visibility)], in: name).first?.get()
        }
    }

    func giveBack(_ receipt: Receipt, of queue: Resource, after delay: Duration, because reason: String?) async throws(DiscoveryError) {
        try await settle(receipt, queue) { messaging, receipt, name in
            if let reason {
                try await messaging.fail(receipt, in: name, reason: reason, retryAfter: delay)
            } else {
                _ = try await messaging.changeVisibility([.init(receipt, delay)], in: name).first?.get()
            }
        }
    }

    func deadLetter(_ receipt: Receipt, of queue: Resource, because reason: String) async throws(DiscoveryError) -> Bool {
        try await settle(receipt, queue) { messaging, receipt, name in
            do {
                try await messaging.deadLetter(receipt, in: name, reason: reason)
                return true
            } catch let error as MessagingError where error.code == .noDeadLetterQueue {
                return false
            }
        }
    }

    private func settle<Value>(
        _ receipt: Receipt, _ queue: Resource, _ operation: (Messaging, Messaging.Receipt, String) async throws -> Value
    ) async throws(DiscoveryError) -> Value {
        let (home, name) = try place(queue)
        return try await home.runMessaging { messaging in
            try await operation(messaging, try Messaging.Receipt(parsing: receipt.text), name)
        }
    }

    private func place(_ queue: Resource) throws(DiscoveryError) -> (home: EmbeddedBackend, name: String) {
        guard let local = LocalQueue(queue.location) else {
            throw DiscoveryError(.unsupported, "`\(Resource.shown(queue.location))` is no queue of a home.")
        }
        guard let path = local.home, path != Self.absolute(home.path) else { return (home, local.name) }
        guard homes.contains(path) || resolver.hasLed(to: path) else {
            throw DiscoveryError(
                .unsupported,
                "The queue is in the home \(path.excerpt(reach: 200)), which this client may not open. Add it to the configuration's `homes`."
            )
        }
        return (try resolver.home(path), local.name)
    }

    private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

    private static let leaseLost = DiscoveryError(
        .leaseLost,
        "The lease of the message was lost: it was finished, or received by somebody else, before. Handle it so that twice does no harm.")
}

extension [OutgoingMessage] {
    /// Whether those without a deduplication id are to have the fresh one. Whether they go by the content is asked only where it matters.
    func useFresh(unless goesByContent: () async throws -> Bool) async throws -> Bool {
        guard contains(where: { $0.deduplication == nil && $0.freshDeduplication != nil }) else { return false }
        return try await !goesByContent()
    }
}

extension OutgoingMessage {
    /// The body as text, and the attributes with word of how it became that.
    var text: (body: [UInt8], attributes: [String: Messaging.Attribute]) {
        let (body, encoding) = QueueText.encode(message.body)
        var attributes = message.attributes.mapValues(\.engine)
        if let encoding { attributes[QueueText.attribute] = .init(.string(encoding)) }
        return (body, attributes)
    }

    fileprivate func outgoing(usesFresh: Bool, now: HomeTime) -> Messaging.Outgoing {
        let (body, attributes) = text
        var outgoing = Messaging.Outgoing(
            body, attributes: attributes, delay: delay, group: group,
            deduplication: deduplication ?? (usesFresh ? freshDeduplication : nil))
        // The home's clock never falls; the wall clock says how far from now.
        if let deliverAt {
            let left = deliverAt.timeIntervalSinceNow
            outgoing.deliverAt = now + (left > 0 ? .seconds(min(left, 36_525 * 86_400)) : .zero)
        }
        // What SQS does not take as a delay, a home takes as a time.
        if let delay, delay > .seconds(900), outgoing.deliverAt == nil {
            outgoing.delay = nil
            outgoing.deliverAt = now + min(delay, .seconds(36_525 * 86_400))
        }
        outgoing.trace = QueueText.trace(trace)
        return outgoing
    }
}

extension QueuedMessage {
    /// What came by a topic to a queue that does not take it raw comes in SNS's envelope, which only now is made.
    fileprivate init(_ received: Messaging.Received, isOrdered: Bool, now: HomeTime) {
        let notification = Notification(received, now: now)
        let message = notification.map { Message.bytes($0.envelope()) } ?? Message(received)
        self.init(
            id: MessageID(received.id.description), message: message, receipt: Receipt(received.receipt.description),
            receiveCount: received.receives, group: received.group, isOrdered: isOrdered, trace: QueueText.headers(received.trace))
    }
}

extension Message.Attribute {
    var engine: Messaging.Attribute {
        switch self {
        case .string(let text): .init(.string(text))
        case .number(let text): .init(.number(text))
        case .binary(let bytes): .init(.binary(bytes))
        }
    }

    init(_ attribute: Messaging.Attribute) {
        self =
            switch attribute.value {
            case .string(let text): .string(text)
            case .number(let text): .number(text)
            case .binary(let bytes): .binary(bytes)
            }
    }
}
