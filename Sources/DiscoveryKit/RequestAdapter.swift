/// Speaks to one kind of resource for `request`. A new adapter is one type in one file, listed in the configuration.
///
/// An adapter makes one try. Deadlines, retries, choosing among replicas and leaving alone those that fail are the facade's, which goes by the
/// code of what the adapter throws:
///
/// | code | what happened | tried again |
/// |---|---|---|
/// | `.unreachable` | it is certain that the function did not start | always, after the error's `retryAfter` |
/// | `.outcomeUnknown` | the connection was lost after something was sent | if the call may be done twice |
/// | `.deadlineExceeded` | no answer by the request's deadline | if the call may be done twice, and has time left |
/// | `.functionFailed` | it answered with an error, in `functionError` | on status 500, 502 and 504, if the call may be done twice |
/// | others | the call or its answer is wrong: `.tooLarge`, `.coding`, `.invalid`, `.cancelled` | never |
public protocol RequestAdapter: Sendable {
    /// Whether this adapter can speak to `resource`; the first that can is used. Waits for nothing.
    func accepts(_ resource: Resource) -> Bool

    /// Sends `request` and waits for the answer, until the request's deadline at most. `request.address` is the chosen instance's;
    /// `request.headers` are to be sent along.
    ///
    /// - Throws: an error with one of the codes above.
    func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply
}

/// Holds an application's adapter to the deadline.
struct BoundedAdapter: RequestAdapter {
    let adapter: any RequestAdapter

    func accepts(_ resource: Resource) -> Bool { adapter.accepts(resource) }

    func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
        try await Deadlines.shared.answer(for: request.address, until: request.deadline) {
            try await adapter.request(request, from: resource)
        }
    }
}
