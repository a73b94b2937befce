/// Decides what one listener does next: when to receive how many messages, which to hand over, whose lease to extend, what to give back.
///
/// A value without a clock: events change it, ``actions(at:)`` says what to do now, and its owner does it and tells how it went. What it
/// holds is bounded: messages handed over by `slots`, those at hand by `prefetch`, those behind others of their group by `mostBlocked`.
struct ListenMachine: Sendable {
    typealias Instant = ContinuousClock.Instant
    /// Names a message that is held.
    typealias Ticket = UInt64

    struct Rule: Sendable {
        /// How many messages may be at hand that nobody has asked for yet.
        let prefetch: Int
        /// How many may wait behind others of their groups before no more are received.
        let mostBlocked: Int
        /// For how long a message is leased at a time.
        let visibility: Duration
        /// How long a message may be held in all: SQS's limit.
        var longestHold = Duration.seconds(43_200)
        /// Between tries to reach a queue.
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(10))
        /// How soon an empty answer is no answer: a queue that does not wait is not to be asked without end.
        var shortestPoll = Duration.milliseconds(20)
    }

    enum Action: Sendable, Equatable {
        case receive(maximum: Int)
        /// The receiving in flight is to end: what it still brings is taken.
        case endReceive
        case start(Ticket)
        case extend(Ticket, to: Duration)
        /// At once, as nobody began with it or nobody will settle it.
        case giveBack(Ticket)
    }

    private struct Held {
        /// That of a message of which the order counts.
        var group: String?
        /// Instants are kept as offsets from the process's origin.
        let received: Duration
        var leaseEnd: Duration
        /// `nil` while it is being extended, and when it is not to be.
        var extendAt: Duration?
        var isStarted = false
    }

    private enum Poll {
        case idle
        case inFlight(since: Duration, isEnding: Bool)
    }

    private let rule: Rule
    /// How many messages may be handed over now.
    private(set) var slots: Int
    private(set) var isStopping = false
    private var held: [Ticket: Held] = [:]
    private var next: Ticket = 0
    /// To be handed over, in order; of each group one at most.
    private var ready: [Ticket] = []
    /// The groups of which a message is ready or handed over, with those that wait behind it, in order.
    private var groups: [String: [Ticket]] = [:]
    private var blocked = 0
    /// To be given back.
    private var leaving: [Ticket] = []
    private var poll = Poll.idle
    private var failures = 0
    private var receiveAt = Duration.zero
    /// No extension is due before.
    private var nextExtension: Duration?

    init(_ rule: Rule, slots: Int) {
        self.rule = rule
        self.slots = slots
    }

    // MARK: What to do

    /// What is to be done now; each action is given once.
    mutating func actions(at now: Instant) -> [Action] {
        let now = now.offset
        var actions: [Action] = []
        if !isStopping, slots > 0, !ready.isEmpty {
            let started = ready.prefix(slots)
            slots -= started.count
            for ticket in started { held[ticket]?.isStarted = true }
            actions += started.map { .start($0) }
            ready.removeFirst(started.count)
        }
        for ticket in leaving {
            held[ticket]?.extendAt = nil
            actions.append(.giveBack(ticket))
        }
        leaving = []
        actions += extensions(at: now)
        switch poll {
        case .inFlight(let since, false) where isStopping:
            poll = .inFlight(since: since, isEnding: true)
            actions.append(.endReceive)
        case .idle where !isStopping && wanted > 0 && receiveAt <= now:
            poll = .inFlight(since: now, isEnding: false)
            actions.append(.receive(maximum: wanted))
        default: break
        }
        return actions
    }

    /// When to look again, if nothing happens before.
    var nextDeadline: Instant? {
        var deadline = nextExtension
        if case .idle = poll, !isStopping, wanted > 0 { deadline = deadline.map { min($0, receiveAt) } ?? receiveAt }
        return deadline.map { Instant(offset: $0) }
    }

    /// Whether it was stopped and holds nothing any more.
    var isOver: Bool {
        if case .idle = poll { isStopping && held.isEmpty } else { false }
    }

    /// Whether the receiving in flight is to bring nothing any more.
    var isReceiveEnding: Bool {
        if case .inFlight(_, true) = poll { true } else { isStopping }
    }

    private var wanted: Int {
        blocked < rule.mostBlocked ? min(max(slots + rule.prefetch - ready.count, 0), 1_000) : 0
    }

    private mutating func extensions(at now: Duration) -> [Action] {
        guard let due = nextExtension, due <= now else { return [] }
        nextExtension = nil
        var actions: [Action] = []
        for (ticket, message) in held {
            guard let extendAt = message.extendAt else { continue }
            guard extendAt <= now else {
                noteExtension(extendAt)
                continue
            }
            held[ticket]?.extendAt = nil
            let left = message.received + rule.longestHold - now
            if left > .zero { actions.append(.extend(ticket, to: min(rule.visibility, left))) }
        }
        return actions
    }

    private mutating func noteExtension(_ extendAt: Duration) {
        nextExtension = nextExtension.map { min($0, extendAt) } ?? extendAt
    }

    // MARK: What happened

    /// There is room for `count` messages more, or fewer.
    mutating func addSlots(_ count: Int) { slots += count }

    /// Receiving ended and brought messages, of these groups where the order counts; none when it was ended before any came.
    ///
    /// - Returns: how they are named from now on.
    mutating func received(_ messages: [String?], at instant: Instant) -> [Ticket] {
        let now = instant.offset
        if case .inFlight(let since, let isEnding) = poll {
            let isHasty = messages.isEmpty && !isEnding && now - since < rule.shortestPoll
            receiveAt = isHasty ? now + rule.backoff.first : now
        }
        poll = .idle
        failures = 0
        return messages.map { group in
            next += 1
            let leaseEnd = now + rule.visibility
            held[next] = Held(group: group, received: now, leaseEnd: leaseEnd, extendAt: nil)
            if isStopping {
                held[next]?.group = nil
                leaving.append(next)
                return next
            }
            scheduleExtension(of: next)
            guard let group else {
                ready.append(next)
                return next
            }
            if groups[group]?.append(next) == nil {
                groups[group] = []
                ready.append(next)
            } else {
                blocked += 1
            }
            return next
        }
    }

    /// Receiving failed: the next waits.
    ///
    /// - Returns: how often it failed in a row.
    @discardableResult
    mutating func receiveFailed(at now: Instant, retryAfter: Duration? = nil, using generator: inout some RandomNumberGenerator) -> Int {
        poll = .idle
        failures += 1
        receiveAt = now.offset + rule.backoff.delay(beforeRetry: failures, retryAfter: retryAfter, using: &generator)
        return failures
    }

    /// The queue is somewhere else now: what is in flight looks in the wrong place.
    ///
    /// - Returns: whether receiving is in flight, and to be ended.
    mutating func moved() -> Bool {
        receiveAt = .zero
        guard case .inFlight(let since, false) = poll else { return false }
        poll = .inFlight(since: since, isEnding: true)
        return true
    }

    /// A lease was extended by a call that began at `begun`.
    mutating func extended(_ ticket: Ticket, since begun: Instant) {
        guard held[ticket] != nil else { return }
        held[ticket]?.leaseEnd = begun.offset + rule.visibility
        scheduleExtension(of: ticket)
    }

    /// Extending failed. It is tried again while the message may still be ours; else those behind it in its group are not to overtake it.
    mutating func extendFailed(_ ticket: Ticket, isLost: Bool, at instant: Instant) {
        guard let message = held[ticket] else { return }
        if isLost {
            // A message at hand that is somebody else's by now is not begun.
            guard message.isStarted else { return remove(ticket) }
            if let group = message.group { giveBackBlocked(of: group, freeing: false) }
            return
        }
        let now = instant.offset
        let extendAt = now + max((message.leaseEnd - now) / 2, rule.visibility / 8)
        held[ticket]?.extendAt = extendAt
        noteExtension(extendAt)
    }

    /// A message is being settled: it is extended no more. When that fails and it is ours still, ``keep(_:at:)`` takes it back.
    mutating func beginSettling(_ ticket: Ticket) { held[ticket]?.extendAt = nil }

    mutating func keep(_ ticket: Ticket, at now: Instant) { extendFailed(ticket, isLost: false, at: now) }

    /// Nobody will settle a message that was handed over.
    mutating func drop(_ ticket: Ticket) {
        if held[ticket] != nil { leaving.append(ticket) }
    }

    /// A message is held no more.
    ///
    /// - Parameter returns: it comes again, so that those of its group that wait behind it must not be handled before.
    mutating func settled(_ ticket: Ticket, returns: Bool) {
        guard let group = held.removeValue(forKey: ticket)?.group, groups[group] != nil else { return }
        if returns { return giveBackBlocked(of: group, freeing: true) }
        if groups[group]?.isEmpty == true {
            groups[group] = nil
        } else if let following = groups[group]?.removeFirst() {
            blocked -= 1
            ready.append(following)
        }
    }

    /// Nothing is received or handed over any more, and what was not handed over is given back.
    mutating func stop() {
        guard !isStopping else { return }
        isStopping = true
        let waiting = ready + groups.values.joined()
        for ticket in waiting { held[ticket]?.group = nil }
        leaving += waiting.sorted()
        ready = []
        groups = [:]
        blocked = 0
    }

    private mutating func scheduleExtension(of ticket: Ticket) {
        guard let message = held[ticket], message.leaseEnd < message.received + rule.longestHold else { return }
        let extendAt = message.leaseEnd - rule.visibility / 2
        held[ticket]?.extendAt = extendAt
        noteExtension(extendAt)
    }

    private mutating func giveBackBlocked(of group: String, freeing: Bool) {
        guard let behind = groups[group] else { return }
        groups[group] = freeing ? nil : []
        blocked -= behind.count
        for ticket in behind { held[ticket]?.group = nil }
        leaving += behind
    }

    /// Forgets a message at hand that was lost, as if it had never come.
    private mutating func remove(_ ticket: Ticket) {
        let group = held.removeValue(forKey: ticket)?.group
        if let position = ready.firstIndex(of: ticket) {
            ready.remove(at: position)
            if let group { giveBackBlocked(of: group, freeing: true) }
        } else if let group, let position = groups[group]?.firstIndex(of: ticket) {
            // Those behind it would overtake it.
            let behind = groups[group]?[(position + 1)...] ?? []
            groups[group]?.removeSubrange(position...)
            blocked -= behind.count + 1
            for other in behind { held[other]?.group = nil }
            leaving += behind
        }
    }
}
