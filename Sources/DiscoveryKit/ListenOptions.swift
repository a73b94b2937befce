/// How to listen to a queue. What is left `nil` comes from the configuration.
public struct ListenOptions: Sendable, Hashable {
    /// How many messages are handled at once, 1 to 10,000: for handlers. A sequence hands over one with each `next()`.
    public var concurrency: Int?
    /// How many messages are kept at hand besides those that are handled, 0 to 10,000. Others cannot have them meanwhile.
    public var prefetch: Int?
    /// For how long nobody else is given a message that this listener has, above zero and at most 12 hours. It is extended at half of that
    /// for as long as the message is handled; when the process dies, others have to wait for so long.
    public var visibility: Duration?
    /// What becomes of a message whose body cannot be decoded.
    public var undecodable: Undecodable?
    /// The longest wait before a message that failed is received again. It doubles with each time it was received, and the wait itself is
    /// random below it. Above zero and at most 12 hours.
    public var firstBackoff: Duration?
    /// Where the doubling ends; at least ``firstBackoff`` and at most 12 hours.
    public var longestBackoff: Duration?
    /// After how many messages it ends, from 1, counting each time one is received; no more are received. For handlers.
    package var limit: Int?
    /// Ends once no message has come for so long; zero when there is none now.
    package var patience: Duration?

    /// Leaves everything to the configuration.
    public init() {}

    /// What becomes of a message whose body cannot be decoded.
    public enum Undecodable: Sendable, Hashable {
        /// It goes to the queue's dead-letter queue at once; where there is none, as ``retry``.
        case deadLetter
        /// It is received again until the queue's limit, as when the handler throws.
        case retry
    }

    /// Where nobody says.
    static let defaults: ListenOptions = {
        var options = ListenOptions()
        options.concurrency = 16
        options.prefetch = 0
        options.visibility = .seconds(30)
        options.undecodable = .deadLetter
        options.firstBackoff = .seconds(1)
        options.longestBackoff = .seconds(300)
        return options
    }()

    /// These options, with what they leave open taken from `defaults`.
    func completed(from defaults: ListenOptions) -> ListenOptions {
        var options = self
        options.concurrency = concurrency ?? defaults.concurrency
        options.prefetch = prefetch ?? defaults.prefetch
        options.visibility = visibility ?? defaults.visibility
        options.undecodable = undecodable ?? defaults.undecodable
        options.firstBackoff = firstBackoff ?? defaults.firstBackoff
        options.longestBackoff = longestBackoff ?? defaults.longestBackoff
        // Who sets one of the two need not know the other.
        if let first = options.firstBackoff, let longest = options.longestBackoff, first > longest {
            if longestBackoff == nil { options.longestBackoff = first } else if firstBackoff == nil { options.firstBackoff = longest }
        }
        return options
    }

    /// - Throws: `.invalid` for the first value that is out of its range or contradicts another.
    func check() throws(DiscoveryError) {
        func check(_ field: String, _ isGood: Bool, _ value: Any, _ range: String) throws(DiscoveryError) {
            guard !isGood else { return }
            throw DiscoveryError(.invalid, "To listen, `\(field)` is \(range); \(value) is not. Correct it.")
        }
        let longest = Duration.seconds(43_200)
        if let concurrency { try check("concurrency", 1...10_000 ~= concurrency, concurrency, "from 1 to 10000") }
        if let limit { try check("limit", limit > 0, limit, "1 or more") }
        if let patience { try check("patience", patience >= .zero, patience, "zero or more") }
        if let prefetch { try check("prefetch", 0...10_000 ~= prefetch, prefetch, "from 0 to 10000") }
        for (field, value) in [("visibility", visibility), ("firstBackoff", firstBackoff), ("longestBackoff", longestBackoff)] {
            if let value { try check(field, value > .zero && value <= longest, value, "above 0 and at most 12 hours") }
        }
        if let firstBackoff, let longestBackoff {
            try check("firstBackoff", firstBackoff <= longestBackoff, firstBackoff, "at most its `longestBackoff` of \(longestBackoff)")
        }
    }
}
