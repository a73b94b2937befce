/// Whether one target, an instance at its location, is worth calling: outlier ejection and circuit breaker in one.
///
/// | phase | calls | ends by |
/// |---|---|---|
/// | closed | all are admitted | too many failures: ejected |
/// | ejected | none is admitted | time: half-open |
/// | half-open | one is admitted, the probe | its outcome: closed, or ejected again, for twice as long |
///
/// Each call is admitted, and its outcome recorded with the admission it got. While the target is closed, the outcomes of calls admitted
/// since it was closed count; while it is ejected, those of its probes. So what calls from before an ejection come to neither lengthens nor
/// ends it, nor does it count against a target that recovered.
struct TargetHealth: Sendable, Equatable {
    typealias Instant = ContinuousClock.Instant

    /// What a call says of its target.
    enum Outcome: Hashable {
        /// It answered, be it to say that the request was wrong.
        case success
        /// It is there, but its function fails, is busy, or is too slow.
        case functionFailed
        /// No connection, or one that was lost.
        case lost
        /// Nothing, as of a call that its caller cancelled. It only makes room for another probe.
        case unknown
    }

    /// What to do about a target.
    enum State: Hashable {
        case available
        /// The next call finds out how it does.
        case probeDue
        /// Its function fails: use another target until then, or this one all the same if there is none.
        case avoided(until: Instant)
        /// It is not reached: calls to it are to be refused until then.
        case open(until: Instant)
    }

    /// When a target is ejected, and for how long.
    struct Rule: Sendable, Hashable {
        /// So many in a row.
        let failures: Int
        /// The first ejection; each further one is twice as long.
        let first: Duration
        /// The longest ejection. Also how long the outcome of a probe is waited for before another is let through.
        let longest: Duration
    }

    /// The right to make one call, and to record its outcome.
    struct Admission: Sendable, Hashable {
        fileprivate let era: UInt32
        /// Which probe it is, from 1; 0 for none.
        fileprivate let probe: UInt32

        var isProbe: Bool { probe > 0 }
    }

    /// Of so many outcomes at most, half being failures is too many …
    private static let window = 20
    /// … once there are so many.
    private static let fewest = 10
    /// After so many successes in a row the next ejection is a first one.
    private static let streak = 10

    private let rule: Rule
    /// The outcomes since the target was closed, the latest lowest: 1 for a success, 0 for a failure. Above them stands a 1 that marks how
    /// many there are. When it has fallen off the top, a success among the older ones stands for it: there is one, as so many failures in a
    /// row would have ejected.
    private var history: UInt64 = 1
    /// Until when nothing is admitted: the ejection's end, then the time by which the probe is overdue. `nil` when closed.
    private var shut: Duration?
    /// Whether the failure that ejected it was `lost`.
    private var isLost = false
    /// How long the next ejection is.
    private var ejection: Duration
    /// Counts the changes between closed and ejected, so that an admission tells whether it is of now.
    private var era: UInt32 = 0
    /// The last probe that was let through.
    private var probe: UInt32 = 0

    init(_ rule: Rule) {
        self.rule = rule
        ejection = rule.first
    }

    /// Whether all calls are admitted: what ``state(at:)`` mostly comes to, without looking at the time.
    var isAvailable: Bool { shut == nil }

    /// What to do about the target now; changes nothing.
    func state(at now: Instant) -> State {
        guard let shut else { return .available }
        if now.offset >= shut { return .probeDue }
        return isLost ? .open(until: Instant(offset: shut)) : .avoided(until: Instant(offset: shut))
    }

    /// Admits a call if the target is available, or if a probe is due, which the call then is.
    mutating func admit(at now: Instant) -> Admission? {
        if let shut {
            guard now.offset >= shut else { return nil }
            probe &+= 1
            self.shut = now.offset + rule.longest
            return Admission(era: era, probe: probe)
        }
        return Admission(era: era, probe: 0)
    }

    /// Admits a call in any case: for a target that is avoided, but the only one. Unless the call is a probe, its outcome changes nothing.
    mutating func admitAnyway(at now: Instant) -> Admission {
        admit(at: now) ?? Admission(era: era, probe: 0)
    }

    /// Takes in what became of a call. To be called once for each admission, unless the caller vanished.
    mutating func record(_ outcome: Outcome, of admission: Admission, at now: Instant) {
        guard admission.era == era else { return }
        if shut == nil {
            learn(outcome, at: now)
        } else if admission.isProbe {
            conclude(outcome, of: admission, at: now)
        }
    }

    private mutating func learn(_ outcome: Outcome, at now: Instant) {
        switch outcome {
        case .success:
            remember(1)
            if ejection != rule.first, hasStreak { ejection = rule.first }
        case .functionFailed, .lost:
            remember(0)
            if isFailing { eject(for: outcome, at: now) }
        case .unknown: break
        }
    }

    private mutating func conclude(_ outcome: Outcome, of admission: Admission, at now: Instant) {
        switch outcome {
        // Also of a probe that was overdue: a target whose calls take longer than the longest ejection would never recover otherwise.
        case .success:
            era &+= 1
            shut = nil
            remember(1)
        case .functionFailed, .lost: eject(for: outcome, at: now)
        case .unknown: if admission.probe == probe { shut = now.offset }
        }
    }

    private mutating func eject(for outcome: Outcome, at now: Instant) {
        era &+= 1
        shut = now.offset + ejection
        isLost = outcome == .lost
        ejection = min(rule.longest, ejection * 2)
        history = 1
    }

    private mutating func remember(_ outcome: UInt64) {
        history = (history << 1) | outcome
    }

    /// Whether the latest outcomes are all successes. The mark above them must not count as one.
    private var hasStreak: Bool {
        let latest: UInt64 = (1 << Self.streak) - 1
        return history > latest && history & latest == latest
    }

    private var isFailing: Bool {
        if history.trailingZeroBitCount >= rule.failures { return true }
        let seen = min(Self.window, 63 - history.leadingZeroBitCount)
        guard seen >= Self.fewest else { return false }
        return 2 * (history & ((1 << seen) - 1)).nonzeroBitCount <= seen
    }
}
