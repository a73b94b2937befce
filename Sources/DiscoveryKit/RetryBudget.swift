/// How many retries calls may cost: a bucket of tokens. Each call puts in a share of one, each retry takes one out. When all calls fail,
/// retries then multiply the load by 1 + share, not by the number of tries.
///
/// So that a quiet client may retry too, time fills the bucket up to its floor, a token a second. A share of 0 means no retries at all.
struct RetryBudget: Sendable {
    typealias Instant = ContinuousClock.Instant

    // A token is counted as the second in which time earns it: all is then exact arithmetic of durations.
    private static let token = Duration.seconds(1)
    /// Up to where time fills: 10 tokens, with which a budget starts. So any 10 s have room for 10 retries.
    private static let floor = Duration.seconds(10)
    /// Up to where calls fill: 100 tokens. Long success does not pay for a storm.
    private static let capacity = Duration.seconds(100)

    private let share: Duration
    private var balance: Duration
    /// Until when time has filled.
    private var filled: Duration

    /// - Parameter share: 0 to 1.
    init(share: Double, at now: Instant) {
        self.share = .seconds(share)
        balance = self.share > .zero ? Self.floor : .zero
        filled = now.offset
    }

    /// A call begins.
    mutating func deposit(at now: Instant) {
        fill(at: now)
        balance = min(Self.capacity, balance + share)
    }

    /// Whether there is a token for a retry, which is then taken.
    mutating func withdraw(at now: Instant) -> Bool {
        fill(at: now)
        guard balance >= Self.token else { return false }
        balance -= Self.token
        return true
    }

    private mutating func fill(at now: Instant) {
        let now = now.offset
        // It may lie before the last one: callers read the clock before they take turns.
        guard share > .zero, now > filled else { return }
        if balance < Self.floor { balance = min(Self.floor, balance + now - filled) }
        filled = now
    }
}
