/// By when a call is to be over, resolving its address included.
struct CallDeadline: Sendable {
    let start: ContinuousClock.Instant
    /// Without, as the address's rules have it.
    var limit: Duration?

    /// Neither endless, as nobody would notice, nor beyond what timers can count.
    func limit(by rules: Resilience) -> Duration { min(limit ?? rules.deadline, RequestOptions.longestDeadline) }

    func instant(by rules: Resilience) -> ContinuousClock.Instant { start + limit(by: rules) }
}
