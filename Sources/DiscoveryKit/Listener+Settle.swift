internal import Logging
internal import Synchronization

extension Listener {
    // MARK: Handlers

    /// Runs a handler for a delivery, as part of the sender's trace, and settles by how it ended.
    func handle(_ delivery: Delivery, _ handler: Handler) async {
        let failure: DiscoveryError? = await Telemetry.withTrace(from: delivery.trace) {
            do throws(DiscoveryError) {
                try await telemetry.observe(.deliver, address) { observation throws(DiscoveryError) in
                    observation.kind = .queue
                    do { try await handler(delivery) } catch { throw Self.wrapped(error) }
                }
                return nil
            } catch {
                return error
            }
        }
        guard delivery.isOpen else { return }
        let settlement = settlement(of: delivery, after: failure)
        await conclude(delivery, settlement)
    }

    private static func wrapped(_ error: any Error) -> DiscoveryError {
        (error as? DiscoveryError) ?? DiscoveryError(.functionFailed, String(describing: error), cause: error)
    }

    private func settlement(of delivery: Delivery, after failure: DiscoveryError?) -> Delivery.Settlement {
        guard let failure else { return .finished }
        // Ended by us: no fault of the message.
        if Task.isCancelled { return .returned(after: .zero, because: nil) }
        let reason = "\(failure.code): \(failure.message)".excerpt(reach: 1_000)
        if failure.cause is Delivery.Undecodable, undecodable == .deadLetter { return .deadLettered(because: reason) }
        return .returned(after: backoff(delivery.receiveCount), because: reason)
    }

    /// Settles, several times if need be: what was handled and not finished would be handled again.
    private func conclude(_ delivery: Delivery, _ first: Delivery.Settlement) async {
        var settlement = first
        let pauses = Backoff(first: .milliseconds(50), longest: .seconds(2))
        for attempt in 1... {
            do throws(DiscoveryError) {
                return try await delivery.settle(as: settlement)
            } catch {
                if case .deadLettered(let reason) = settlement, error.code == .unsupported {
                    settlement = .returned(after: backoff(delivery.receiveCount), because: reason)
                    continue
                }
                var generator = SystemRandomNumberGenerator()
                let pause = pauses.delay(beforeRetry: attempt, retryAfter: error.retryAfter, using: &generator)
                let mayHelp = [.unreachable, .busy, .outcomeUnknown, .deadlineExceeded].contains(error.code)
                guard mayHelp, attempt < 6, delivery.isOpen, (try? await Task.sleep(for: pause)) != nil else {
                    return warn("a message could not be settled, and comes again", delivery.id, error)
                }
            }
        }
    }

    // MARK: Settling

    func isOpen(_ ticket: Ticket) -> Bool { state.withLock { $0.letters[ticket]?.stage == .open } }

    func settle(_ ticket: Ticket, as settlement: Delivery.Settlement) async throws(DiscoveryError) {
        let letter = try begin(ticket)
        let outcome: Result<Void, DiscoveryError>
        do throws(DiscoveryError) {
            try await uncancelled { () async throws(DiscoveryError) in try await self.perform(settlement, on: letter) }
            outcome = .success(())
        } catch {
            outcome = .failure(error.with(address: address))
        }
        change { state in
            switch outcome {
            case .success:
                state.letters[ticket]?.stage = .settled
                state.machine.settled(ticket, returns: settlement.returns)
            case .failure(.leaseLost):
                state.letters[ticket]?.stage = .lost
                state.machine.settled(ticket, returns: true)
            case .failure:
                state.letters[ticket]?.stage = .open
                state.machine.keep(ticket, at: .now)
            }
        }
        telemetry.settled(settlement, outcome)
        try outcome.get()
    }

    private func begin(_ ticket: Ticket) throws(DiscoveryError) -> Letter {
        let (letter, stage) = state.withLock { state -> (Letter?, Letter.Stage) in
            guard let letter = state.letters[ticket] else { return (nil, .settled) }
            if letter.stage == .open {
                state.letters[ticket]?.stage = .settling
                state.machine.beginSettling(ticket)
            }
            return (letter, letter.stage)
        }
        if let letter, stage == .open { return letter }
        if stage == .lost {
            // Handed over again already, perhaps: no more to be done here.
            change { $0.machine.settled(ticket, returns: true) }
            throw DiscoveryError(
                .leaseLost,
                "The lease of a message from \(address) was lost: somebody else may have the message by now. Handle it so that twice does no harm.",
                address: address)
        }
        throw DiscoveryError(.invalid, "The delivery was settled before. Settle each once.", address: address)
    }

    private func perform(_ settlement: Delivery.Settlement, on letter: Letter) async throws(DiscoveryError) {
        let (adapter, queue, receipt) = (letter.place.adapter, letter.place.resource, letter.message.receipt)
        switch settlement {
        case .finished: try await adapter.finish(receipt, of: queue)
        case .returned(let delay, let reason): try await adapter.giveBack(receipt, of: queue, after: delay, because: reason)
        case .deadLettered(let reason):
            guard try await adapter.deadLetter(receipt, of: queue, because: reason) else {
                throw DiscoveryError(
                    .unsupported,
                    "The queue \(address) has no dead-letter queue. Give it one, or have the message retried.", address: address)
            }
        }
    }

    /// A delivery is referenced no more.
    func dropped(_ ticket: Ticket) {
        let letter = change { state -> Letter? in
            guard let letter = state.letters[ticket] else { return nil }
            if letter.stage == .open {
                state.machine.drop(ticket)
                return letter
            }
            state.letters[ticket] = nil
            state.machine.settled(ticket, returns: true)
            return nil
        }
        guard let letter else { return }
        warn("a delivery was dropped unsettled, and is given back", letter.message.id)
    }
}

extension Delivery.Settlement {
    /// Whether the message comes again.
    var returns: Bool { if case .returned = self { true } else { false } }

    var outcome: String {
        switch self {
        case .finished: "finished"
        case .returned: "retried"
        case .deadLettered: "deadLettered"
        }
    }
}
