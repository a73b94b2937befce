internal import Foundation
internal import Synchronization

/// Where calls to one address go, and by which rules, as long as it is fresh.
final class Route: Sendable {
    let targets: [Target]
    let override: Override?
    let rules: Resilience
    let calls: AddressCalls
    let made = ContinuousClock.now
    private let freshness: any Freshness

    init(_ targets: [Target], _ override: Override?, _ rules: Resilience, _ calls: AddressCalls, _ freshness: any Freshness) {
        // Who has weight nothing is not called, unless all have.
        let weighty = rules.balancing == .weighted ? targets.filter { $0.weight > 0 } : targets
        self.targets = weighty.isEmpty ? targets : weighty
        self.override = override
        self.rules = rules
        self.calls = calls
        self.freshness = freshness
    }

    /// What calls are answered with instead of being made.
    var canned: Override.Reply? { override?.reply }

    var isFresh: Bool { freshness.isFresh && !(override?.expires != nil && override?.isExpired(at: Date()) == true) }

    func check() throws(DiscoveryError) { try freshness.check() }

    /// A call has failed: the registry is asked again, where it would not have told of a change.
    func doubt(since start: ContinuousClock.Instant) { freshness.doubt(since: start) }

    var staleness: Duration? { freshness.staleness }

    func isAlive(_ target: Target) -> Bool { target.instance.map(freshness.isAlive) ?? true }

    // MARK: Choosing

    enum Admittance {
        case admitted(Target, TargetHealth.Admission)
        /// Nobody may be called now; this is one of them.
        case refused(Target)
        /// Nobody lives.
        case nobody
    }

    /// The right to make one call to a living target: one that ``choose(avoiding:at:)`` would choose.
    func admit(avoiding failed: [Target] = [], at now: ContinuousClock.Instant) -> Admittance {
        var passed: [Target] = []
        while let target = choose(avoiding: failed, besides: passed, at: now) {
            if let admission = target.admit(at: now) {
                calls.nextTurn()
                return .admitted(target, admission)
            }
            // Its function fails and there is no other; or another call has just become its probe.
            if case .avoided = target.health(at: now), let admission = target.admit(at: now, anyway: true) {
                return .admitted(target, admission)
            }
            passed.append(target)
        }
        return passed.first.map { .refused($0) } ?? .nobody
    }

    /// A living target: one that does well and has not failed this caller; else, of those, one whose function fails; else one that has failed
    /// this caller. Only when there is nobody else, one that is not to be called at all.
    ///
    /// - Parameter passed: those that are out of the question.
    func choose(avoiding failed: [Target] = [], besides passed: [Target] = [], at now: ContinuousClock.Instant) -> Target? {
        if targets.count == 1, passed.isEmpty { return isAlive(targets[0]) ? targets[0] : nil }
        if failed.isEmpty, passed.isEmpty, targets.allSatisfy(\.isAvailable) { return living(of: targets) }
        func rank(_ target: Target) -> Int {
            let isUntried = !failed.contains { $0.isSame(as: target) }
            return switch target.health(at: now) {
            case .available, .probeDue: isUntried ? 0 : 2
            case .avoided: isUntried ? 1 : 3
            case .open: 4
            }
        }
        let ranked = targets.filter { target in !passed.contains { $0.isSame(as: target) } }.map { (rank: rank($0), target: $0) }
        for rank in 0...4 {
            if let target = living(of: ranked.filter { $0.rank == rank }.map(\.target)) { return target }
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
        if rules.balancing == .random { return targets.indices.randomElement(using: &generator) }
        let candidates = targets.map { Balancing.Candidate(weight: $0.weight, inFlight: $0.inFlight) }
        return rules.balancing.choose(among: candidates, turn: calls.turn, using: &generator)
    }
}

/// What the calls to one address share, however often it is resolved.
final class AddressCalls: Sendable {
    private let budget: Mutex<RetryBudget>
    private let turns = Atomic<UInt64>(0)

    init(retryShare: Double) { budget = Mutex(RetryBudget(share: retryShare, at: .now)) }

    /// How many calls went before.
    var turn: UInt64 { turns.load(ordering: .relaxed) }

    func nextTurn() { turns.wrappingAdd(1, ordering: .relaxed) }

    func begin(at now: ContinuousClock.Instant) { budget.withLock { $0.deposit(at: now) } }

    func mayRetry(at now: ContinuousClock.Instant) -> Bool { budget.withLock { $0.withdraw(at: now) } }
}
