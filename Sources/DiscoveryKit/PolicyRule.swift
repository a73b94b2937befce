/// A request policy for the addresses that a pattern means.
///
/// ```swift
/// configuration.policies = [
///     PolicyRule("*") { $0.attempts = 3 },
///     PolicyRule("ais.reports") { $0.deadline = .seconds(300) },
/// ]
/// ```
public struct PolicyRule: Sendable, Hashable {
    /// Which addresses are meant.
    public var pattern: AddressPattern
    /// What is set for them; of several rules that match, for each setting the last that has it counts.
    public var policy: RequestPolicy

    /// Makes a rule with a policy.
    public init(_ pattern: AddressPattern, _ policy: RequestPolicy) {
        self.pattern = pattern
        self.policy = policy
    }

    /// Makes a rule with what `set` sets.
    public init(_ pattern: AddressPattern, _ set: (inout RequestPolicy) -> Void) {
        var policy = RequestPolicy()
        set(&policy)
        self.init(pattern, policy)
    }

    /// - Throws: `.configuration` for a malformed pattern, a value out of range, or two rules for one pattern.
    static func check(_ rules: [PolicyRule]) throws(DiscoveryError) {
        var seen: Set<AddressPattern> = []
        for rule in rules {
            try rule.pattern.check()
            do { try rule.policy.check() } catch {
                throw DiscoveryError(.configuration, "The policy for `\(rule.pattern)` cannot be used. \(error.message)")
            }
            guard seen.insert(rule.pattern).inserted else {
                throw DiscoveryError(.configuration, "There are two policies for `\(rule.pattern)`. Remove one, or make them one.")
            }
        }
    }
}
