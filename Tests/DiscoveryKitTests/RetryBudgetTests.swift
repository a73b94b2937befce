import Testing

@testable import DiscoveryKit

struct RetryBudgetTests {
    private let start = ContinuousClock.now

    /// How many retries there are in one instant.
    private func drain(_ budget: inout RetryBudget, at now: ContinuousClock.Instant) -> Int {
        var count = 0
        while budget.withdraw(at: now) { count += 1 }
        return count
    }

    @Test func `a budget starts with ten retries, and time brings one a second, up to ten`() {
        var budget = RetryBudget(share: 0.2, at: start)
        #expect(drain(&budget, at: start) == 10)
        #expect(drain(&budget, at: start + .milliseconds(999)) == 0)
        #expect(drain(&budget, at: start + .seconds(1)) == 1)
        #expect(drain(&budget, at: start + .milliseconds(4_500)) == 3)
        #expect(drain(&budget, at: start + .seconds(5)) == 1)
        #expect(drain(&budget, at: start + .seconds(15)) == 10)
        #expect(drain(&budget, at: start + .seconds(100_000)) == 10)
    }

    @Test func `what time brought is not lost to what calls bring`() {
        var budget = RetryBudget(share: 0.2, at: start)
        #expect(drain(&budget, at: start) == 10)
        for _ in 0..<50 { budget.deposit(at: start + .seconds(5)) }
        #expect(drain(&budget, at: start + .seconds(5)) == 15)
    }

    @Test(arguments: [(0.1, 10), (0.2, 5), (0.25, 4), (0.3, 10), (0.5, 2), (1, 1)])
    func `so many calls pay for their share of retries exactly`(share: Double, calls: Int) {
        var budget = RetryBudget(share: share, at: start)
        #expect(drain(&budget, at: start) == 10)
        for _ in 0..<calls { budget.deposit(at: start) }
        #expect(drain(&budget, at: start) == Int((Double(calls) * share).rounded()))
    }

    @Test func `calls never save up more than a hundred retries`() {
        var budget = RetryBudget(share: 0.2, at: start)
        for _ in 0..<100_000 { budget.deposit(at: start) }
        #expect(drain(&budget, at: start) == 100)
    }

    @Test func `what calls saved up is not lost to time`() {
        var budget = RetryBudget(share: 1, at: start)
        for _ in 0..<40 { budget.deposit(at: start) }
        #expect(drain(&budget, at: start + .seconds(60)) == 50)
    }

    @Test func `a share of zero means no retries, whatever calls and time bring`() {
        var budget = RetryBudget(share: 0, at: start)
        #expect(budget.withdraw(at: start) == false)
        for second in 0..<1_000 {
            budget.deposit(at: start + .seconds(second))
            #expect(budget.withdraw(at: start + .seconds(second)) == false)
        }
    }

    @Test func `a clock that was read too early changes nothing`() {
        var budget = RetryBudget(share: 0.5, at: start + .seconds(10))
        #expect(drain(&budget, at: start) == 10)
        #expect(drain(&budget, at: start + .seconds(10)) == 0)
        budget.deposit(at: start)
        budget.deposit(at: start + .seconds(9))
        #expect(drain(&budget, at: start + .seconds(10)) == 1)
        #expect(drain(&budget, at: start + .seconds(12)) == 2)
    }

    @Test func `in the long run retries are the share of calls, and one a second`() async {
        for await round in Rounds.each() {
            var random = SplitMix(round: round)
            let share = Int.random(in: 1...100, using: &random)
            var (now, calls, retries, passed) = (start, 0, 0, 0)
            var budget = RetryBudget(share: Double(share) / 100, at: now)
            retries += drain(&budget, at: now)
            for _ in 0..<2_000 {
                passed += Int.random(in: 0...100, using: &random)
                now = start + .milliseconds(passed)
                // Whoever takes every retry at once never lets the bucket overflow.
                for _ in 0..<Int.random(in: 0...20, using: &random) {
                    budget.deposit(at: now)
                    calls += 1
                    retries += drain(&budget, at: now)
                }
            }
            retries += drain(&budget, at: now)
            #expect(retries == (10_000 + calls * share * 10 + passed) / 1_000, "round \(round), \(Rounds.note)")
        }
    }

    @Test func `any ten seconds have room for ten retries, and no instant for more than a hundred`() async {
        for await round in Rounds.each() {
            var random = SplitMix(round: round)
            var now = start
            var budget = RetryBudget(share: Double.random(in: 0.001...1, using: &random), at: now)
            for _ in 0..<200 {
                now += .milliseconds(Int.random(in: 0...3_000, using: &random))
                for _ in 0..<Int.random(in: 0...50, using: &random) { budget.deposit(at: now) }
                for _ in 0..<Int.random(in: 0...30, using: &random) { _ = budget.withdraw(at: now) }
                var eager = budget
                let retries = (0...10).map { drain(&eager, at: now + .seconds($0)) }
                #expect(retries.reduce(0, +) >= 10, "round \(round), \(Rounds.note)")
                #expect(retries[0] <= 100, "round \(round), \(Rounds.note)")
                var late = budget
                #expect(drain(&late, at: now + .seconds(10)) >= 10, "round \(round), \(Rounds.note)")
            }
        }
    }
}
