import ArgumentParser

/// A time span as an argument: `200ms`, `2s`, `1.5m`, `1h`. A number without a unit means nothing: it would be taken for the wrong one.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        let units: [(name: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        guard let unit = units.first(where: { argument.hasSuffix($0.name) }) else { return nil }
        let digits = argument.dropLast(unit.name.count)
        guard let first = digits.utf8.first, let last = digits.utf8.last, Self.isDigit(first), Self.isDigit(last),
            digits.utf8.allSatisfy({ Self.isDigit($0) || $0 == UInt8(ascii: ".") }), let count = Double(digits)
        else { return nil }
        let seconds = count * unit.seconds
        // A hundred years: beyond, somebody's slip.
        guard seconds <= 36_525 * 86_400 else { return nil }
        duration = .milliseconds(Int64((seconds * 1_000).rounded()))
    }

    static let form = "a number with a unit, as in 200ms, 2s, 5m, 1h"

    /// Reads an option's value.
    ///
    /// - Throws: a sentence on how it is used.
    static func duration(_ text: String?, of option: String) throws -> Duration? {
        guard let text else { return nil }
        guard let argument = DurationArgument(argument: text) else {
            throw ValidationError("\(option) takes \(form), not `\(text)`.")
        }
        return argument.duration
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
