internal import Store

/// Those who wait at a desk, in the order they came, and what is known of their queue: decides what comes next. Time is an argument.
struct Waits {
    typealias Answer = Result<[Messaging.Received]?, any Error>

    struct Waiter {
        let id: Int
        let demand: Demand
        let deadline: ContinuousClock.Instant
        /// Whether the desk's queue is surely the one that was there when the wait began.
        var isBound: Bool
        let answer: @Sendable (Answer) -> Void
    }

    enum Turn {
        case look([Waiter])
        case sleep(since: UInt64, until: ContinuousClock.Instant)
        case end
    }

    private(set) var waiters: [Waiter] = []
    /// As the bell stood before the last look that found nothing; `nil` when there may be something.
    private(set) var rings: UInt64?
    /// When there may be something without a ring.
    private var due: ContinuousClock.Instant?

    init(rings: UInt64, due: ContinuousClock.Instant?) {
        self.rings = rings
        self.due = due
    }

    mutating func join(_ waiter: Waiter) { waiters.append(waiter) }

    mutating func leave(_ id: Int) -> Waiter? { waiters.firstIndex { $0.id == id }.map { waiters.remove(at: $0) } }

    mutating func leaveAll(where isLeaving: (Waiter) -> Bool = { _ in true }) -> [Waiter] {
        defer { waiters.removeAll(where: isLeaving) }
        return waiters.filter(isLeaving)
    }

    /// What comes next, and whose wait is over with nothing.
    ///
    /// Who has waited long enough is looked for once more where something may be there: it may have come in time while this process had
    /// none to look.
    mutating func turn(at now: ContinuousClock.Instant, ringing: UInt64) -> (Turn, over: [Waiter]) {
        guard !waiters.isEmpty else { return (.end, []) }
        let isDue = due.map { $0 <= now } ?? false
        guard let rings, rings == ringing, !isDue else { return (.look(waiters), []) }
        let over = leaveAll { $0.deadline <= now }
        guard let deadline = waiters.lazy.map(\.deadline).min() else { return (.end, over) }
        return (.sleep(since: rings, until: min(deadline, due ?? deadline)), over)
    }

    /// Notes what a look for `asked` has found.
    ///
    /// - Parameters:
    ///   - start: when the look began; `rings`: as the bell stood then, `nil` when it may have left something.
    ///   - found: for each of `asked`, in their order, up to the first for whom there was nothing.
    /// - Returns: who is answered, and what was found for those who had gone.
    mutating func looked(
        for asked: [Waiter], from start: ContinuousClock.Instant, rings: UInt64?, due: ContinuousClock.Instant?,
        found: [[Messaging.Received]]
    ) -> (answered: [(Waiter, [Messaging.Received])], unclaimed: [Messaging.Received]) {
        self.rings = rings
        self.due = due
        var answered: [(Waiter, [Messaging.Received])] = []
        var unclaimed: [Messaging.Received] = []
        // For those behind one who got nothing there is nothing.
        let reached = found.last?.isEmpty == true ? asked.count : found.count
        for (index, waiter) in asked.prefix(reached).enumerated() {
            let messages = index < found.count ? found[index] : []
            guard !messages.isEmpty || waiter.deadline <= start else { continue }
            if let waiter = leave(waiter.id) { answered.append((waiter, messages)) } else { unclaimed += messages }
        }
        let ids = Set(asked.map(\.id))
        for index in waiters.indices where ids.contains(waiters[index].id) { waiters[index].isBound = true }
        return (answered, unclaimed)
    }
}
