internal import Logging
internal import Registry
internal import Synchronization

extension Listener {
    /// How long a receiver waits for a message before it asks anew: SQS's limit.
    static let longestPoll = Duration.seconds(20)

    func perform(_ action: ListenMachine.Action, _ handler: Handler?) async {
        switch action {
        case .receive(let maximum): await receive(maximum)
        case .endReceive: state.withLock { $0.poll }?.cancel()
        case .start(let ticket):
            guard let handler, let letter = state.withLock({ $0.letters[ticket] }) else { return }
            await handle(Delivery(letter.message, ticket, self), handler)
            change { $0.handled(of: limit) }
        case .extend(let ticket, let visibility): await extend(ticket, to: visibility)
        case .giveBack(let ticket): await giveBack(ticket)
        }
    }

    private func receive(_ maximum: Int) async {
        do throws(DiscoveryError) {
            let route = try await queues.resolver.route(address, checkedWithin: .seconds(1), at: .now)
            guard route.targets.count < 2 else { throw several(route.targets) }
            let (place, _) = try queues.place(on: route, of: address)
            if route.override == nil { watch(place) }
            let visibility = visibility
            let waiting = longestWait(at: .now)
            // A task of its own, so that it can be ended alone.
            let poll = Task { () async -> Result<[QueuedMessage], DiscoveryError> in
                do throws(DiscoveryError) {
                    return .success(
                        try await place.adapter.receive(
                            maximum, from: place.resource, visibility: visibility, waiting: waiting))
                } catch {
                    return .failure(error)
                }
            }
            let isEnding = state.withLock { state in
                state.poll = poll
                return state.machine.isReceiveEnding
            }
            if isEnding { poll.cancel() }
            let messages = try await poll.value.get()
            arrived(messages, at: place)
        } catch {
            failed(error.with(address: address))
        }
    }

    /// How long to wait for a message this time.
    private func longestWait(at now: ContinuousClock.Instant) -> Duration {
        guard let patience else { return Self.longestPoll }
        return state.withLock { state in
            let since = state.quietSince ?? now
            state.quietSince = since
            return min(max(patience - since.duration(to: now), .zero), Self.longestPoll)
        }
    }

    private func arrived(_ messages: [QueuedMessage], at place: Queues.Place) {
        change { state in
            state.poll = nil
            if !messages.isEmpty {
                state.quietSince = nil
            } else if let patience, let since = state.quietSince, !state.machine.isReceiveEnding, since.duration(to: .now) >= patience {
                state.machine.stop()
            }
            state.hasReceived = true
            let tickets = state.machine.received(messages.map { $0.isOrdered ? $0.group : nil }, at: .now)
            for (ticket, message) in zip(tickets, messages) { state.letters[ticket] = Letter(message: message, place: place) }
        }
    }

    private func failed(_ error: DiscoveryError) {
        let failures = change { state -> Int in
            state.poll = nil
            // Ended by us, or about to be.
            guard error.code != .cancelled else {
                state.hasReceived = true
                _ = state.machine.received([], at: .now)
                return 0
            }
            var generator = SystemRandomNumberGenerator()
            let failures = state.machine.receiveFailed(at: .now, retryAfter: error.retryAfter, using: &generator)
            guard error.endsListening(hasReceived: state.hasReceived), !state.machine.isStopping else { return failures }
            state.failure = error
            state.machine.stop()
            return 0
        }
        guard failures > 0 else { return }
        // Once in a row: the others are the same again.
        logger.log(
            level: failures == 1 ? .warning : .debug, "receiving failed, and is tried again",
            metadata: [
                "discovery.address": .string(address.text), "discovery.code": .string(error.code.description),
                "discovery.reason": .string(error.message),
            ])
    }

    private func several(_ targets: [Target]) -> DiscoveryError {
        let listed = targets.prefix(5).map(\.address.text).joined(separator: ", ")
        return DiscoveryError(
            .ambiguous, "\(address) means \(targets.count) queues, and one listener listens to one: \(listed). Listen to each of them.",
            address: address)
    }

    // MARK: Re-registration

    /// Has the receiving in flight end when the address is registered anew, so that the next one looks in the new place. An override that
    /// comes or goes is noticed by the next receiving, at the latest after ``longestPoll``.
    private func watch(_ place: Queues.Place) {
        guard let instance = place.instance, let parts = try? place.address.parts(), let namespace = parts.namespace else { return }
        let isWatched = state.withLock { state in
            state.watch.map { $0.place.address == place.address && $0.place.instance?.incarnation == instance.incarnation } ?? false
        }
        guard !isWatched else { return }
        let service = Registry.ServiceName.name(namespace: namespace, service: parts.service)
        let task = Task { [names, weak self] in
            // Without it a change is noticed by the next receiving.
            try? await names.waitUntilReplaced(instance.id, in: service, incarnation: instance.incarnation)
            guard !Task.isCancelled else { return }
            self?.moved()
        }
        let (previous, isOver) = state.withLock { state in
            let previous = state.watch?.task
            state.watch = (place, task)
            return (previous, state.machine.isStopping)
        }
        previous?.cancel()
        if isOver { task.cancel() }
    }

    private func moved() {
        let poll = change { $0.machine.moved() ? $0.poll : nil }
        poll?.cancel()
    }

    // MARK: Leases

    private func extend(_ ticket: Ticket, to visibility: Duration) async {
        guard let letter = state.withLock({ $0.letters[ticket] }) else { return }
        let begun = ContinuousClock.now
        do throws(DiscoveryError) {
            try await uncancelled { () async throws(DiscoveryError) in
                try await letter.place.adapter.extend(letter.message.receipt, of: letter.place.resource, to: visibility)
            }
            change { $0.machine.extended(ticket, since: begun) }
        } catch {
            let isLost = error.code == .leaseLost
            let isNews = change { state -> Bool in
                let isOpen = state.letters[ticket]?.stage == .open
                if isLost, isOpen { state.letters[ticket]?.stage = .lost }
                state.machine.extendFailed(ticket, isLost: isLost, at: .now)
                return isOpen
            }
            guard isNews else { return }
            warn(isLost ? "a message's lease was lost" : "extending a message's lease failed", letter.message.id, error)
        }
    }

    private func giveBack(_ ticket: Ticket) async {
        guard let letter = state.withLock({ $0.letters[ticket] }) else { return }
        do throws(DiscoveryError) {
            try await uncancelled { () async throws(DiscoveryError) in
                try await letter.place.adapter.giveBack(
                    letter.message.receipt, of: letter.place.resource, after: .zero, because: nil)
            }
        } catch {
            // It comes again when its lease is over.
            warn("a message could not be given back", letter.message.id, error)
        }
        change { state in
            state.letters[ticket] = nil
            state.machine.settled(ticket, returns: true)
        }
    }

    /// Warns of what became of a message.
    func warn(_ what: Logger.Message, _ message: MessageID, _ error: DiscoveryError? = nil) {
        var metadata: Logger.Metadata = [
            "discovery.address": .string(address.text), "discovery.message": .string(message.description),
        ]
        if let error { metadata["discovery.reason"] = .string(error.message) }
        logger.warning(what, metadata: metadata)
    }
}

extension Listener.State {
    /// A handler has dealt with a message: there is room for another, if more are to be handed over.
    fileprivate mutating func handled(of limit: Int?) {
        guard let limit else { return machine.addSlots(1) }
        handled += 1
        if handled == limit {
            machine.stop()
        } else if granted < limit {
            granted += 1
            machine.addSlots(1)
        }
    }
}

/// Does `operation`, and once more out of reach of the caller's cancellation if that ended it: what cleans up is done, and waited for.
func uncancelled<Value: Sendable>(
    _ operation: @escaping @Sendable () async throws(DiscoveryError) -> Value
) async throws(DiscoveryError) -> Value {
    do throws(DiscoveryError) { return try await operation() } catch {
        guard error.code == .cancelled, Task.isCancelled else { throw error }
        let result = await Task { () async -> Result<Value, DiscoveryError> in
            do throws(DiscoveryError) { return .success(try await operation()) } catch { return .failure(error) }
        }.value
        return try result.get()
    }
}

extension DiscoveryError {
    /// Whether a listener that could not receive gives up. What never worked is a mistake that somebody should hear of; what did may come
    /// back, as when a queue is moved.
    func endsListening(hasReceived: Bool) -> Bool {
        switch code {
        case .homeUnusable, .damaged, .configuration, .malformedAddress, .coding: true
        case .notFound, .ambiguous, .wrongKind, .unsupported, .invalid: !hasReceived
        default: false
        }
    }
}
