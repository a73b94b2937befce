/// Which of several instances a call goes to. More ways may come.
public struct Balancing: Sendable, Hashable, CustomStringConvertible {
    private enum Way: String { case random, roundRobin, leastInFlight, weighted }

    private let way: Way

    /// The way's name.
    public var description: String { way.rawValue }

    /// Any, all equally likely.
    public static let random = Balancing(way: .random)
    /// One after the other.
    public static let roundRobin = Balancing(way: .roundRobin)
    /// The one that the fewest of this client's calls are waiting for; any of them, if there are several.
    public static let leastInFlight = Balancing(way: .leastInFlight)
    /// Any, as likely as the instance's attribute `weight` says: a whole number from 0 to 1000, 1 without the attribute. An instance of weight
    /// 0 is not called, unless all have that. The other ways take no notice of weights.
    public static let weighted = Balancing(way: .weighted)
}

extension Balancing {
    /// What is known of an instance that may be called.
    struct Candidate: Hashable {
        static let weights = 0...1_000

        let weight: Int
        let inFlight: Int

        /// A weight out of range becomes the nearest one.
        init(weight: Int = 1, inFlight: Int = 0) {
            self.weight = min(max(weight, Self.weights.lowerBound), Self.weights.upperBound)
            self.inFlight = inFlight
        }
    }

    /// The weight that an instance's attributes ask for: that of an instance which asks for none where it cannot be read.
    static func weight(of attributes: [String: String]) -> Int {
        Candidate(weight: attributes["weight"].flatMap { Int($0) } ?? 1).weight
    }

    /// The offset of the candidate to call; `nil` if there is none.
    ///
    /// - Parameter turn: how many calls went before, for taking turns.
    func choose(
        among candidates: some RandomAccessCollection<Candidate>, turn: UInt64, using generator: inout some RandomNumberGenerator
    ) -> Int? {
        guard candidates.count > 1 else { return candidates.isEmpty ? nil : 0 }
        switch way {
        case .random: return Int.random(in: 0..<candidates.count, using: &generator)
        case .roundRobin: return Int(turn % UInt64(candidates.count))
        case .leastInFlight:
            guard let fewest = candidates.lazy.map(\.inFlight).min() else { return nil }
            return Self.draw(candidates.lazy.map { $0.inFlight == fewest ? 1 : 0 }, using: &generator)
        case .weighted:
            return Self.draw(candidates.lazy.map(\.weight), using: &generator) ?? Int.random(in: 0..<candidates.count, using: &generator)
        }
    }

    /// An offset, as likely as its share of all; `nil` if all are 0.
    private static func draw(_ shares: some Collection<Int>, using generator: inout some RandomNumberGenerator) -> Int? {
        let all = shares.reduce(0, +)
        guard all > 0 else { return nil }
        var rest = Int.random(in: 0..<all, using: &generator)
        for (offset, share) in shares.enumerated() {
            rest -= share
            if rest < 0 { return offset }
        }
        return nil
    }
}
