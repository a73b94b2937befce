extension RequestPolicy {
    /// - Throws: `.configuration` for the first value that is out of its range or contradicts another, with the field, the value and the range.
    package func check() throws(DiscoveryError) {
        let hour = Duration.seconds(3_600)
        try Self.check("deadline", deadline, upTo: .seconds(365 * 86_400))
        try Self.check("tryDeadline", tryDeadline, upTo: .seconds(365 * 86_400))
        try Self.check("attempts", attempts, in: 1...10)
        try Self.check("firstBackoff", firstBackoff, upTo: hour)
        try Self.check("longestBackoff", longestBackoff, upTo: hour)
        try Self.check("firstBackoff", firstBackoff, isAtMost: "longestBackoff", longestBackoff)
        try Self.check("retryShare", retryShare, in: 0...1)
        try Self.check("failuresBeforeEjection", failuresBeforeEjection, in: 1...10)
        try Self.check("firstEjection", firstEjection, upTo: hour)
        try Self.check("longestEjection", longestEjection, upTo: hour)
        try Self.check("firstEjection", firstEjection, isAtMost: "longestEjection", longestEjection)
    }

    private static func check<Value>(_ field: String, _ value: Value?, in range: ClosedRange<Value>) throws(DiscoveryError) {
        guard let value, !range.contains(value) else { return }
        throw DiscoveryError(
            .configuration,
            "The `\(field)` of a request policy is \(value), which is not from \(range.lowerBound) to \(range.upperBound). Correct it.")
    }

    private static func check(_ field: String, _ value: Duration?, upTo longest: Duration) throws(DiscoveryError) {
        guard let value, value <= .zero || value > longest else { return }
        throw DiscoveryError(
            .configuration,
            "The `\(field)` of a request policy is \(value), which is not above 0 and at most \(longest). Correct it.")
    }

    private static func check(_ field: String, _ value: Duration?, isAtMost other: String, _ bound: Duration?) throws(DiscoveryError) {
        guard let value, let bound, value > bound else { return }
        throw DiscoveryError(
            .configuration,
            "The `\(field)` of a request policy is \(value), which is above its `\(other)` of \(bound). Lower the one or raise the other.")
    }
}
