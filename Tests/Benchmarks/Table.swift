import Foundation

/// How figures are printed.
enum Table {
    static let heading = line("figure", "ours", "reference", "ratio", "goal", "met?")

    static func row(_ figure: Figure) -> String {
        line(
            "\(figure.name), \(figure.unit)", spread(figure.pairs.ours),
            figure.pairs.reference.isEmpty ? "" : spread(figure.pairs.reference),
            figure.ratios.isEmpty ? "" : number(figure.ratios.median), goal(figure.goal), figure.isMet.map { $0 ? "yes" : "NO" } ?? "")
    }

    private static func line(_ figure: String, _ ours: String, _ reference: String, _ ratio: String, _ goal: String, _ met: String)
        -> String
    {
        let cells = [(figure, 50), (ours, 27), (reference, 27), (ratio, 8), (goal, 8), (met, 4)]
        return cells.map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }.joined(separator: " ")
    }

    private static func goal(_ goal: Figure.Goal?) -> String {
        switch goal {
        case .ratioAtMost(let limit)?: "<= \(number(limit))x"
        case .ratioAtLeast(let limit)?: ">= \(number(limit))x"
        case .atMost(let limit)?: "<= \(number(limit))"
        case nil: ""
        }
    }

    private static func spread(_ values: [Double]) -> String {
        guard let least = values.min(), let most = values.max(), values.count > 1 else { return number(values.median) }
        return "\(number(values.median)) (\(number(least))–\(number(most)))"
    }

    /// Three digits that count.
    static func number(_ value: Double) -> String {
        switch abs(value) {
        case ..<0.000_5: "0"
        case ..<0.995: String(format: "%.3f", value)
        case ..<9.95: String(format: "%.2f", value)
        case ..<99.5: String(format: "%.1f", value)
        default: String(format: "%.0f", value)
        }
    }

    static func json(_ figures: [Figure], _ skipped: [String: String]) throws -> String {
        struct Line: Encodable {
            let figure: String, unit: String, ours: [Double], reference: [Double], median: Double, ratio: Double?, goal: String?,
                isMet: Bool?
        }
        struct Report: Encodable { let figures: [Line], skipped: [String: String] }
        let lines = figures.map { figure in
            Line(
                figure: figure.name, unit: figure.unit, ours: figure.pairs.ours, reference: figure.pairs.reference,
                median: figure.pairs.ours.median,
                ratio: figure.ratios.isEmpty ? nil : figure.ratios.median, goal: figure.goal.map { goal($0) }, isMet: figure.isMet)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(Report(figures: lines, skipped: skipped)), as: UTF8.self)
    }
}
