import Foundation

/// How often a random test is repeated, and from which seed: `DISCOVERY_ROUNDS`, `DISCOVERY_SEED`.
struct Rounds {
    static let count = ProcessInfo.processInfo.environment["DISCOVERY_ROUNDS"].flatMap { Int($0) } ?? 30
    static let seed = ProcessInfo.processInfo.environment["DISCOVERY_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)

    /// The numbers of the rounds. Between them other tests may go on: one that computes for seconds would hold one of the few threads that all
    /// have together, and two would stop everything that waits for anything.
    static func each(_ times: Int = 1) -> Each { Each(end: count * times) }

    struct Each: AsyncSequence, AsyncIteratorProtocol {
        let end: Int
        private var round = 0

        fileprivate init(end: Int) { self.end = end }

        func makeAsyncIterator() -> Each { self }

        mutating func next() async -> Int? {
            guard round < end else { return nil }
            await Task.yield()
            defer { round += 1 }
            return round
        }
    }

    /// For the message of an expectation: how to see it fail again.
    static var note: String { "DISCOVERY_SEED=\(seed) DISCOVERY_ROUNDS=\(count)" }
}

/// SplitMix64: the same numbers from the same seed, on every machine.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(round: Int = 0) { state = Rounds.seed &+ UInt64(round) &* 0xD1B5_4A32_D192_ED03 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
