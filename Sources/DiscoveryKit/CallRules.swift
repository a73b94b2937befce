internal import Synchronization

/// By which rules one client makes calls, and what the calls to each address share.
final class CallRules: Sendable {
    /// This process's own.
    let overrides: [Override]
    private let policies: [PolicyRule]
    private let base: RequestPolicy
    private let calls = Mutex<[Address: AddressCalls]>([:])

    /// A bound on memory: a full table is emptied.
    private static let limit = 4_096

    init(_ configuration: Discovery.Configuration) {
        overrides = configuration.overrides
        policies = configuration.policies
        var base = RequestPolicy()
        base.deadline = configuration.request.deadline.map { min($0, RequestOptions.longestDeadline) }
        base.isIdempotent = configuration.request.isIdempotent
        self.base = base
    }

    /// Of several policies that match, for each setting the last that has it counts.
    func resilience(for parts: Address.Parts, in namespace: String) throws(DiscoveryError) -> Resilience {
        let matching = policies.filter { $0.pattern.matches(parts, in: namespace) }
        let policy = matching.reversed().reduce(RequestPolicy()) { $0.completed(from: $1.policy) }
        return try Resilience(policy.completed(from: base))
    }

    func calls(to address: Address, _ rules: Resilience) -> AddressCalls {
        calls.withLock { calls in
            if let known = calls[address] { return known }
            if calls.count >= Self.limit { calls.removeAll(keepingCapacity: true) }
            let made = AddressCalls(retryShare: rules.retryShare)
            calls[address] = made
            return made
        }
    }
}
