import Testing

@testable import DiscoveryKit

struct TargetHealthTests {
    private static let start = ContinuousClock.now
    private static let rule = TargetHealth.Rule(failures: 5, first: .milliseconds(500), longest: .seconds(10))

    private static func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// A target to which calls were made one after the other, at one time, with these outcomes: `s`uccess, `f`unction failed, `l`ost and
    /// `u`nknown. A closed target admits all of them, unless told that one is refused.
    private static func health(after outcomes: String, at milliseconds: Int = 0, rule: TargetHealth.Rule = rule) -> TargetHealth {
        var health = TargetHealth(rule)
        call(&health, outcomes, at: milliseconds)
        return health
    }

    private static func call(_ health: inout TargetHealth, _ outcomes: String, at milliseconds: Int) {
        for letter in outcomes {
            guard let admission = health.admit(at: at(milliseconds)) else {
                Issue.record("refused at \(milliseconds) ms")
                return
            }
            health.record(outcome(letter), of: admission, at: at(milliseconds))
        }
    }

    private static func admitted(_ health: inout TargetHealth, at milliseconds: Int) throws -> TargetHealth.Admission {
        let admission = health.admit(at: at(milliseconds))
        return try #require(admission)
    }

    private static func outcome(_ letter: Character) -> TargetHealth.Outcome {
        switch letter {
        case "s": .success
        case "f": .functionFailed
        case "l": .lost
        default: .unknown
        }
    }

    @Test(arguments: [
        ("", true), ("llll", true), ("lllll", false), ("lllsllll", true), ("llluuull", false), ("ssssslllll", false), ("flflf", false),
        // Half of at least ten, of the last twenty.
        ("lslslslsl", true), ("slslslslsl", false), ("lslslslsls", true), ("lslslslslss", true), ("lslslslslssl", false),
        ("lslslslslsssl", true),
        ("sssssssssssssssssssslslslslslslslslsl", true), ("sssssssssssssssssssslslslslslslslslslsl", false),
        ("ssslssslssslssslssslssslsssl", true), ("fusufusufusufusuf", true), ("fusufusufusufususuf", false),
        ("uuuuuuuuuuuuuuuuuuuuuuuu", true),
    ])
    func `failures in a row eject, and half of the last twenty`(outcomes: String, isAvailable: Bool) {
        var health = TargetHealth(Self.rule)
        Self.call(&health, String(outcomes.dropLast()), at: 0)
        #expect(health.state(at: Self.at(0)) == .available)
        Self.call(&health, String(outcomes.suffix(1)), at: 0)
        #expect((health.state(at: Self.at(0)) == .available) == isAvailable)
    }

    @Test(arguments: [1, 2, 9, 10])
    func `so many failures in a row eject as the rule says`(failures: Int) {
        let rule = TargetHealth.Rule(failures: failures, first: .seconds(1), longest: .seconds(1))
        let failed = String(repeating: "l", count: failures)
        #expect(Self.health(after: String(failed.dropLast()), rule: rule).state(at: Self.at(0)) == .available)
        #expect(Self.health(after: failed, rule: rule).state(at: Self.at(0)) == .open(until: Self.at(1_000)))
    }

    @Test func `the last failure decides whether a target is avoided or refused`() {
        #expect(Self.health(after: "llllf").state(at: Self.at(0)) == .avoided(until: Self.at(500)))
        #expect(Self.health(after: "ffffl").state(at: Self.at(0)) == .open(until: Self.at(500)))
        var health = Self.health(after: "lllll")
        Self.call(&health, "f", at: 500)
        #expect(health.state(at: Self.at(500)) == .avoided(until: Self.at(1_500)))
    }

    @Test func `an ejected target admits nothing, then one probe, then all`() throws {
        var health = Self.health(after: "lllll")
        #expect(health.admit(at: Self.at(499)) == nil)
        #expect(health.state(at: Self.at(499)) == .open(until: Self.at(500)))
        #expect(health.state(at: Self.at(500)) == .probeDue)
        let probe = try Self.admitted(&health, at: 500)
        #expect(probe.isProbe)
        #expect(health.admit(at: Self.at(500)) == nil)
        #expect(health.state(at: Self.at(500)) == .open(until: Self.at(10_500)))
        health.record(.success, of: probe, at: Self.at(700))
        #expect(health.state(at: Self.at(700)) == .available)
        let next = try Self.admitted(&health, at: 700)
        #expect(!next.isProbe)
    }

    @Test func `a recovered target is judged anew`() {
        var health = Self.health(after: "sslllll")
        Self.call(&health, "s", at: 500)
        Self.call(&health, "llllslslsl", at: 500)
        #expect(health.state(at: Self.at(500)) == .open(until: Self.at(1_500)))
        health = Self.health(after: "sslllll")
        Self.call(&health, "s", at: 500)
        Self.call(&health, "llllslsls", at: 500)
        #expect(health.state(at: Self.at(500)) == .available)
    }

    @Test func `each ejection is twice as long as the last, up to the longest`() {
        var health = Self.health(after: "lllll")
        var now = 0
        for length in [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
            #expect(health.state(at: Self.at(now)) == .open(until: Self.at(now + length)))
            now += length
            Self.call(&health, "l", at: now)
        }
    }

    @Test(arguments: [("s", 1_000), ("sssssssss", 1_000), ("ssssssssss", 500), ("slsssssssss", 1_000), ("slssssssssss", 500)])
    func `ten successes in a row, the probe's among them, make the next ejection a first one`(outcomes: String, length: Int) {
        var health = Self.health(after: "lllll")
        Self.call(&health, outcomes, at: 500)
        #expect(health.state(at: Self.at(500)) == .available)
        var failures = 0
        while health.state(at: Self.at(500)) == .available, failures < 20 {
            Self.call(&health, "l", at: 500)
            failures += 1
        }
        #expect(health.state(at: Self.at(500)) == .open(until: Self.at(500 + length)))
    }

    @Test func `outcomes of calls from before an ejection neither lengthen nor end it, nor count afterwards`() throws {
        var health = TargetHealth(Self.rule)
        let early = try (0..<40).map { _ in try Self.admitted(&health, at: 0) }
        Self.call(&health, "lllll", at: 0)
        let ejected = health
        for (admission, outcome) in zip(early, [.success, .lost, .functionFailed, .unknown] as [TargetHealth.Outcome]) {
            health.record(outcome, of: admission, at: Self.at(100))
        }
        #expect(health == ejected)
        let probe = try Self.admitted(&health, at: 500)
        for admission in early[4..<14] { health.record(.success, of: admission, at: Self.at(600)) }
        #expect(health.state(at: Self.at(600)) == .open(until: Self.at(10_500)))
        health.record(.success, of: probe, at: Self.at(700))
        for admission in early[14...] { health.record(.lost, of: admission, at: Self.at(800)) }
        #expect(health.state(at: Self.at(800)) == .available)
    }

    @Test func `a probe whose caller was cancelled makes room for the next at once`() throws {
        var health = Self.health(after: "lllll")
        let probe = try Self.admitted(&health, at: 600)
        health.record(.unknown, of: probe, at: Self.at(700))
        #expect(health.state(at: Self.at(700)) == .probeDue)
        let next = try Self.admitted(&health, at: 700)
        health.record(.unknown, of: probe, at: Self.at(710))
        #expect(health.admit(at: Self.at(720)) == nil)
        health.record(.lost, of: next, at: Self.at(800))
        #expect(health.state(at: Self.at(800)) == .open(until: Self.at(1_800)))
    }

    @Test func `a probe whose outcome never comes blocks for the longest ejection only`() throws {
        var health = Self.health(after: "lllll")
        _ = try Self.admitted(&health, at: 500)
        #expect(health.admit(at: Self.at(10_499)) == nil)
        #expect(health.state(at: Self.at(10_500)) == .probeDue)
        let second = try Self.admitted(&health, at: 10_500)
        #expect(health.admit(at: Self.at(10_500)) == nil)
        health.record(.success, of: second, at: Self.at(10_600))
        #expect(health.state(at: Self.at(10_600)) == .available)
    }

    @Test func `a probe that answers when it is overdue tells as much`() throws {
        var health = Self.health(after: "lllll")
        let slow = try Self.admitted(&health, at: 500)
        let second = try Self.admitted(&health, at: 10_500)
        health.record(.unknown, of: slow, at: Self.at(10_550))
        #expect(health.admit(at: Self.at(10_560)) == nil)
        health.record(.success, of: slow, at: Self.at(10_600))
        #expect(health.state(at: Self.at(10_600)) == .available)
        let recovered = health
        health.record(.lost, of: second, at: Self.at(10_700))
        #expect(health == recovered)
    }

    @Test func `a target that is avoided can be called all the same, which changes nothing`() throws {
        var health = Self.health(after: "fffff")
        let ejected = health
        #expect(health.admit(at: Self.at(100)) == nil)
        for outcome in [.success, .functionFailed, .lost, .unknown] as [TargetHealth.Outcome] {
            let admission = health.admitAnyway(at: Self.at(100))
            #expect(!admission.isProbe)
            health.record(outcome, of: admission, at: Self.at(200))
        }
        #expect(health == ejected)
        let probe = health.admitAnyway(at: Self.at(500))
        #expect(probe.isProbe)
        let other = health.admitAnyway(at: Self.at(500))
        #expect(!other.isProbe)
        health.record(.success, of: other, at: Self.at(600))
        #expect(health.state(at: Self.at(600)) == .avoided(until: Self.at(10_500)))
        health.record(.success, of: probe, at: Self.at(600))
        #expect(health.state(at: Self.at(600)) == .available)
    }

    @Test func `after any number of calls the last twenty are what counts`() {
        var health = TargetHealth(TargetHealth.Rule(failures: 32, first: .seconds(1), longest: .seconds(1)))
        for count in [0, 50, 62, 63, 64, 65, 200] {
            Self.call(&health, String(repeating: "s", count: count), at: 0)
            Self.call(&health, "ssssssssssssssssssss", at: 0)
            Self.call(&health, "lllllllll", at: 0)
            #expect(health.state(at: Self.at(0)) == .available, "after \(count)")
        }
        Self.call(&health, "l", at: 0)
        #expect(health.state(at: Self.at(0)) != .available)
    }
}
