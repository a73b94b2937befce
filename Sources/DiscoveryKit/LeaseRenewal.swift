/// When a lease is renewed next, and what is done about one that is gone. Time and randomness are arguments.
struct LeaseRenewal: Sendable {
    enum Outcome: Sendable, Hashable {
        case renewed
        /// Another registration has its id.
        case replaced
        /// It is not registered.
        case missing
        /// Nobody answered, or something else kept it from being renewed.
        case failed
    }

    enum Step: Sendable, Hashable {
        case wait(Duration)
        /// It had run out: it is registered again.
        case register
        case end
    }

    let term: Duration
    /// When the last renewal that succeeded was sent.
    private var renewed: ContinuousClock.Instant
    private var failures = 0

    /// - Parameter start: when the registration was sent.
    init(term: Duration, from start: ContinuousClock.Instant) {
        self.term = term
        renewed = start
    }

    /// Two may be lost before the term is over.
    var interval: Duration { term / 3 }

    /// - Parameter start: when the renewal, or the registration, was sent.
    mutating func step(
        after outcome: Outcome, from start: ContinuousClock.Instant, at now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> Step {
        switch outcome {
        case .renewed:
            failures = 0
            renewed = start
            return .wait(interval)
        case .replaced: return .end
        // What is not renewed is removed after twice its term. What was all the time has not run out: somebody has deregistered it.
        case .missing: return failures > 0 || renewed.duration(to: now) >= term * 2 ? .register : .end
        case .failed:
            failures += 1
            let backoff = Backoff(first: min(.milliseconds(100), interval), longest: interval)
            return .wait(backoff.delay(beforeRetry: failures, using: &generator))
        }
    }
}
