import Testing

@testable import DiscoveryKit

struct RequestPolicyTests {
    typealias Change = @Sendable (inout RequestPolicy) -> Void

    private static func policy(_ change: (inout RequestPolicy) -> Void) -> RequestPolicy {
        var policy = RequestPolicy()
        change(&policy)
        return policy
    }

    /// All fields set, all other than the defaults.
    private static let full = policy {
        $0.deadline = .seconds(3)
        $0.isIdempotent = true
        $0.tryDeadline = .seconds(1)
        $0.attempts = 2
        $0.firstBackoff = .milliseconds(10)
        $0.longestBackoff = .milliseconds(20)
        $0.retryShare = 0.5
        $0.balancing = .weighted
        $0.failuresBeforeEjection = 3
        $0.firstEjection = .seconds(1)
        $0.longestEjection = .seconds(2)
    }

    @Test func `every field has a default, and no field is forgotten when policies are completed`() throws {
        // Without one, a try may take all of the deadline.
        for field in Mirror(reflecting: RequestPolicy.defaults).children where field.label != "tryDeadline" {
            #expect(Mirror(reflecting: field.value).children.count == 1, "\(field.label ?? "") has no default")
        }
        for (field, other) in zip(Mirror(reflecting: Self.full).children, Mirror(reflecting: RequestPolicy.defaults).children) {
            #expect("\(field.value)" != "\(other.value)", "\(field.label ?? "") is as the default")
        }
        #expect(RequestPolicy().completed(from: Self.full) == Self.full)
        #expect(Self.full.completed(from: .defaults) == Self.full)
        #expect(RequestPolicy().completed(from: RequestPolicy()) == RequestPolicy())
    }

    @Test func `what a policy leaves open has its default`() throws {
        let resilience = try Resilience(RequestPolicy())
        #expect(resilience.deadline == .seconds(30))
        #expect(!resilience.isIdempotent)
        #expect(resilience.attempts == 5)
        #expect(resilience.backoff == Backoff(first: .milliseconds(50), longest: .seconds(2)))
        #expect(resilience.retryShare == 0.2)
        #expect(resilience.balancing == .random)
        #expect(resilience.ejection == TargetHealth.Rule(failures: 5, first: .milliseconds(500), longest: .seconds(10)))
    }

    @Test func `what a policy says is what calls are made by`() throws {
        let resilience = try Resilience(Self.full)
        #expect(resilience.deadline == .seconds(3))
        #expect(resilience.isIdempotent)
        #expect(resilience.tryDeadline == .seconds(1))
        #expect(resilience.attempts == 2)
        #expect(resilience.backoff == Backoff(first: .milliseconds(10), longest: .milliseconds(20)))
        #expect(resilience.retryShare == 0.5)
        #expect(resilience.balancing == .weighted)
        #expect(resilience.ejection == TargetHealth.Rule(failures: 3, first: .seconds(1), longest: .seconds(2)))
    }

    @Test func `an inherited bound gives way to one that a policy sets itself`() {
        let patient = Self.policy { $0.firstBackoff = .seconds(5) }.completed(from: .defaults)
        #expect(patient.firstBackoff == .seconds(5) && patient.longestBackoff == .seconds(5))
        let hasty = Self.policy { $0.longestBackoff = .milliseconds(1) }.completed(from: .defaults)
        #expect(hasty.firstBackoff == .milliseconds(1) && hasty.longestBackoff == .milliseconds(1))
        let gentle = Self.policy { $0.firstEjection = .seconds(20) }.completed(from: .defaults)
        #expect(gentle.firstEjection == .seconds(20) && gentle.longestEjection == .seconds(20))
        let strict = Self.policy { $0.longestEjection = .milliseconds(100) }.completed(from: .defaults)
        #expect(strict.firstEjection == .milliseconds(100) && strict.longestEjection == .milliseconds(100))
    }

    private static let longest = Duration(secondsComponent: .max, attosecondsComponent: 0)

    private static let senseless: [(String, Change)] = [
        ("tryDeadline", { $0.tryDeadline = .zero }), ("deadline", { $0.deadline = .zero }), ("deadline", { $0.deadline = .seconds(-1) }),
        ("deadline", { $0.deadline = longest }),
        ("deadline", { $0.deadline = .seconds(365 * 86_400 + 1) }), ("attempts", { $0.attempts = 0 }),
        ("attempts", { $0.attempts = 11 }), ("attempts", { $0.attempts = .min }), ("firstBackoff", { $0.firstBackoff = .zero }),
        ("firstBackoff", { $0.firstBackoff = .nanoseconds(-1) }), ("firstBackoff", { $0.firstBackoff = .seconds(3_601) }),
        ("longestBackoff", { $0.longestBackoff = .zero }), ("longestBackoff", { $0.longestBackoff = longest }),
        ("longestBackoff", { ($0.firstBackoff, $0.longestBackoff) = (.seconds(2), .seconds(1)) }),
        ("retryShare", { $0.retryShare = .nan }), ("retryShare", { $0.retryShare = -0.01 }), ("retryShare", { $0.retryShare = 1.01 }),
        ("retryShare", { $0.retryShare = .infinity }), ("failuresBeforeEjection", { $0.failuresBeforeEjection = 0 }),
        ("failuresBeforeEjection", { $0.failuresBeforeEjection = 11 }), ("firstEjection", { $0.firstEjection = .zero }),
        ("firstEjection", { $0.firstEjection = .seconds(3_601) }), ("longestEjection", { $0.longestEjection = .seconds(-9) }),
        ("longestEjection", { $0.longestEjection = longest }),
        ("longestEjection", { ($0.firstEjection, $0.longestEjection) = (.seconds(2), .seconds(1)) }),
    ]

    @Test(arguments: senseless)
    func `a value that makes no sense is an error that names the field and the value`(field: String, change: Change) throws {
        let policy = Self.policy(change)
        let error = try #require(throws: DiscoveryError.self) { try policy.check() }
        #expect(error.code == .configuration)
        #expect(error.message.contains("`\(field)`"))
        let values = Mirror(reflecting: policy).children.compactMap { Mirror(reflecting: $0.value).children.first?.value }
        #expect(!values.isEmpty)
        for value in values { #expect(error.message.contains("\(value)")) }
        #expect(throws: DiscoveryError.self) { try Resilience(policy) }
    }

    private static let ends: [Change] = [
        { _ in }, { $0.deadline = .nanoseconds(1) }, { $0.deadline = .seconds(365 * 86_400) }, { $0.attempts = 1 },
        { $0.attempts = 10 }, { $0.firstBackoff = .nanoseconds(1) }, { $0.longestBackoff = .seconds(3_600) },
        { ($0.firstBackoff, $0.longestBackoff) = (.seconds(1), .seconds(1)) }, { $0.retryShare = 0 }, { $0.retryShare = 1 },
        { $0.failuresBeforeEjection = 1 }, { $0.failuresBeforeEjection = 10 }, { $0.firstEjection = .seconds(3_600) },
    ]

    @Test(arguments: ends)
    func `the ends of a range belong to it`(change: Change) throws {
        try Self.policy(change).check()
        _ = try Resilience(Self.policy(change))
    }

    @Test func `policies that make sense make one that does, and what a narrower one says stands`() async {
        for await round in Rounds.each() {
            var random = SplitMix(round: round)
            for _ in 0..<200 {
                let (narrow, wide, widest) = (Self.any(&random), Self.any(&random), Self.any(&random))
                let context: Comment = "round \(round), \(Rounds.note): \(narrow), \(wide), \(widest)"
                for policy in [
                    narrow.completed(from: wide).completed(from: widest), narrow.completed(from: wide.completed(from: widest)),
                ] {
                    #expect(throws: Never.self, context) {
                        try policy.check()
                        _ = try Resilience(policy)
                    }
                    let said = Mirror(reflecting: narrow).children.map { Mirror(reflecting: $0.value).children.first?.value }
                    let found = Mirror(reflecting: policy).children.map { Mirror(reflecting: $0.value).children.first?.value }
                    for case (let said?, let found) in zip(said, found) {
                        #expect(found.map { "\($0)" } == "\(said)", context)
                    }
                }
            }
        }
    }

    /// Some fields set, to what makes sense within one policy.
    private static func any(_ random: inout SplitMix) -> RequestPolicy {
        func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
        func pair() -> (Duration?, Duration?) {
            let (one, other) = (Int.random(in: 1...3_600_000, using: &random), Int.random(in: 1...3_600_000, using: &random))
            return (maybe(.milliseconds(min(one, other))), maybe(.milliseconds(max(one, other))))
        }
        var policy = RequestPolicy()
        policy.deadline = maybe(.milliseconds(Int.random(in: 1...100_000, using: &random)))
        policy.isIdempotent = maybe(Bool.random(using: &random))
        policy.attempts = maybe(Int.random(in: 1...10, using: &random))
        (policy.firstBackoff, policy.longestBackoff) = pair()
        policy.retryShare = maybe(Double.random(in: 0...1, using: &random))
        policy.balancing = maybe(Bool.random(using: &random) ? .roundRobin : .leastInFlight)
        policy.failuresBeforeEjection = maybe(Int.random(in: 1...10, using: &random))
        (policy.firstEjection, policy.longestEjection) = pair()
        return policy
    }
}
