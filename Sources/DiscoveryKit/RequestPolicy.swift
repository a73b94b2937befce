/// How calls are made to succeed: how long and how often they are tried, which of several instances is called, and when one is left alone
/// for a while. What is left `nil` comes from the rule before, at last from the defaults.
public struct RequestPolicy: Sendable, Hashable {
    /// How long a call may take in all, with its retries; above zero and at most a year. By default 30 s.
    public var deadline: Duration?
    /// Whether doing a call twice does no harm, so that it is tried again even where it may have been done already. By default `false`.
    public var isIdempotent: Bool?
    /// How long one try may take before another is made, where that is allowed: for calls that may be done twice. Above zero and at most a year;
    /// by default a try may take all of the deadline.
    public var tryDeadline: Duration?
    /// How often a call is tried in all, 1 to 10. By default 5.
    public var attempts: Int?
    /// The longest wait before the first retry; it doubles with each further one, and the wait itself is random below it. Above zero and at
    /// most an hour. By default 50 ms.
    public var firstBackoff: Duration?
    /// Where the doubling ends; at least ``firstBackoff`` and at most an hour. By default 2 s.
    public var longestBackoff: Duration?
    /// The retry budget: how many retries are allowed as a share of calls, 0 to 1. By default 0.2. Whatever the share, one retry a second is
    /// allowed too, so that a quiet client may retry; but 0 allows none at all.
    public var retryShare: Double?
    /// Which of several instances a call goes to. By default ``Balancing/random``.
    public var balancing: Balancing?
    /// After how many failures in a row an instance is left alone for a while, 1 to 10. By default 5. Whatever the number, it is left alone
    /// too when at least half of its last 20 calls failed, or of as many as there were from the tenth on.
    public var failuresBeforeEjection: Int?
    /// For how long an instance is left alone the first time; twice as long each further time. Then one call finds out how it does. Above
    /// zero and at most an hour. By default 500 ms.
    public var firstEjection: Duration?
    /// Where the doubling ends; at least ``firstEjection`` and at most an hour. By default 10 s.
    public var longestEjection: Duration?

    /// Leaves everything to the rule before.
    public init() {}

    /// Where no rule says.
    static let defaults: RequestPolicy = {
        var policy = RequestPolicy()
        policy.deadline = RequestOptions.defaultDeadline
        policy.isIdempotent = false
        policy.attempts = 5
        policy.firstBackoff = .milliseconds(50)
        policy.longestBackoff = .seconds(2)
        policy.retryShare = 0.2
        policy.balancing = .random
        policy.failuresBeforeEjection = 5
        policy.firstEjection = .milliseconds(500)
        policy.longestEjection = .seconds(10)
        return policy
    }()

    /// This policy, with what it leaves open taken from `before`. Two that pass ``check()`` make one that does.
    package func completed(from before: RequestPolicy) -> RequestPolicy {
        var policy = self
        policy.deadline = deadline ?? before.deadline
        policy.isIdempotent = isIdempotent ?? before.isIdempotent
        policy.tryDeadline = tryDeadline ?? before.tryDeadline
        policy.attempts = attempts ?? before.attempts
        (policy.firstBackoff, policy.longestBackoff) = Self.completed(
            (firstBackoff, longestBackoff), from: (before.firstBackoff, before.longestBackoff))
        policy.retryShare = retryShare ?? before.retryShare
        policy.balancing = balancing ?? before.balancing
        policy.failuresBeforeEjection = failuresBeforeEjection ?? before.failuresBeforeEjection
        (policy.firstEjection, policy.longestEjection) = Self.completed(
            (firstEjection, longestEjection), from: (before.firstEjection, before.longestEjection))
        return policy
    }

    /// Who sets one of a pair need not know the other: an inherited one that contradicts it gives way.
    private static func completed(
        _ own: (first: Duration?, longest: Duration?), from before: (first: Duration?, longest: Duration?)
    ) -> (first: Duration?, longest: Duration?) {
        switch own {
        case (let first?, nil): (first, before.longest.map { max($0, first) })
        case (nil, let longest?): (before.first.map { min($0, longest) }, longest)
        default: (own.first ?? before.first, own.longest ?? before.longest)
        }
    }
}
