package import Store

/// Bounds how often something is done: a bucket that fills steadily, and from which each time takes a token.
package struct TokenBucket: Sendable, Hashable {
    package struct Rate: Sendable, Hashable {
        package var perSecond: Int
        /// How many at once, after a rest.
        package var burst: Int

        package init(perSecond: Int, burst: Int) {
            self.perSecond = perSecond
            self.burst = burst
        }
    }

    package let rate: Rate
    /// Thousandths of a token: what one millisecond brings is a whole number of them.
    private var level: Int
    private var filled: HomeTime

    /// A full one.
    package init(_ rate: Rate, at now: HomeTime) {
        self.rate = rate
        level = rate.burst * 1_000
        filled = now
    }

    /// - Throws: `.requestLimitExceeded` when there is no token.
    package mutating func take(at now: HomeTime) throws(RegistryError) {
        // Longer than it takes to fill is as good as that long, and cannot overflow.
        let elapsed = min(max(0, now.milliseconds - filled.milliseconds), Int64(rate.burst / max(1, rate.perSecond) + 1) * 1_000)
        level = min(rate.burst * 1_000, level + Int(elapsed) * rate.perSecond)
        filled = max(filled, now)
        guard level >= 1_000 else {
            throw RegistryError(.requestLimitExceeded, "More than \(rate.perSecond) requests a second. Slow down, then try again.")
        }
        level -= 1_000
    }
}
