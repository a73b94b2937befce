internal import HTTPServing

/// Lets callers in: everybody where there are no keys, else those who prove that they have one.
struct Gate: Sendable {
    let keys: KeyFile?

    /// Who asks, where that needs no look at a file and no signature.
    func callerAtOnce(_ request: HTTPRequest) -> Caller? {
        keys == nil ? Caller(key: nil, isLocal: request.peer.isLoopback) : nil
    }

    func caller(_ request: HTTPRequest) async throws(Refusal) -> Caller {
        guard let keys else { return Caller(key: nil, isLocal: request.peer.isLoopback) }
        _ = await keys.current()
        throw Refusal(.unauthenticated, "")
    }
}
