@testable import DiscoveryKit

/// What a target's health is to do, in lists: no word of bits, nothing forgotten.
struct TargetHealthModel {
    typealias Instant = ContinuousClock.Instant

    private struct Call {
        /// Since how many changes between closed and ejected.
        let changes: Int
        let isProbe: Bool
    }

    private struct Ejection {
        let until: Instant
        let cause: TargetHealth.Outcome
        var probe: (id: Int, overdue: Instant)?
    }

    private let rule: TargetHealth.Rule
    private var calls: [Int: Call] = [:]
    private var outcomes: [TargetHealth.Outcome] = []
    private var ejection: Ejection?
    private var changes = 0
    /// Since the start, or the last streak of successes.
    private var ejections = 0

    /// What happened, so that a test knows that it tested something.
    private(set) var seen: Set<Sight> = []

    enum Sight: CaseIterable {
        case ejectedByRow, ejectedByHalf, recovered, ejectedAgain, longest, streak, probeReturned, probeOverdue, overdueProbeCounted,
            ignored
    }

    init(_ rule: TargetHealth.Rule) { self.rule = rule }

    func state(at now: Instant) -> TargetHealth.State {
        guard let ejection else { return .available }
        let until = ejection.probe?.overdue ?? ejection.until
        if until <= now { return .probeDue }
        return ejection.cause == .lost ? .open(until: until) : .avoided(until: until)
    }

    /// Whether the call is admitted.
    mutating func admit(_ id: Int, anyway: Bool, at now: Instant) -> Bool {
        switch state(at: now) {
        case .available: calls[id] = Call(changes: changes, isProbe: false)
        case .probeDue:
            if ejection?.probe != nil { seen.insert(.probeOverdue) }
            let overdue = now + rule.longest
            ejection?.probe = (id, overdue)
            calls[id] = Call(changes: changes, isProbe: true)
        case .avoided, .open:
            guard anyway else { return false }
            calls[id] = Call(changes: changes, isProbe: false)
        }
        return true
    }

    func isProbe(_ id: Int) -> Bool { calls[id]?.isProbe ?? false }

    /// Whether nothing that becomes of a call matters any more.
    func isStale(_ id: Int) -> Bool {
        guard let call = calls[id], call.changes == changes else { return true }
        return ejection != nil && !call.isProbe
    }

    mutating func record(_ outcome: TargetHealth.Outcome, of id: Int, at now: Instant) {
        if isStale(id) {
            seen.insert(.ignored)
        } else if ejection != nil {
            if outcome != .unknown, ejection?.probe?.id != id { seen.insert(.overdueProbeCounted) }
            switch outcome {
            case .success:
                changes += 1
                ejection = nil
                outcomes = [.success]
                seen.insert(.recovered)
            case .functionFailed, .lost:
                seen.insert(.ejectedAgain)
                eject(outcome, at: now)
            case .unknown:
                if ejection?.probe?.id == id {
                    ejection?.probe = nil
                    seen.insert(.probeReturned)
                }
            }
        } else if outcome != .unknown {
            outcomes.append(outcome)
            judge(outcome, at: now)
        }
    }

    private mutating func judge(_ outcome: TargetHealth.Outcome, at now: Instant) {
        if outcomes.count >= 10, outcomes.suffix(10).allSatisfy({ $0 == .success }) {
            if ejections > 0 { seen.insert(.streak) }
            ejections = 0
        }
        guard outcome != .success else { return }
        let recent = outcomes.suffix(20)
        if outcomes.count >= rule.failures, outcomes.suffix(rule.failures).allSatisfy({ $0 != .success }) {
            seen.insert(.ejectedByRow)
            eject(outcome, at: now)
        } else if recent.count >= 10, recent.count(where: { $0 != .success }) * 2 >= recent.count {
            seen.insert(.ejectedByHalf)
            eject(outcome, at: now)
        }
    }

    private mutating func eject(_ cause: TargetHealth.Outcome, at now: Instant) {
        var length = rule.first
        for _ in 0..<ejections { length = min(length * 2, rule.longest) }
        if ejections > 0, length == rule.longest { seen.insert(.longest) }
        changes += 1
        ejections += 1
        ejection = Ejection(until: now + length, cause: cause)
    }
}
