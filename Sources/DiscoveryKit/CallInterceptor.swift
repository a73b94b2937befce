/// Answers calls in place of what they would reach: one call with all its tries, once its address has resolved and its override was applied.
package protocol CallInterceptor: Sendable {
    /// - Returns: the reply; `nil` to let the call go where it would go.
    /// - Throws: what the caller is thrown: nothing is tried again.
    func reply(to call: InterceptedCall) async throws(DiscoveryError) -> Reply?

    /// Accepts a call to be made later, in place of a home and its courier.
    ///
    /// - Parameters:
    ///   - address: as the caller wrote it.
    ///   - make: makes the call, as the caller would have. What becomes of it is nobody's to hear.
    /// - Returns: an id of its own.
    func putOff(
        _ message: Message, to address: Address, _ options: RequestOptions, make: @escaping @Sendable () async -> Void
    ) async throws(DiscoveryError) -> MessageID
}

/// A call before it is made.
package struct InterceptedCall: Sendable {
    /// To the address as the caller wrote it.
    package let request: Request
    /// The address's namespace, the default filled in.
    package let namespace: String
    /// How long the call may take in all.
    package let limit: Duration
    /// Whether doing it twice does no harm.
    package let isIdempotent: Bool
}
