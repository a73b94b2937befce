/// Puts messages into queues, or publishes them: the tries, and what is between them. One try is an adapter's.
struct Sender: Sendable {
    let resolver: Resolver
    let isStrictFIFO: Bool
    /// Where an address leads, avoiding targets that have failed.
    let outlet: @Sendable (Route, Address, [Target]) throws(DiscoveryError) -> (Outlet, Target)

    /// - Returns: for each message its id, or why it was not accepted.
    /// - Throws: what happened to all of them alike.
    func send(
        _ messages: [Message], to address: Address, _ options: SendOptions, from start: ContinuousClock.Instant,
        _ observation: inout Observation
    ) async throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
        try options.check(address)
        let limit = CallDeadline(start: start)
        var route = try await resolver.route(address, checkedWithin: .milliseconds(50), at: start, until: limit)
        let deadline = limit.instant(by: route.rules)
        route.calls.begin(at: start)
        if let override = route.override, try await override.hold(address, until: deadline) {
            route = try await resolver.route(address, until: limit)
        }
        var batch = Batch(messages, options, isStrict: isStrictFIFO)
        var failed: [Target] = []
        while true {
            let failure: DiscoveryError
            do throws(DiscoveryError) {
                let (place, target) = try outlet(route, address, failed)
                observation.kind = place.resource.kind
                failed.append(target)
                let outgoing = try batch.outgoing(to: place)
                if Task.isCancelled { throw DiscoveryError(.cancelled, "The calling task was cancelled. Nothing was sent.") }
                let results = try await place.send(outgoing)
                guard let again = try batch.take(results, at: place) else { return batch.results }
                failure = again
            } catch {
                // Some may have been accepted by an earlier try: those callers are told so.
                guard error.isNotSent, failed.count < route.rules.attempts else {
                    return try batch.failed(with: error.with(address: address).after(tries: failed.count))
                }
                failure = error
            }
            guard failed.count < route.rules.attempts else {
                return try batch.failed(with: failure.with(address: address).after(tries: failed.count))
            }
            do throws(DiscoveryError) {
                try await pause(address, route, failure, tries: failed.count, until: deadline)
                route = try await resolver.route(address, until: limit)
            } catch {
                let isOver = error.code == .deadlineExceeded
                return try batch.failed(with: (isOver ? failure : error).with(address: address).after(tries: failed.count))
            }
            observation.willRetry(after: failure)
        }
    }

    /// Waits before the next try.
    ///
    /// - Throws: `.deadlineExceeded` when there is none: no time or no retry is left.
    private func pause(
        _ address: Address, _ route: Route, _ failure: DiscoveryError, tries: Int, until deadline: ContinuousClock.Instant
    ) async throws(DiscoveryError) {
        var generator = SystemRandomNumberGenerator()
        let pause = route.rules.backoff.delay(beforeRetry: tries, retryAfter: failure.retryAfter, using: &generator)
        guard pause < ContinuousClock.now.duration(to: deadline), route.calls.mayRetry(at: .now) else {
            throw DiscoveryError(.deadlineExceeded, "No time is left for another try.")
        }
        try await Task.sleep(pause, before: address)
    }

    /// The messages of one call, and what became of each.
    private struct Batch {
        private let messages: [Message]
        private let options: SendOptions
        private let isStrict: Bool
        private let trace = Telemetry.traceHeaders()
        /// The same for all tries, so that a queue that had a message already knows it again.
        private var fresh: [String] = []
        private var outcomes: [Result<MessageID, DiscoveryError>?]
        private var open: [Int]

        init(_ messages: [Message], _ options: SendOptions, isStrict: Bool) {
            self.messages = messages
            self.options = options
            self.isStrict = isStrict
            outcomes = Array(repeating: nil, count: messages.count)
            open = Array(messages.indices)
        }

        var results: [Result<MessageID, DiscoveryError>] { outcomes.compactMap { $0 } }

        /// What is still to be sent, in order.
        mutating func outgoing(to place: Outlet) throws(DiscoveryError) -> [OutgoingMessage] {
            try options.check(place.resource.kind, place.address)
            var outgoing = open.map { index in
                OutgoingMessage(
                    messages[index], delay: options.delay, deliverAt: options.deliverAt, group: options.group,
                    deduplication: options.deduplication, subject: options.subject, trace: trace)
            }
            guard place.resource.isFIFO else { return outgoing }
            if options.group == nil, isStrict {
                throw DiscoveryError(
                    .invalid,
                    "\(place.address) is a FIFO \(place.resource.kind), and the message has no group. Give it one in `SendOptions.group`.",
                    address: place.address)
            }
            if fresh.isEmpty, options.deduplication == nil, !isStrict {
                fresh = messages.map { _ in String(UInt128.random(in: .min ... .max), radix: 36) }
            }
            for (position, index) in open.enumerated() {
                outgoing[position].group = options.group ?? "default"
                if !fresh.isEmpty { outgoing[position].freshDeduplication = fresh[index] }
            }
            return outgoing
        }

        /// Notes the results of a try.
        ///
        /// - Returns: why another is to be made; `nil` when all is said.
        mutating func take(
            _ results: [Result<MessageID, DiscoveryError>], at place: Outlet
        ) throws(DiscoveryError) -> DiscoveryError? {
            guard results.count == open.count else {
                throw DiscoveryError(
                    .outcomeUnknown,
                    "The adapter for \(place.address) was given \(open.count) messages and told of \(results.count): what became of which is unknown. Correct the adapter.",
                    address: place.address)
            }
            var again: DiscoveryError?
            var left: [Int] = []
            for (index, result) in zip(open, results) {
                // Behind one that was accepted, an earlier one of a FIFO queue would be out of order.
                if case .failure(let error) = result, error.isNotSent, !place.resource.isFIFO {
                    again = error
                    left.append(index)
                }
                outcomes[index] = result.mapError { $0.with(address: place.address) }
            }
            open = left
            return again
        }

        /// What callers are told when no other try is made.
        ///
        /// - Throws: the error, when it is that of all.
        mutating func failed(with error: DiscoveryError) throws(DiscoveryError) -> [Result<MessageID, DiscoveryError>] {
            guard open.count < messages.count else { throw error }
            for index in open { outcomes[index] = .failure(error) }
            return results
        }
    }
}

extension DiscoveryError {
    /// Whether it is certain that nothing was accepted, and another try may do better.
    var isNotSent: Bool { code == .unreachable || code == .busy }
}

extension Resource {
    /// Whether it is a queue or a topic that keeps the order inside groups.
    var isFIFO: Bool { (kind == .queue || kind == .topic) && location.hasSuffix(".fifo") }
}
