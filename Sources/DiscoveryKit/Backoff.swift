/// How long to wait before trying again: exponential, with full jitter, so that callers who failed together do not come back together.
struct Backoff: Sendable, Hashable {
    /// The longest wait before the first retry.
    let first: Duration
    /// The longest wait there is.
    let longest: Duration

    /// A random duration, all up to the ceiling equally likely. What the server asked for comes on top of that, not instead: it asks many
    /// callers for the same, and they would all be back in the same instant.
    ///
    /// - Parameters:
    ///   - retry: which retry it is, from 1.
    ///   - retryAfter: how long the server asked to be left alone, if it did.
    func delay(
        beforeRetry retry: Int, retryAfter: Duration? = nil, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let jitter = Int128.random(in: 0...ceiling(ofRetry: retry).attoseconds, using: &generator)
        return max(retryAfter ?? .zero, .zero) + Duration(attoseconds: jitter)
    }

    /// `first`, doubled before each further retry, up to `longest`.
    func ceiling(ofRetry retry: Int) -> Duration {
        let doublings = max(retry, 1) - 1
        // Halving the bound cannot overflow, as doubling would; nor does a shift by more bits than there are.
        guard first.attoseconds <= longest.attoseconds >> doublings else { return longest }
        return Duration(attoseconds: first.attoseconds << doublings)
    }
}
