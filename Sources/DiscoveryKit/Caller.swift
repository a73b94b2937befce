internal import NIOHTTP1
internal import Registry

/// Makes calls to functions: the tries, what is between them, and what each says of its target. One try is an adapter's.
struct Caller: Sendable {
    let resolver: Resolver
    let adapters: [any RequestAdapter]
    let interceptor: (any CallInterceptor)?
    let defaults: RequestOptions

    func call(
        _ address: Address, _ message: Message, _ options: RequestOptions, from start: ContinuousClock.Instant,
        _ observation: inout Observation
    ) async throws(DiscoveryError) -> Reply {
        let deadline = CallDeadline(start: start, limit: options.deadline)
        var route = try await resolver.route(address, checkedWithin: .milliseconds(50), at: start, until: deadline)
        let limit = deadline.limit(by: route.rules)
        let call = Call(
            address: address, message: message, limit: limit, deadline: start + limit,
            isIdempotent: options.isIdempotent ?? route.rules.isIdempotent, headers: options.headers(over: defaults))
        route.calls.begin(at: start)
        if let override = route.override, try await override.hold(address, until: call.deadline) {
            route = try await resolver.route(address, until: deadline)
        }
        if let interceptor, route.canned == nil, let reply = try await ask(interceptor, about: call) {
            observation.kind = .function
            return reply
        }
        var failures = Failures()
        while true {
            let failure: DiscoveryError
            let routed = ContinuousClock.now
            if let canned = route.canned {
                let answer = FunctionAnswer(status: canned.status, headers: ["content-type": canned.contentType], body: canned.message.body)
                do throws(DiscoveryError) { return try answer.reply(from: address) } catch { failure = error }
                failures.add(failure, at: nil)
            } else {
                let (target, admission): (Target, TargetHealth.Admission)
                do throws(DiscoveryError) {
                    (target, admission) = try await admitted(call, on: &route, after: failures, until: deadline)
                } catch {
                    throw failures.last(error)
                }
                observation.kind = target.resource.kind
                do throws(DiscoveryError) { return try await attempt(call, at: target, admission, route.rules) } catch { failure = error }
                failures.add(failure, at: target)
            }
            if failure.isOfPlace { route.doubt(since: routed) }
            guard failure.mayBeTriedAgain(isIdempotent: call.isIdempotent), failures.tries < route.rules.attempts else {
                throw failures.last(failure)
            }
            do throws(DiscoveryError) {
                // Resolved again first: it may be somewhere else by now.
                route = try await resolver.route(address, until: deadline)
                guard let pause = pause(route, failure, failures, until: call.deadline), route.calls.mayRetry(at: .now) else {
                    throw failure
                }
                observation.willRetry(after: failure)
                guard pause > .zero else { continue }
                try await Task.sleep(pause, before: address)
                route = try await resolver.route(address, until: deadline)
            } catch {
                throw failures.last(error)
            }
        }
    }

    /// What all tries of one call have in common.
    private struct Call {
        let address: Address
        let message: Message
        let limit: Duration
        let deadline: ContinuousClock.Instant
        let isIdempotent: Bool
        let headers: [String: String]
    }

    /// What the tries of one call came to.
    private struct Failures {
        private(set) var tries = 0
        private(set) var targets: [Target] = []
        private var latest: DiscoveryError?
        /// The first after which the function may have run.
        private var uncertain: DiscoveryError?

        mutating func add(_ failure: DiscoveryError, at target: Target?) {
            tries += 1
            if let target { targets.append(target) }
            latest = failure
            if failure.code != .unreachable && failure.code != .busy, uncertain == nil { uncertain = failure }
        }

        func have(_ target: Target) -> Bool { targets.contains { $0.isSame(as: target) } }

        /// What the caller is told in the end: that nothing ran only if that is true of every try, and what a try met rather than that no
        /// other was made.
        func last(_ failure: DiscoveryError) -> DiscoveryError {
            switch failure.code {
            case .unreachable, .busy, .deadlineExceeded: (uncertain ?? latest ?? failure).after(tries: tries)
            case .notFound: (uncertain ?? failure).after(tries: tries)
            default: failure.after(tries: tries)
            }
        }
    }

    // MARK: A try

    /// A living target, and the right to call it.
    private func admitted(
        _ call: Call, on route: inout Route, after failures: Failures, until deadline: CallDeadline
    ) async throws(DiscoveryError) -> (Target, TargetHealth.Admission) {
        if Task.isCancelled { throw DiscoveryError(.cancelled, "The calling task was cancelled. Nothing was sent.", address: call.address) }
        let now = ContinuousClock.now
        guard now < call.deadline else {
            throw DiscoveryError(.deadlineExceeded, "The deadline passed before the call began. Nothing was sent.", address: call.address)
        }
        for isLast in [false, true] {
            switch route.admit(avoiding: failures.targets, at: now) {
            case .admitted(let target, let admission): return (target, admission)
            case .refused(let target):
                throw DiscoveryError(
                    .unreachable,
                    "\(target.address) was not reached several times in a row, and is left alone until one call finds it well. Nothing was sent; look why it does not answer.",
                    address: target.address)
            case .nobody:
                // All have ended without a change of the registry: what is there besides is asked of the registry itself.
                if !isLast { route = try await resolver.look(up: call.address, until: deadline) }
            }
        }
        throw Resolver.ended(call.address)
    }

    private func attempt(
        _ call: Call, at target: Target, _ admission: TargetHealth.Admission, _ rules: Resilience
    ) async throws(DiscoveryError) -> Reply {
        guard let adapter = adapters.first(where: { $0.accepts(target.resource) }) else {
            target.record(.unknown, of: admission, at: .now)
            throw Discovery.refusal(of: "request", target.resource, target.address)
        }
        var deadline = call.deadline
        // Only who may call twice can give up on the first.
        if call.isIdempotent, let limit = rules.tryDeadline { deadline = min(deadline, .now + limit) }
        var headers = call.headers
        for (name, value) in Telemetry.traceHeaders() where headers[name] == nil { headers[name] = value }
        // A served function answers to its own address only: another process may have got the port of one that ended.
        if target.instance?.isLeased == true { headers[WireHeader.address] = target.address.text }
        do throws(DiscoveryError) {
            let reply = try await adapter.request(
                Request(call.message, to: target.address, deadline: deadline, lowercaseHeaders: headers), from: target.resource)
            target.record(.success, of: admission, at: .now)
            return reply
        } catch {
            target.record(error.outcome, of: admission, at: .now)
            throw error.with(address: call.address)
        }
    }

    /// How long to wait before the next try; nothing when there is another target; `nil` when the deadline comes before.
    private func pause(
        _ route: Route, _ failure: DiscoveryError, _ failures: Failures, until deadline: ContinuousClock.Instant
    ) -> Duration? {
        let now = ContinuousClock.now
        let left = now.duration(to: deadline)
        if let next = route.choose(avoiding: failures.targets, at: now), !failures.have(next) { return left > .zero ? .zero : nil }
        var generator = SystemRandomNumberGenerator()
        let pause = route.rules.backoff.delay(beforeRetry: failures.tries, retryAfter: failure.retryAfter, using: &generator)
        if pause < left { return pause }
        // The server's word counts; the jitter on top of it gives way to the deadline.
        return failure.retryAfter.flatMap { $0 < left ? $0 : nil }
    }

    // MARK: Interceptors

    private func ask(_ interceptor: any CallInterceptor, about call: Call) async throws(DiscoveryError) -> Reply? {
        let namespace = try resolver.name(call.address).namespace
        let request = Request(call.message, to: call.address, deadline: call.deadline, lowercaseHeaders: call.headers)
        let intercepted = InterceptedCall(request: request, namespace: namespace, limit: call.limit, isIdempotent: call.isIdempotent)
        do throws(DiscoveryError) {
            return try await Deadlines.shared.answer(for: call.address, until: call.deadline) {
                try await interceptor.reply(to: intercepted)
            }
        } catch {
            throw error.with(address: call.address)
        }
    }
}

extension DiscoveryError {
    /// Whether a call that failed in this way is tried again: anybody's when the function did not start, and those that may be done twice
    /// when it may have.
    func mayBeTriedAgain(isIdempotent: Bool) -> Bool {
        switch code {
        case .unreachable, .busy: true
        case .outcomeUnknown, .deadlineExceeded: isIdempotent
        case .functionFailed: isIdempotent && [500, 502, 504].contains(functionError?.status)
        default: false
        }
    }

    /// Whether it may be that the target is somewhere else by now.
    var isOfPlace: Bool { code == .unreachable || code == .outcomeUnknown }

    /// What a failed try says of its target. Only what shows that the target is not there refuses calls to it; a function that fails, is busy,
    /// or is too slow for one caller's deadline, may do well for another.
    var outcome: TargetHealth.Outcome {
        switch code {
        // Nobody serves its name, says the registry, which is asked each time: who serves it next is to be called at once.
        case .unreachable where (cause as? DiscoveryError)?.code == .notFound: .unknown
        case .unreachable: functionError == nil ? .lost : .functionFailed
        case .outcomeUnknown: .lost
        case .deadlineExceeded: .functionFailed
        case .functionFailed: (functionError?.status ?? 500) >= 500 ? .functionFailed : .success
        // The caller's own doing, or its own trouble.
        case .cancelled, .invalid, .busy: .unknown
        default: .success
        }
    }
}
