import Testing

@testable import DiscoveryKit

/// Long random sequences of calls, outcomes and time: a target's health does what its model does, and what must never happen does not.
struct TargetHealthModelTests {
    @Test func `health does what its model does`() async {
        var seen: Set<TargetHealthModel.Sight> = []
        for await round in Rounds.each() {
            var walk = Walk(round: round)
            for _ in 0..<3_000 {
                guard walk.step() else { return }
            }
            seen.formUnion(walk.model.seen)
        }
        if Rounds.count >= 30 { #expect(seen == Set(TargetHealthModel.Sight.allCases), "\(Rounds.note)") }
    }

    @Test func `never are two probes in flight, unless one is overdue`() async {
        for await round in Rounds.each() {
            var walk = Walk(round: round)
            var probes: [Int: ContinuousClock.Instant] = [:]
            for _ in 0..<3_000 {
                guard walk.step() else { return }
                for (id, admission) in walk.pending where admission.isProbe && probes[id] == nil { probes[id] = walk.now }
                // An ejection that ended takes its probes with it.
                probes = probes.filter { walk.pending[$0.key] != nil && !walk.model.isStale($0.key) }
                #expect(probes.values.count { walk.now < $0 + walk.rule.longest } <= 1, walk.note)
            }
        }
    }

    @Test func `never is a target shut for longer than the longest ejection, and one probe opens it`() async throws {
        for await round in Rounds.each() {
            var walk = Walk(round: round)
            for _ in 0..<3_000 {
                guard walk.step() else { return }
                var health = walk.health
                var now = walk.now
                switch health.state(at: now) {
                case .available: continue
                case .probeDue: break
                case .avoided(let until), .open(let until):
                    #expect(until > now && until <= now + walk.rule.longest, walk.note)
                    now = until
                }
                let admission = health.admit(at: now)
                let probe = try #require(admission, walk.note)
                #expect(probe.isProbe, walk.note)
                health.record(.success, of: probe, at: now)
                #expect(health.state(at: now) == .available, walk.note)
            }
        }
    }

    @Test func `an outcome from before an ejection, or of a call admitted anyway, changes nothing`() async {
        var count = 0
        for await round in Rounds.each() {
            var walk = Walk(round: round)
            for _ in 0..<3_000 {
                guard walk.step() else { return }
                for (id, admission) in walk.pending where walk.model.isStale(id) {
                    for outcome in Walk.outcomes {
                        var health = walk.health
                        health.record(outcome, of: admission, at: walk.now)
                        #expect(health == walk.health, walk.note)
                        count += 1
                    }
                }
            }
        }
        #expect(count > Rounds.count * 1_000)
    }
}

/// One target, its model, and the calls to it.
private struct Walk {
    static let outcomes: [TargetHealth.Outcome] = [.success, .functionFailed, .lost, .unknown]

    let rule: TargetHealth.Rule
    private(set) var health: TargetHealth
    private(set) var model: TargetHealthModel
    private(set) var now = ContinuousClock.now
    /// Calls whose outcome has not come.
    private(set) var pending: [Int: TargetHealth.Admission] = [:]
    private let round: Int
    private var random: SplitMix
    private var calls = 0
    /// How many of ten calls fail, for a while.
    private var failing = 0
    private var history: [String] = []

    var note: Comment { "round \(round), \(Rounds.note), \(rule): \(history)" }

    init(round: Int) {
        self.round = round
        random = SplitMix(round: round)
        let first = Duration.milliseconds(Int.random(in: 1...1_000, using: &random))
        rule = TargetHealth.Rule(
            failures: Bool.random(using: &random) ? 5 : Int.random(in: 1...32, using: &random), first: first,
            longest: first * Int.random(in: 1...30, using: &random))
        health = TargetHealth(rule)
        model = TargetHealthModel(rule)
    }

    /// Does one thing to both; whether they still agree.
    mutating func step() -> Bool {
        if Int.random(in: 0..<60, using: &random) == 0 { failing = [0, 0, 2, 5, 9, 10].randomElement(using: &random)! }
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<8: admit(anyway: Int.random(in: 0..<8, using: &random) == 0)
        case 8..<16: record()
        case 16: vanish()
        default: wait()
        }
        let later = now + rule.longest * Double.random(in: 0...1.5, using: &random)
        #expect(health.isAvailable == (health.state(at: now) == .available), note)
        let agree = health.state(at: now) == model.state(at: now) && health.state(at: later) == model.state(at: later)
        #expect(agree, "\(health.state(at: now)), not \(model.state(at: now)): \(note)")
        return agree
    }

    private mutating func did(_ step: String) { history = history.suffix(12) + [step] }

    private mutating func admit(anyway: Bool) {
        calls += 1
        did("\(anyway ? "admit anyway" : "admit") \(calls)")
        let admission = anyway ? health.admitAnyway(at: now) : health.admit(at: now)
        let isAdmitted = model.admit(calls, anyway: anyway, at: now)
        #expect((admission != nil) == isAdmitted, note)
        #expect(admission?.isProbe ?? false == model.isProbe(calls), note)
        pending[calls] = admission
    }

    private mutating func record() {
        guard let id = pending.keys.sorted().randomElement(using: &random), let admission = pending.removeValue(forKey: id) else { return }
        let fails = Int.random(in: 0..<10, using: &random) < failing
        let outcome: TargetHealth.Outcome =
            Int.random(in: 0..<15, using: &random) == 0
            ? .unknown : !fails ? .success : Bool.random(using: &random) ? .lost : .functionFailed
        did("\(outcome) of \(id)")
        health.record(outcome, of: admission, at: now)
        model.record(outcome, of: id, at: now)
    }

    private mutating func vanish() {
        guard let id = pending.keys.sorted().randomElement(using: &random) else { return }
        did("\(id) vanishes")
        pending[id] = nil
    }

    /// Often to where something changes, or to just before.
    private mutating func wait() {
        switch (health.state(at: now), Int.random(in: 0..<3, using: &random)) {
        case (.open(let until), 0), (.avoided(let until), 0): now = until
        case (.open(let until), 1), (.avoided(let until), 1): now = max(now, until - .nanoseconds(1))
        default: now += rule.first * Double.random(in: 0...1, using: &random)
        }
        did("until \(now)")
    }
}
