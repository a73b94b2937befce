import Testing

@testable import DiscoveryKit

struct BackoffTests {
    private let backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))

    @Test(arguments: [
        (1, 50), (2, 100), (3, 200), (4, 400), (5, 800), (6, 1_600), (7, 2_000), (8, 2_000), (63, 2_000), (64, 2_000), (127, 2_000),
        (128, 2_000), (129, 2_000), (1_000_000, 2_000), (Int.max, 2_000), (0, 50), (-1, 50), (Int.min, 50),
    ])
    func `the ceiling doubles up to the longest, for any retry`(retry: Int, milliseconds: Int) {
        #expect(backoff.ceiling(ofRetry: retry) == .milliseconds(milliseconds))
    }

    @Test func `the extremes of durations do not overflow`() {
        let longest = Duration(secondsComponent: .max, attosecondsComponent: 0)
        let least = Duration(secondsComponent: 0, attosecondsComponent: 1)
        var random = SplitMix()
        for retry in [1, 2, 62, 63, 64, 65, 126, 127, 128, Int.max] {
            #expect(Backoff(first: longest, longest: longest).ceiling(ofRetry: retry) == longest)
            #expect(Backoff(first: longest, longest: least).ceiling(ofRetry: retry) == least)
            let delay = Backoff(first: least, longest: longest).delay(beforeRetry: retry, using: &random)
            #expect(.zero <= delay && delay <= longest, "\(Rounds.note)")
        }
        #expect(Backoff(first: least, longest: longest).ceiling(ofRetry: Int.max) == longest)
        #expect(Backoff(first: .zero, longest: .zero).delay(beforeRetry: 1, using: &random) == .zero)
    }

    @Test func `a delay lies between nothing and its ceiling, and all of that is as likely`() {
        for retry in [1, 4, 9] {
            var random = SplitMix()
            random.state = UInt64(retry)
            let ceiling = backoff.ceiling(ofRetry: retry)
            var tenths = [Int](repeating: 0, count: 10)
            for _ in 0..<20_000 {
                let delay = backoff.delay(beforeRetry: retry, using: &random)
                #expect(.zero <= delay && delay <= ceiling)
                tenths[min(9, Int(delay / ceiling * 10))] += 1
            }
            for tenth in tenths { #expect(abs(tenth - 2_000) < 250, "retry \(retry): \(tenths)") }
        }
    }

    @Test func `at least the time that the server asked for passes, and callers do not come back together`() async {
        for await round in Rounds.each() {
            var random = SplitMix(round: round)
            let asked = Duration.milliseconds(Int.random(in: 0...10_000, using: &random))
            let delays = (0..<20).map { _ in backoff.delay(beforeRetry: 1, retryAfter: asked, using: &random) }
            #expect(delays.allSatisfy { asked <= $0 && $0 <= asked + .milliseconds(50) }, "round \(round), \(Rounds.note)")
            #expect(Set(delays).count > 10, "round \(round), \(Rounds.note)")
        }
    }

    @Test func `a server that asks for less than nothing changes nothing`() {
        var (one, other) = (SplitMix(), SplitMix())
        let delay = backoff.delay(beforeRetry: 3, retryAfter: .seconds(-5), using: &one)
        #expect(delay == backoff.delay(beforeRetry: 3, using: &other))
    }
}
