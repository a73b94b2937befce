/// What was read of a service or an instance, and whether it may be used without asking. Time is an argument.
struct Remembered: Sendable {
    typealias Instant = ContinuousClock.Instant

    private(set) var named: NamedInstances
    /// When it was asked for what was last found to hold: what changed since may not be known.
    private(set) var confirmed: Instant
    /// When the instances themselves were asked for.
    private(set) var read: Instant
    /// When last nobody answered, if nobody has since.
    private(set) var failed: Instant?
    /// Whether a call to what was read has failed since.
    private(set) var isDoubted = false

    init(_ named: NamedInstances, asked: Instant) {
        self.named = named
        confirmed = asked
        read = asked
    }

    enum Verdict: Sendable, Hashable {
        case use
        /// It may be used, and is to be confirmed meanwhile.
        case useAndAsk
        /// Whoever wants it waits.
        case ask
    }

    func verdict(at now: Instant, _ times: RemoteTimes) -> Verdict {
        if let failed {
            guard isUsable(at: now, times) else { return .ask }
            if failed.duration(to: now) < times.pause { return .use }
            return isDoubted ? .ask : .useAndAsk
        }
        if isDoubted { return .ask }
        let age = confirmed.duration(to: now)
        return age < times.confirmation ? .use : age < times.timeToLive ? .useAndAsk : .ask
    }

    /// Whether it is better than nothing.
    func isUsable(at now: Instant, _ times: RemoteTimes) -> Bool { confirmed.duration(to: now) < times.staleness }

    /// Whether its revision tells enough; otherwise the instances are to be read.
    func isToldByRevision(at now: Instant, _ times: RemoteTimes) -> Bool {
        !isDoubted && named.revision != nil && read.duration(to: now) < times.rereading
    }

    mutating func doubt() { isDoubted = true }

    /// This client has changed it, and was answered that it did: whoever wants it waits, as somebody answers.
    mutating func change() {
        failed = nil
        isDoubted = true
    }

    /// Its revision was asked for, and is the same.
    mutating func confirm(asked: Instant) {
        confirmed = max(confirmed, asked)
        failed = nil
    }

    /// The instances were asked for.
    ///
    /// - Returns: whether they are others.
    mutating func reread(_ found: NamedInstances, asked: Instant, isStillDoubted: Bool) -> Bool {
        confirm(asked: asked)
        read = asked
        isDoubted = isStillDoubted
        let isSame = named.instances == found.instances && named.hasHealthCheck == found.hasHealthCheck
        named = found
        return !isSame
    }

    /// Nobody answered.
    mutating func fail(at now: Instant) { failed = now }
}
