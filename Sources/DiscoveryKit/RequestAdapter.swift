/// Speaks to one kind of resource for `request`. A new adapter is one type in one file, listed in the configuration.
///
/// An adapter makes one try. Deadlines, retries and choosing among replicas are the facade's.
public protocol RequestAdapter: Sendable {
    /// Whether this adapter can speak to `resource`; the first that can is used. Waits for nothing.
    func accepts(_ resource: Resource) -> Bool

    /// Sends `request` and waits for the answer, until the request's deadline at most. `request.address` is the chosen instance's.
    ///
    /// - Throws: `.unreachable` when it is certain that the function did not start; `.functionFailed` when it answered with an error;
    ///   `.outcomeUnknown` when the connection was lost after something was sent; `.deadlineExceeded`; `.tooLarge`; `.cancelled`.
    func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply
}
