extension Rules {
    /// The most messages of a queue that may be in flight.
    static let inFlightLimit = 120_000
    /// How long a deduplication id is remembered, and a receive's attempt, milliseconds.
    static let deduplicationTime: Int64 = 300_000
    /// From the receive to the end of the last extension, milliseconds.
    static let longestLease: Int64 = 43_200_000
    static let longestFailure = 1_024

    /// What is to happen to a message that is next in its queue.
    enum Fate { case deliver, expire, deadLetter }

    /// - Parameters:
    ///   - arrived: when it could first be received: retention counts from then.
    ///   - receives: how often it was received before.
    static func fate(arrived: Int64, receives: Int64, retention: Int64, maximumReceives: Int?, now: Int64) -> Fate {
        if arrived + retention <= now { return .expire }
        if let maximumReceives, receives >= Int64(maximumReceives) { return .deadLetter }
        return .deliver
    }

    static func check(visibility: Duration) throws(MessagingError) {
        guard visibility >= .zero, visibility <= .seconds(43_200) else {
            throw invalid("A visibility time is 0 to 43,200 seconds, not \(visibility).")
        }
    }

    /// - Parameter taken: when it was received.
    /// - Returns: when it is visible again.
    static func extended(_ visibility: Int64, taken: Int64, now: Int64) throws(MessagingError) -> Int64 {
        guard now + visibility <= taken + longestLease else {
            throw invalid("The message would be held for more than 12 hours since it was received. Finish it or give it back.")
        }
        return now + visibility
    }

    /// A reason as it is kept: bounded, and cut between characters.
    static func failure(_ reason: String) -> String { String(reason.unicodeScalars.prefix(longestFailure)) }
}
