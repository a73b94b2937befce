internal import Foundation
internal import Logging
internal import Messaging
internal import Store
internal import Synchronization

/// Delivers what a home has accepted for later: messages of topics for HTTP endpoints and functions, calls of functions; and runs its move
/// tasks. One process of all that open the home does it at a time; the next takes over when that ends, `kill -9` included.
///
/// Each subscription, and each address that is called, has a queue of its own and is served by a task of its own: an endpoint that is slow or dead delays nobody else.
struct Courier: Sendable {
    let home: EmbeddedBackend
    let caller: Caller
    let reach: Reach
    let telemetry: Telemetry
    let logger: Logger

    static let office = "courier"
    /// Deliveries of one subscription in flight at once.
    private static let width = 10
    /// Deliveries of all subscriptions in flight at once: each takes a connection, in whatever process is the courier.
    private let permits = Permits(128)
    /// Longer than a call takes; what a courier that is gone held is released by the next.
    private static let lease = Duration.seconds(3_600)
    /// The longest an endpoint may ask to be left alone: a queue takes no message aside for half a day.
    private static let longestPause = Duration.seconds(3_600)
    /// How long a courier that is ended waits for what it is delivering.
    private static let grace = Duration.seconds(2)

    private enum Event: Sendable { case rang, moved, ended(Messaging.SubscriptionID) }

    /// Waits until it is this process's turn, and delivers until the task is cancelled; what is in flight then, and does not end within two
    /// seconds, is delivered once more by the next. While nothing is to be delivered nothing is asked of the system.
    ///
    /// - Parameters:
    ///   - untilNothingWaits: to end then.
    ///   - whenDelivering: called once it is this process's turn.
    /// - Throws: `.cancelled`; what keeps the home from being used.
    func run(untilNothingWaits: Bool = false, whenDelivering: @Sendable () async -> Void = {}) async throws(DiscoveryError) {
        var failures = 0
        while true {
            let start = ContinuousClock.now
            do {
                let messaging = try await home.messaging()
                try await messaging.store.home.election(Self.office).hold {
                    logger.debug("this process delivers for the home", metadata: ["discovery.home": .string(home.path)])
                    await whenDelivering()
                    try await messaging.releaseDeliveries()
                    try await messaging.forgetCallers()
                    try await serve(messaging, untilNothingWaits: untilNothingWaits)
                }
                return
            } catch {
                let error = DiscoveryError(wrapping: error)
                if Task.isCancelled { throw DiscoveryError(.cancelled, "The courier's task was cancelled.") }
                if [.homeUnusable, .damaged, .configuration].contains(error.code) { throw error }
                failures = ContinuousClock.now - start > .seconds(60) ? 1 : failures + 1
                await pause(failures, "the courier could not go on, and begins anew", error.message)
            }
        }
    }

    private func pause(_ failures: Int, _ what: Logger.Message, _ reason: String) async {
        logger.warning(what, metadata: ["discovery.home": .string(home.path), "discovery.reason": .string(reason)])
        var generator = SystemRandomNumberGenerator()
        let backoff = Backoff(first: .milliseconds(100), longest: .seconds(10))
        try? await Task.sleep(for: backoff.delay(beforeRetry: failures, using: &generator))
    }

    private func serve(_ messaging: Messaging, untilNothingWaits: Bool) async throws {
        let store = messaging.store.home
        try await withThrowingTaskGroup(of: Event.self) { group in
            var served: Set<Messaging.SubscriptionID> = []
            var isSleeping = false
            var isMoving = false
            var endings = 0
            while true {
                try Task.checkCancellation()
                let rings = store.rings(of: Messaging.courierBell)
                let pending = try await messaging.pendingDeliveries()
                if untilNothingWaits, pending.isEmpty {
                    group.cancelAll()
                    return
                }
                for subscription in pending where served.insert(subscription.id).inserted {
                    group.addTask {
                        await serve(subscription, messaging, patience: untilNothingWaits ? .seconds(1) : .seconds(20))
                        return .ended(subscription.id)
                    }
                }
                if !isMoving, try await !messaging.runningMoves().isEmpty {
                    isMoving = true
                    group.addTask {
                        try await move(messaging)
                        return .moved
                    }
                }
                if !isSleeping {
                    isSleeping = true
                    group.addTask {
                        _ = try await store.sleep(at: Messaging.courierBell, since: rings)
                        return .rang
                    }
                }
                switch try await group.next() {
                case .rang, nil: isSleeping = false
                case .moved: isMoving = false
                case .ended(let id):
                    served.remove(id)
                    endings += 1
                    if endings % 1_000 == 0 { try await messaging.forgetCallers() }
                }
            }
        }
    }

    /// Takes the home's move tasks a step further, each; where their rates allow none, lets a while pass.
    private func move(_ messaging: Messaging) async throws {
        var hasMoved = false
        for task in try await messaging.runningMoves() {
            do {
                let next = try await messaging.stepMove(task.handle)
                if next.moved > task.moved || next.state != .running { hasMoved = true }
            } catch let error as MessagingError where error.code == .resourceNotFound {
                // Its queue was deleted, and the task with it.
                hasMoved = true
            } catch  where !Task.isCancelled {
                // The disk is full, perhaps. Deliveries go on.
                await pause(5, "messages could not be moved, and are tried again", "\(error)")
            }
        }
        if !hasMoved { try await Task.sleep(for: .milliseconds(100)) }
    }

    /// Delivers the messages of one subscription until none has come for so long.
    private func serve(_ subscription: Messaging.Subscription, _ messaging: Messaging, patience: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            await serve(subscription, messaging, patience, in: &group)
        }
    }

    /// How many deliveries have ended that are not collected yet.
    private final class Ended: Sendable {
        let count = Atomic(0)
    }

    private func serve(
        _ subscription: Messaging.Subscription, _ messaging: Messaging, _ patience: Duration, in group: inout TaskGroup<Void>
    ) async {
        let ended = Ended()
        var failures = 0
        var inFlight = 0
        while !Task.isCancelled {
            // One that is slow takes one place of all, and does not hold up those behind it.
            let over = max(inFlight == Self.width ? 1 : 0, ended.count.load(ordering: .relaxed))
            for _ in 0..<over {
                await group.next()
                ended.count.wrappingSubtract(1, ordering: .relaxed)
                inFlight -= 1
            }
            do {
                let received = try await messaging.receive(
                    from: subscription.queue, maximum: Self.width - inFlight, visibility: Self.lease, wait: patience)
                if received.isEmpty, inFlight == 0 { return }
                failures = 0
                guard !received.isEmpty else { continue }
                var current = subscription
                // As it is now: attributes change, and the endpoint may have confirmed. Where that cannot be read, as it was, rather than
                // to hold what was received for an hour.
                do { current = try await messaging.subscription(subscription.id) } catch let error as MessagingError { throw error } catch {
                }
                inFlight += received.count
                for message in received {
                    group.addTask { [current] in
                        await gracefully { await deliver(message, to: current, messaging) }
                        ended.count.wrappingAdd(1, ordering: .relaxed)
                    }
                }
            } catch let error as MessagingError where [.queueDoesNotExist, .subscriptionDoesNotExist].contains(error.code) {
                return
            } catch let error as StoreError where [.closed, .unusable, .damaged].contains(error.code) {
                // The courier itself meets it at its next look.
                return
            } catch {
                if Task.isCancelled { return }
                failures += 1
                await pause(failures, "deliveries could not be taken from the home, and are tried again", "\(error)")
            }
        }
    }

    /// Runs `body`, which is cancelled a while later than its task.
    private func gracefully(_ body: @escaping @Sendable () async -> Void) async {
        let work = Task { await body() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            Task {
                try? await Task.sleep(for: Self.grace)
                work.cancel()
            }
        }
    }

    private func deliver(_ message: Messaging.Received, to subscription: Messaging.Subscription, _ messaging: Messaging) async {
        let outcome = await permits.run { () -> EndpointDelivery.Outcome? in
            try? await attempt(message, to: subscription, now: messaging.store.home.now())
        }
        // Cancelled: it may have arrived. The next courier tries again at once.
        guard let outcome, let outcome else { return }
        // Known is known: not to be lost with a courier that is ended now. And what cannot be noted now is noted when the disk has room
        // again: nobody else has the message for an hour.
        var failures = 0
        while let error = await Task(operation: { await settle(message, outcome, subscription, messaging) }).value, !Task.isCancelled {
            failures += 1
            await pause(failures, "what became of a delivery could not be noted, and is tried again", error.message)
        }
    }

    private func settle(
        _ message: Messaging.Received, _ outcome: EndpointDelivery.Outcome, _ subscription: Messaging.Subscription, _ messaging: Messaging
    ) async -> StoreError? {
        let configuration = subscription.configuration
        do {
            switch outcome {
            case .delivered: _ = try await messaging.finish([message.receipt], in: subscription.queue)
            case .refused(let reason): try await giveUp(message, reason, subscription, messaging)
            case .retry(let reason, let after):
                let policy = configuration.delivery ?? subscription.endpoint.policy
                guard let delay = policy.delay(afterFailures: message.receives) else {
                    try await giveUp(message, reason, subscription, messaging)
                    return nil
                }
                try await messaging.fail(
                    message.receipt, in: subscription.queue, reason: reason, retryAfter: max(delay, min(after ?? .zero, Self.longestPause)))
            }
            return nil
        } catch let error as StoreError where ![.closed, .unusable, .damaged].contains(error.code) {
            return error
        } catch {
            // It is received again when its time is over.
            logger.warning(
                "what became of a delivery could not be noted: it will be tried again",
                metadata: ["discovery.message": .string(message.id.description), "discovery.reason": .string("\(error)")])
            return nil
        }
    }

    private func giveUp(
        _ message: Messaging.Received, _ reason: String, _ subscription: Messaging.Subscription, _ messaging: Messaging
    ) async throws {
        do {
            try await messaging.deadLetter(message.receipt, in: subscription.queue, reason: reason)
        } catch let error as MessagingError where error.code == .noDeadLetterQueue {
            logger.warning(
                "a message could not be delivered and is dropped: its subscription has no dead-letter queue",
                metadata: [
                    "discovery.message": .string(message.id.description), "discovery.subscription": .string(subscription.id.description),
                    "discovery.reason": .string(reason),
                ])
            _ = try await messaging.finish([message.receipt], in: subscription.queue)
        }
    }

    // MARK: One try

    private func attempt(
        _ message: Messaging.Received, to subscription: Messaging.Subscription, now: HomeTime
    ) async throws(CancellationError) -> EndpointDelivery.Outcome {
        let configuration = subscription.configuration
        if case .call = subscription.endpoint {
            guard let call = DeferredCall(message) else { return .refused("The message does not say how its call is to be made.") }
            let result: Result<EndpointDelivery.Outcome, CancellationError> = await Telemetry.withTrace(
                from: QueueText.headers(message.trace)
            ) {
                do throws(CancellationError) {
                    return .success(try await self.call(call.address, call.message(message), call.options, isOwnCall: true))
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        }
        guard let notification = Notification(message, now: now, isRaw: configuration.isRaw) else {
            return .refused("The message does not say which topic it came by.")
        }
        switch subscription.endpoint {
        case .http(let url):
            return try await EndpointDelivery(isRaw: configuration.isRaw, contentType: configuration.delivery?.contentType, reach: reach)
                .deliver(notification, to: url)
        case .function(let name):
            let body = configuration.isRaw ? Message(message) : Message.bytes(notification.event())
            let address: Address
            do throws(DiscoveryError) { address = try Address(parsing: name) } catch { return .refused(error.message) }
            return try await call(address, body, RequestOptions(), isOwnCall: false)
        case .queue, .process, .call: return .refused("A \(subscription.endpoint.protocolName) subscription is not delivered to.")
        }
    }

    /// - Parameter isOwnCall: a function may refuse what it was called with. That of a topic's message is the topic's doing, and may be
    ///   another's when it is tried again.
    private func call(
        _ address: Address, _ body: Message, _ options: RequestOptions, isOwnCall: Bool
    ) async throws(CancellationError) -> EndpointDelivery.Outcome {
        do throws(DiscoveryError) {
            _ = try await telemetry.observe(.request, address) { observation throws(DiscoveryError) in
                try await caller.call(address, body, options, from: .now, &observation)
            }
            return .delivered
        } catch {
            switch error.code {
            case .cancelled where Task.isCancelled: throw CancellationError()
            case .malformedAddress, .wrongKind, .tooLarge, .invalid: return .refused(error.message)
            case .functionFailed where isOwnCall && error.isRefusal: return .refused(error.message)
            default: return .retry(error.message, after: error.retryAfter)
            }
        }
    }
}

extension DiscoveryError {
    /// Whether the function has found something wrong with the call itself.
    fileprivate var isRefusal: Bool {
        (functionError?.status).map { (400..<500).contains($0) && ![408, 425, 429].contains($0) } ?? false
    }
}

extension Messaging.Subscription.Endpoint {
    /// How often is tried where nobody says.
    fileprivate var policy: Messaging.DeliveryPolicy {
        switch self {
        case .function, .call: .functions
        default: Messaging.DeliveryPolicy()
        }
    }
}
