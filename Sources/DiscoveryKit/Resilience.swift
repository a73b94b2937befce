/// A request policy with nothing left open and nothing to doubt: what calls are made by.
struct Resilience: Sendable, Hashable {
    let deadline: Duration
    let isIdempotent: Bool
    /// For one try of a call that may be done twice.
    let tryDeadline: Duration?
    /// Tries in all.
    let attempts: Int
    let backoff: Backoff
    /// For the ``RetryBudget`` that the calls share.
    let retryShare: Double
    let balancing: Balancing
    /// For the ``TargetHealth`` of each target.
    let ejection: TargetHealth.Rule

    /// What `policy` leaves open has its default.
    ///
    /// - Throws: `.configuration`, as ``RequestPolicy/check()``.
    init(_ policy: RequestPolicy) throws(DiscoveryError) {
        try policy.check()
        let policy = policy.completed(from: .defaults)
        guard let deadline = policy.deadline, let isIdempotent = policy.isIdempotent, let attempts = policy.attempts,
            let firstBackoff = policy.firstBackoff, let longestBackoff = policy.longestBackoff, let retryShare = policy.retryShare,
            let balancing = policy.balancing, let failures = policy.failuresBeforeEjection, let firstEjection = policy.firstEjection,
            let longestEjection = policy.longestEjection
        else { preconditionFailure("A field of RequestPolicy has no default. Give it one in RequestPolicy.defaults.") }
        self.deadline = deadline
        self.isIdempotent = isIdempotent
        tryDeadline = policy.tryDeadline
        self.attempts = attempts
        self.backoff = Backoff(first: firstBackoff, longest: longestBackoff)
        self.retryShare = retryShare
        self.balancing = balancing
        self.ejection = TargetHealth.Rule(failures: failures, first: firstEjection, longest: longestEjection)
    }
}
