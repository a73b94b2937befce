/// One comparison: some figures of ours, each beside a reference where there is one.
protocol Benchmark: SendableMetatype {
    static var name: String { get }
    static var summary: String { get }
    /// - Throws: ``Skipped`` when this machine lacks what it needs.
    static func run(_ session: Session) async throws -> [Figure]
}

/// What the executable does in a child process of its own. It ends when its standard input does, so that none is left behind.
protocol Role: SendableMetatype {
    static var name: String { get }
    static func run(_ arguments: [String]) async throws
}

/// A benchmark cannot be run here.
struct Skipped: Error {
    let reason: String
}

/// Both sides of a comparison, a value per round.
struct Pairs {
    private(set) var ours: [Double] = []
    private(set) var reference: [Double] = []

    /// Adds what a round came to.
    mutating func add(_ ours: Double, _ reference: Double) {
        self.ours.append(ours)
        self.reference.append(reference)
    }

    /// Alternates ours and the reference, after a round that is not counted.
    static func measure(_ session: Session, ours: () async throws -> Double, reference: () async throws -> Double) async throws -> Pairs {
        var pairs = Pairs()
        _ = try await (ours(), reference())
        for _ in 0..<session.rounds {
            try await pairs.add(ours(), reference())
        }
        return pairs
    }
}

/// What was measured, and what it should be.
struct Figure {
    enum Goal {
        case ratioAtMost(Double)
        case ratioAtLeast(Double)
        case atMost(Double)
    }

    let name: String
    let unit: String
    let pairs: Pairs
    let goal: Goal?

    init(_ name: String, _ unit: String, _ pairs: Pairs, goal: Goal? = nil) {
        self.name = name
        self.unit = unit
        self.pairs = pairs
        self.goal = goal
    }

    init(_ name: String, _ unit: String, _ values: [Double], goal: Goal? = nil) {
        self.init(name, unit, Pairs(ours: values), goal: goal)
    }

    /// Ours to the reference's, round by round: what slows a whole round slows both.
    var ratios: [Double] { zip(pairs.ours, pairs.reference).map { $0 / $1 } }

    /// `nil` where there is no goal.
    var isMet: Bool? {
        switch goal {
        case .ratioAtMost(let limit)?: ratios.median <= limit
        case .ratioAtLeast(let limit)?: ratios.median >= limit
        case .atMost(let limit)?: pairs.ours.median <= limit
        case nil: nil
        }
    }
}

extension [Double] {
    /// The middle value, or the mean of the two in the middle; not a number when there is none.
    var median: Double {
        guard !isEmpty else { return .nan }
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
