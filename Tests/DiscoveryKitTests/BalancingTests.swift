import Testing

@testable import DiscoveryKit

struct BalancingTests {
    private typealias Candidate = Balancing.Candidate

    private static let all: [Balancing] = [.random, .roundRobin, .leastInFlight, .weighted]

    /// How often each candidate is chosen in so many turns, always with the same random numbers.
    private static func counts(_ balancing: Balancing, _ candidates: [Candidate], turns: Int) -> [Int] {
        var random = SplitMix()
        random.state = 42
        var counts = [Int](repeating: 0, count: candidates.count)
        for turn in 0..<turns {
            if let chosen = balancing.choose(among: candidates, turn: UInt64(turn), using: &random) { counts[chosen] += 1 }
        }
        return counts
    }

    private static func expect(_ counts: [Int], near expected: [Int], _ note: Comment = "") {
        for (count, expected) in zip(counts, expected) {
            #expect(expected == 0 ? count == 0 : abs(count - expected) < expected / 10, "\(counts), not \(expected): \(note)")
        }
    }

    @Test func `of none none is chosen, of one that one`() {
        var random = SplitMix()
        for balancing in Self.all {
            #expect(balancing.choose(among: [], turn: 3, using: &random) == nil)
            #expect(balancing.choose(among: [Candidate(weight: 0, inFlight: 9)], turn: 3, using: &random) == 0)
        }
    }

    @Test func `a random choice is fair and takes no notice of weights and calls in flight`() {
        let candidates = [Candidate(weight: 0), Candidate(weight: 1_000), Candidate(inFlight: 500), Candidate()]
        Self.expect(Self.counts(.random, candidates, turns: 40_000), near: [10_000, 10_000, 10_000, 10_000])
    }

    @Test func `turns go round, whatever their number`() {
        let candidates = [Candidate(weight: 0), Candidate(inFlight: 9), Candidate()]
        var random = SplitMix()
        for turn in [0, 1, 2, 3, 4, 5, 1 << 63, UInt64.max - 1, UInt64.max] {
            #expect(Balancing.roundRobin.choose(among: candidates, turn: turn, using: &random) == Int(turn % 3))
        }
        #expect(Self.counts(.roundRobin, candidates, turns: 3_000) == [1_000, 1_000, 1_000])
    }

    @Test func `the one with the fewest calls in flight is chosen, and any of several`() {
        let one = [Candidate(inFlight: 3), Candidate(weight: 0, inFlight: 1), Candidate(inFlight: 2)]
        #expect(Self.counts(.leastInFlight, one, turns: 100) == [0, 100, 0])
        let several = [Candidate(inFlight: 1), Candidate(inFlight: 0), Candidate(inFlight: 5), Candidate(inFlight: 0)]
        Self.expect(Self.counts(.leastInFlight, several, turns: 20_000), near: [0, 10_000, 0, 10_000])
        Self.expect(
            Self.counts(.leastInFlight, [Candidate(), Candidate(), Candidate()], turns: 30_000), near: [10_000, 10_000, 10_000])
    }

    @Test(arguments: [
        ([1, 1], [10_000, 10_000]), ([1, 3], [5_000, 15_000]), ([0, 1, 3, 0], [0, 5_000, 15_000, 0]), ([5, 0], [20_000, 0]),
        ([0, 0], [10_000, 10_000]), ([0, 0, 0, 0], [5_000, 5_000, 5_000, 5_000]), ([1_000, 250], [16_000, 4_000]),
        ([Int.max, Int.max], [10_000, 10_000]), ([Int.min, 7], [0, 20_000]), ([1_000_000, 1_000, -1], [10_000, 10_000, 0]),
    ])
    func `weights are respected, and zero is never chosen unless all are`(weights: [Int], expected: [Int]) {
        let candidates = weights.map { Candidate(weight: $0, inFlight: $0 == 0 ? 0 : 9) }
        Self.expect(Self.counts(.weighted, candidates, turns: 20_000), near: expected, "\(weights)")
    }

    @Test func `whatever the candidates, one that may be chosen is`() async {
        for await round in Rounds.each() {
            var random = SplitMix(round: round)
            for _ in 0..<300 {
                let many = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                    Candidate(weight: Int.random(in: -1...3, using: &random), inFlight: Int.random(in: 0...3, using: &random))
                }
                let candidates = many.dropFirst(Int.random(in: 0..<many.count, using: &random))
                let least = candidates.map(\.inFlight).min()
                for balancing in Self.all {
                    let context: Comment = "\(balancing) round \(round), \(Rounds.note): \(candidates)"
                    let chosen = balancing.choose(among: candidates, turn: random.next(), using: &random)
                    guard let chosen, candidates.indices.contains(candidates.startIndex + chosen) else {
                        Issue.record("\(String(describing: chosen)) is none of them: \(context)")
                        continue
                    }
                    let candidate = candidates[candidates.startIndex + chosen]
                    if balancing == .leastInFlight { #expect(candidate.inFlight == least, context) }
                    if balancing == .weighted { #expect(candidate.weight > 0 || candidates.allSatisfy { $0.weight == 0 }, context) }
                }
            }
        }
    }

    @Test(arguments: [
        (nil, 1), ("", 1), ("heavy", 1), ("1.5", 1), (" 5", 1), ("5", 5), ("0", 0), ("1000", 1_000), ("1001", 1_000), ("-1", 0),
        ("9223372036854775807", 1_000), ("-9223372036854775808", 0),
    ])
    func `the attribute weight is a number from 0 to 1000, else 1`(text: String?, weight: Int) {
        #expect(Balancing.weight(of: text.map { ["weight": $0, "zone": "7"] } ?? ["zone": "7"]) == weight)
    }

    @Test func `a way has a name`() {
        #expect(Self.all.map(\.description) == ["random", "roundRobin", "leastInFlight", "weighted"])
    }
}
