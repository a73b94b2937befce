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
        var (route, target) = try await resolver.target(address, checkingHome: true)
        observation.kind = target.resource.kind
        let rules = route.resilience
        // Neither endless, as nobody would notice, nor beyond what timers can count.
        let limit = min(options.deadline ?? rules.deadline, RequestOptions.longestDeadline)
        let call = Call(
            address: address, message: message, limit: limit, deadline: start + limit,
            isIdempotent: options.isIdempotent ?? rules.isIdempotent, headers: options.headers(over: defaults))
        route.calls.begin(at: start)
        if let reply = try await apply(route.override, to: call) { return reply }
        if let interceptor, let reply = try await ask(interceptor, about: call) { return reply }
        var tried: [Target] = []
        while true {
            let failure: DiscoveryError
            do throws(DiscoveryError) {
                return try await attempt(call, at: target, rules)
            } catch {
                failure = error
            }
            tried.append(target)
            let now = ContinuousClock.now
            guard failure.mayBeTriedAgain(isIdempotent: call.isIdempotent), now < call.deadline, tried.count < rules.attempts,
                route.calls.mayRetry(at: now)
            else { throw failure.after(tries: tried.count) }
            observation.willRetry(after: failure)
            // Resolved again first: it may be somewhere else by now.
            (route, target) = try await resolver.target(address, avoiding: tried)
            guard tried.contains(where: { $0.isSame(as: target) }) else { continue }
            var generator = SystemRandomNumberGenerator()
            let pause = rules.backoff.delay(beforeRetry: tried.count, retryAfter: failure.retryAfter, using: &generator)
            let left = ContinuousClock.now.duration(to: call.deadline)
            // The server's word counts; the jitter on top of it gives way to the deadline.
            guard failure.retryAfter ?? pause < left else { throw failure.after(tries: tried.count) }
            try await sleep(min(pause, left), address)
            guard ContinuousClock.now < call.deadline else { throw failure.after(tries: tried.count) }
            (route, target) = try await resolver.target(address, avoiding: [target])
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

    private func attempt(_ call: Call, at target: Target, _ rules: Resilience) async throws(DiscoveryError) -> Reply {
        guard let adapter = adapters.first(where: { $0.accepts(target.resource) }) else {
            throw Discovery.refusal(of: "request", target.resource, target.address)
        }
        let now = ContinuousClock.now
        let admission = try admit(to: target, at: now)
        var deadline = call.deadline
        // Only who may call twice can give up on the first.
        if call.isIdempotent, let limit = rules.tryDeadline { deadline = min(deadline, now + limit) }
        var headers = call.headers
        for (name, value) in Telemetry.traceHeaders() where headers[name] == nil { headers[name] = value }
        // A served function answers to its own address only: another process may have got the port of one that ended.
        if target.instance?.lease != nil { headers[WireHeader.address] = target.address.text }
        do throws(DiscoveryError) {
            let reply = try await adapter.request(
                Request(call.message, to: target.address, deadline: deadline, lowercaseHeaders: headers), from: target.resource)
            target.record(.success, of: admission, at: now)
            return reply
        } catch {
            target.record(error.outcome, of: admission, at: .now)
            throw error.with(address: call.address)
        }
    }

    private func admit(to target: Target, at now: ContinuousClock.Instant) throws(DiscoveryError) -> TargetHealth.Admission {
        if let admission = target.admit(at: now) { return admission }
        switch target.health(at: now) {
        case .open(let until):
            let seconds = max(0.001, Double(now.duration(to: until) / .milliseconds(1)) / 1_000)
            throw DiscoveryError(
                .unreachable,
                "\(target.address) was not reached several times in a row, and is left alone for \(seconds) s more. Nothing was sent; look why it does not answer.",
                address: target.address)
        default:
            // Its function fails, and there is no other.
            guard let admission = target.admit(at: now, anyway: true) else {
                throw DiscoveryError(.unreachable, "\(target.address) cannot be called now. Try again.", address: target.address)
            }
            return admission
        }
    }

    /// Does what an override asks for before a call is made.
    ///
    /// - Returns: the canned reply, if it has one.
    private func apply(_ override: Override?, to call: Call) async throws(DiscoveryError) -> Reply? {
        guard let override else { return nil }
        if let delay = override.delay {
            let left = ContinuousClock.now.duration(to: call.deadline)
            try await sleep(min(delay, left), call.address)
            guard delay < left else {
                throw DiscoveryError(
                    .deadlineExceeded, "\(call.address) is overridden, \(override), which is longer than the deadline. Nothing was sent.",
                    address: call.address)
            }
        }
        var generator = SystemRandomNumberGenerator()
        if override.fails(using: &generator) { throw override.failure(of: call.address) }
        guard let canned = override.reply else { return nil }
        guard canned.status < 300 else {
            throw DiscoveryError(
                .functionFailed, "\(call.address) is overridden, \(override).", address: call.address,
                functionError: .init(type: nil, message: canned.body, status: canned.status, body: Array(canned.body.utf8)))
        }
        return Reply(message: canned.message, status: canned.status, servedBy: call.address)
    }

    private func ask(_ interceptor: any CallInterceptor, about call: Call) async throws(DiscoveryError) -> Reply? {
        let namespace = try resolver.name(call.address).namespace
        let request = Request(call.message, to: call.address, deadline: call.deadline, lowercaseHeaders: call.headers)
        let intercepted = InterceptedCall(request: request, namespace: namespace, limit: call.limit, isIdempotent: call.isIdempotent)
        do {
            return try await Deadlines.shared.run(on: nil, until: call.deadline) { try await interceptor.reply(to: intercepted) }
        } catch is Deadlines.Passed {
            throw DiscoveryError(.deadlineExceeded, "\(call.address) did not answer within the deadline.", address: call.address)
        } catch {
            throw DiscoveryError(wrapping: error).with(address: call.address)
        }
    }

    private func sleep(_ duration: Duration, _ address: Address) async throws(DiscoveryError) {
        do { try await Task.sleep(for: duration) } catch {
            throw DiscoveryError(.cancelled, "The calling task was cancelled.", address: address)
        }
    }
}

extension DiscoveryError {
    /// Whether a call that failed in this way is tried again: anybody's when the function did not start, and those that may be done twice
    /// when it may have.
    func mayBeTriedAgain(isIdempotent: Bool) -> Bool {
        switch code {
        case .unreachable: true
        case .outcomeUnknown, .deadlineExceeded: isIdempotent
        case .functionFailed: isIdempotent && [500, 502, 504].contains(functionError?.status)
        default: false
        }
    }

    /// What a failed try says of its target. Only what shows that the target is not there refuses calls to it; a function that fails, is busy,
    /// or is too slow for one caller's deadline, may do well for another.
    var outcome: TargetHealth.Outcome {
        switch code {
        case .unreachable: functionError == nil ? .lost : .functionFailed
        case .outcomeUnknown: .lost
        case .deadlineExceeded: .functionFailed
        case .functionFailed: (functionError?.status ?? 500) >= 500 ? .functionFailed : .success
        case .cancelled, .invalid: .unknown
        default: .success
        }
    }
}
