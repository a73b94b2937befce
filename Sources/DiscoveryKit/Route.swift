internal import Foundation
internal import Synchronization

/// Where calls to one address go, and by which rules, as long as it is fresh.
final class Route: Sendable {
    let targets: [Target]
    let override: Override?
    let resilience: Resilience
    let calls: ServiceCalls
    let made = ContinuousClock.now
    private let freshness: any Freshness

    init(_ targets: [Target], _ override: Override?, _ resilience: Resilience, _ calls: ServiceCalls, _ freshness: any Freshness) {
        self.targets = targets
        self.override = override
        self.resilience = resilience
        self.calls = calls
        self.freshness = freshness
    }

    var isFresh: Bool { freshness.isFresh && !(override?.isExpired(at: Date()) ?? false) }

    func check() throws(DiscoveryError) { try freshness.check() }

    func isAlive(_ target: Target) -> Bool { target.instance.map(freshness.isAlive) ?? true }

    /// A living target, of those that are worth calling if there are any, but for `avoided` if there are others; `nil` when none lives.
    func choose(avoiding avoided: [Target] = [], at now: ContinuousClock.Instant) -> Target? {
        if targets.count == 1 { return isAlive(targets[0]) ? targets[0] : nil }
        let fresh = avoided.isEmpty ? targets : targets.filter { target in !avoided.contains { $0.isSame(as: target) } }
        return choose(among: fresh.isEmpty ? targets : fresh, at: now) ?? (fresh.isEmpty ? nil : choose(among: targets, at: now))
    }

    private func choose(among targets: [Target], at now: ContinuousClock.Instant) -> Target? {
        if targets.allSatisfy(\.isAvailable) { return living(of: targets) }
        let health = targets.map { $0.health(at: now) }
        let groups: [(TargetHealth.State) -> Bool] = [
            { $0 == .available || $0 == .probeDue }, { if case .avoided = $0 { true } else { false } }, { _ in true },
        ]
        for isWanted in groups {
            if let target = living(of: zip(targets, health).filter { isWanted($0.1) }.map(\.0)) { return target }
        }
        return nil
    }

    private func living(of targets: [Target]) -> Target? {
        var candidates = targets
        // Ask after the one that was chosen only; choose again when it is dead.
        while let offset = pick(candidates) {
            if isAlive(candidates[offset]) { return candidates[offset] }
            candidates.remove(at: offset)
        }
        return nil
    }

    private func pick(_ targets: [Target]) -> Int? {
        var generator = SystemRandomNumberGenerator()
        // What the commonest way needs not be told.
        if resilience.balancing == .random { return targets.indices.randomElement(using: &generator) }
        let candidates = targets.map { Balancing.Candidate(weight: $0.weight, inFlight: $0.inFlight) }
        return resilience.balancing.choose(among: candidates, turn: calls.nextTurn(), using: &generator)
    }
}

/// What the calls to one service share.
final class ServiceCalls: Sendable {
    private let budget: Mutex<RetryBudget>
    private let turns = Atomic<UInt64>(0)

    init(retryShare: Double) { budget = Mutex(RetryBudget(share: retryShare, at: .now)) }

    func nextTurn() -> UInt64 { turns.wrappingAdd(1, ordering: .relaxed).oldValue }

    func begin(at now: ContinuousClock.Instant) { budget.withLock { $0.deposit(at: now) } }

    func mayRetry(at now: ContinuousClock.Instant) -> Bool { budget.withLock { $0.withdraw(at: now) } }
}

/// The overrides and policies of one address, and what its service's calls share.
final class Rules: Sendable {
    private struct Key: Hashable {
        let service: String
        let retryShare: Double
    }

    let overrides: [Override]
    private let policies: [PolicyRule]
    private let base: RequestPolicy
    private let calls = Mutex<[Key: ServiceCalls]>([:])

    init(_ configuration: Discovery.Configuration) {
        overrides = configuration.overrides
        policies = configuration.policies
        var base = RequestPolicy()
        base.deadline = configuration.request.deadline
        base.isIdempotent = configuration.request.isIdempotent
        self.base = base
    }

    /// By which rules calls are made: of several that match, for each setting the last that has it counts.
    func resilience(for parts: Address.Parts, in namespace: String) throws(DiscoveryError) -> Resilience {
        let matching = policies.filter { $0.pattern.matches(parts, in: namespace) }
        let policy = matching.reversed().reduce(RequestPolicy()) { $0.completed(from: $1.policy) }
        return try Resilience(policy.completed(from: base))
    }

    func calls(to service: String, retryShare: Double) -> ServiceCalls {
        calls.withLock { calls in
            let key = Key(service: service, retryShare: retryShare)
            if let known = calls[key] { return known }
            if calls.count >= 4_096 { calls.removeAll(keepingCapacity: true) }
            let made = ServiceCalls(retryShare: retryShare)
            calls[key] = made
            return made
        }
    }
}
