import Registry
import Synchronization
import Testing

@testable import DiscoveryKit

@Suite struct RememberedTests {
    private static let start = ContinuousClock.now
    private static let times = RemoteTimes(
        timeToLive: .seconds(10), confirmation: .seconds(5), rereading: .seconds(30), staleness: .seconds(300), pause: .seconds(10))

    private static func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private static func named(_ port: Int = 1, revision: Int64? = 7) -> NamedInstances {
        NamedInstances(
            [Registry.Instance(id: "a", attributes: ["url": "http://127.0.0.1:\(port)/"], health: .unknown, incarnation: 1)],
            hasHealthCheck: false, revision: revision)
    }

    @Test(arguments: [(0, Remembered.Verdict.use), (4, .use), (5, .useAndAsk), (9, .useAndAsk), (10, .ask), (400, .ask)])
    func `what is remembered is used, then confirmed ahead, then waited for`(age: Int, verdict: Remembered.Verdict) {
        let remembered = Remembered(Self.named(), asked: Self.start)
        #expect(remembered.verdict(at: Self.at(age), Self.times) == verdict)
    }

    @Test(arguments: [(11, Remembered.Verdict.use), (20, .use), (21, .useAndAsk), (299, .useAndAsk), (300, .ask)])
    func `while nobody answers it is used up to its bound, and asked for now and then`(age: Int, verdict: Remembered.Verdict) {
        var remembered = Remembered(Self.named(), asked: Self.start)
        remembered.fail(at: Self.at(11))
        #expect(remembered.verdict(at: Self.at(age), Self.times) == verdict)
    }

    @Test func `a doubt has the next one wait, until the instances were read after it`() {
        var remembered = Remembered(Self.named(), asked: Self.start)
        #expect(remembered.isToldByRevision(at: Self.at(1), Self.times))
        remembered.doubt()
        #expect(remembered.verdict(at: Self.at(1), Self.times) == .ask && !remembered.isToldByRevision(at: Self.at(1), Self.times))
        remembered.confirm(asked: Self.at(1))
        #expect(remembered.verdict(at: Self.at(1), Self.times) == .ask)
        let same = remembered.reread(Self.named(), asked: Self.at(1), isStillDoubted: true)
        #expect(!same)
        #expect(remembered.verdict(at: Self.at(1), Self.times) == .ask)
        let other = remembered.reread(Self.named(2), asked: Self.at(2), isStillDoubted: false)
        #expect(other)
        #expect(remembered.verdict(at: Self.at(2), Self.times) == .use)
        // While nobody answers, doubts do not have every call wait.
        remembered.fail(at: Self.at(3))
        remembered.doubt()
        #expect(remembered.verdict(at: Self.at(4), Self.times) == .use && remembered.verdict(at: Self.at(13), Self.times) == .ask)
    }

    @Test func `a change that was answered has the next one wait, even if nobody answered before`() {
        var remembered = Remembered(Self.named(), asked: Self.start)
        remembered.fail(at: Self.at(11))
        remembered.change()
        #expect(remembered.verdict(at: Self.at(12), Self.times) == .ask && remembered.failed == nil)
    }

    @Test func `a revision tells for a while, and not where there is none`() {
        let remembered = Remembered(Self.named(), asked: Self.start)
        #expect(remembered.isToldByRevision(at: Self.at(29), Self.times) && !remembered.isToldByRevision(at: Self.at(30), Self.times))
        #expect(!Remembered(Self.named(revision: nil), asked: Self.start).isToldByRevision(at: Self.at(1), Self.times))
    }

    // MARK: Looks

    @Test func `many who ask at once share one look, and who doubts waits for another`() async throws {
        let looks = Looks()
        let memory = NamesMemory(Self.times) { _, _ in
            let number = looks.count.wrappingAdd(1, ordering: .relaxed).newValue
            for await _ in looks.gate { break }
            return .read(Self.named(number))
        }
        async let first = memory.value()
        async let second = memory.value()
        looks.open.yield()
        #expect(try await first.instances == second.instances)
        let known = try await memory.value()
        #expect(looks.count.load(ordering: .relaxed) == 1 && known.freshness?.isFresh == true)
        known.freshness?.doubt(since: .now)
        #expect(known.freshness?.isFresh == false)
        looks.open.yield()
        let again = try await memory.value()
        #expect(again.instances != known.instances && again.freshness?.isFresh == true && known.freshness?.isFresh == false)
    }

    @Test func `who waits for an answer waits no longer than the deadline, nor once cancelled`() async throws {
        let looks = Looks()
        let memory = NamesMemory(Self.times) { _, _ in
            for await _ in looks.gate { break }
            return .read(Self.named())
        }
        let late = await #expect(throws: DiscoveryError.self) { try await memory.value(until: .now + .milliseconds(1)) }
        #expect(late?.code == .deadlineExceeded)
        let caller = Task { try await memory.value() }
        caller.cancel()
        let cancelled = await #expect(throws: DiscoveryError.self) { try await caller.value }
        #expect(cancelled?.code == .cancelled)
        // Neither ended the look.
        looks.open.yield()
        #expect(try await memory.value().instances == Self.named().instances)
    }

    @Test func `what is remembered is used, and flagged, where no answer comes`() async throws {
        let looks = Looks()
        var times = Self.times
        times.patience = .milliseconds(1)
        let memory = NamesMemory(times) { _, _ in
            for await _ in looks.gate { break }
            return .read(Self.named())
        }
        looks.open.yield()
        let known = try await memory.value()
        known.freshness?.doubt(since: .now)
        let stale = try await memory.value()
        #expect(stale.instances == known.instances && stale.freshness?.staleness != nil)
        // After a change of one's own it is asked for again.
        memory.changed(isAnswered: true)
        #expect(stale.freshness?.isFresh == false && stale.freshness?.staleness == nil)
        looks.open.yield()
        looks.open.yield()
        while try await memory.value().freshness?.isFresh != true {}
    }

    @Test func `of calls that fail together one has it read again`() async throws {
        let looks = Looks()
        let memory = NamesMemory(Self.times) { _, _ in
            looks.count.wrappingAdd(1, ordering: .relaxed)
            return .read(Self.named())
        }
        let known = try await memory.value()
        let routed = ContinuousClock.now
        for _ in 0..<10 {
            known.freshness?.doubt(since: routed)
            _ = try await memory.value()
        }
        #expect(looks.count.load(ordering: .relaxed) == 2)
        known.freshness?.doubt(since: .now)
        _ = try await memory.value()
        #expect(looks.count.load(ordering: .relaxed) == 3)
    }

    @Test func `what is remembered is checked by whoever remembers it`() async throws {
        let memory = NamesMemory(
            Self.times, check: { () throws(DiscoveryError) in throw DiscoveryError(.homeUnusable, "It was shut down.") },
            look: { _, _ in .read(Self.named()) })
        let freshness = try #require(try await memory.value().freshness)
        #expect(throws: DiscoveryError.self) { try freshness.check() }
    }

    @Test func `what nobody confirms is used and flagged, and what is gone is forgotten`() async throws {
        let answer = Answer()
        let times = RemoteTimes(timeToLive: .zero, confirmation: .zero, pause: .zero)
        let memory = NamesMemory(times) { _, _ async throws(CloudMapFailure) in try answer.next.withLock { $0 }.get() }
        #expect(try await memory.value().freshness?.staleness == nil)
        answer.next.withLock { $0 = .failure(CloudMapFailure(DiscoveryError(.unreachable, "Nobody."), isDown: true)) }
        let stale = try await memory.value()
        #expect(stale.instances == Self.named().instances && stale.freshness?.staleness != nil)
        answer.next.withLock { $0 = .failure(CloudMapFailure(DiscoveryError(.notFound, "Gone."))) }
        memory.changed(isAnswered: true)
        await #expect(throws: DiscoveryError.self) { while true { _ = try await memory.value() } }
        #expect(stale.freshness?.isFresh == false && memory.last == nil)
    }

    private final class Looks: Sendable {
        let count = Atomic(0)
        let gate: AsyncStream<Void>
        let open: AsyncStream<Void>.Continuation

        init() { (gate, open) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(10)) }
    }

    private final class Answer: Sendable {
        let next = Mutex<Result<NamesMemory.Finding, CloudMapFailure>>(.success(.read(RememberedTests.named())))
    }
}

@Suite struct LeaseRenewalTests {
    private static let start = ContinuousClock.now

    @Test func `nothing is renewed any more once all renewals have ended`() async {
        let leases = CloudMapNames.Leases()
        let key = CloudMapNames.Key(name: .init(namespace: "a", service: "b"), id: "c")
        await leases.endAll()
        await leases.hold(key, 1) { Issue.record("It is renewed.") }
        await leases.waitUntilEnded(key, 1)
        await leases.end(key, nil)
    }

    @Test func `a lease is renewed at a third of its term, sooner after a failure, and no later`() {
        var generator = SystemRandomNumberGenerator()
        var renewal = LeaseRenewal(term: .seconds(9), from: Self.start)
        var next: LeaseRenewal.Step
        next = renewal.step(after: .renewed, from: Self.start, at: Self.start, using: &generator)
        #expect(next == .wait(.seconds(3)))
        for failure in 1...20 {
            guard case .wait(let pause) = renewal.step(after: .failed, from: Self.start, at: Self.start, using: &generator) else {
                Issue.record("a failure ends no renewals")
                return
            }
            #expect(pause <= (failure == 1 ? .milliseconds(100) : .seconds(3)))
        }
        next = renewal.step(after: .renewed, from: Self.start, at: Self.start, using: &generator)
        #expect(next == .wait(.seconds(3)))
        next = renewal.step(after: .replaced, from: Self.start, at: Self.start, using: &generator)
        #expect(next == .end)
    }

    @Test func `what ran out is registered again, and what was deregistered is not`() {
        var generator = SystemRandomNumberGenerator()
        var renewal = LeaseRenewal(term: .seconds(9), from: Self.start)
        func step(_ outcome: LeaseRenewal.Outcome, from sent: Int, at now: Int) -> LeaseRenewal.Step {
            renewal.step(after: outcome, from: Self.start + .seconds(sent), at: Self.start + .seconds(now), using: &generator)
        }
        #expect(step(.missing, from: 3, at: 3) == .end)
        // However late the answer: it is there for twice its term.
        #expect(step(.missing, from: 3, at: 17) == .end)
        #expect(step(.missing, from: 17, at: 18) == .register)
        _ = step(.renewed, from: 20, at: 24)
        #expect(step(.missing, from: 37, at: 37) == .end)
        #expect(step(.missing, from: 37, at: 38) == .register)
        _ = step(.renewed, from: 40, at: 40)
        _ = step(.failed, from: 41, at: 41)
        #expect(step(.missing, from: 42, at: 42) == .register)
    }
}
