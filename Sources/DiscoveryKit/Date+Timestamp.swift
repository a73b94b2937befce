package import Foundation

/// Times as texts, by RFC 3339: Foundation's own parsers take a 30 February, and anything at all after the zone.
extension Date {
    /// Whether the time has a text of its own: those of the years 1970 to 9999. Asked of the number, since a `Date` that is none is neither
    /// before nor after any.
    package var hasTimestamp: Bool { Self.secondsWithTimestamp.contains(timeIntervalSince1970) }

    private static let secondsWithTimestamp = 0.0...253_402_300_799

    /// Reads `2026-01-02T03:04:05Z`, with an offset such as `+02:00` in place of `Z`, and with a fraction of a second, to the millisecond.
    package init?(timestamp: String) {
        let pattern = #/(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:[Zz]|([+-])(\d\d):(\d\d))/#.asciiOnlyDigits()
        guard timestamp.utf8.count <= 40, let match = timestamp.wholeMatch(of: pattern)?.output,
            let year = Int(match.1), let month = Int(match.2), let day = Int(match.3), let hour = Int(match.4), let minute = Int(match.5),
            let second = Int(match.6), (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60
        else { return nil }
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        guard day <= [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] else { return nil }
        var offset = 0
        if let sign = match.8, let hours = match.9.flatMap({ Int($0) }), let minutes = match.10.flatMap({ Int($0) }) {
            guard hours < 24, minutes < 60 else { return nil }
            offset = (sign == "-" ? -1 : 1) * (hours * 60 + minutes) * 60
        }
        // Years counted from March, so that the leap day is the last of its year.
        let years = month > 2 ? year : year - 1
        let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day - 1 - 719_468
        let fraction = (match.7.flatMap { Double("0\($0)") } ?? 0) * 1_000
        self.init(timeIntervalSince1970: Double(days * 86_400 + hour * 3_600 + minute * 60 + second - offset) + fraction.rounded() / 1_000)
        guard hasTimestamp else { return nil }
    }

    /// The text, in UTC, with milliseconds where there are any; of a time that has none, what is nearest.
    package var timestamp: String {
        let (first, last) = (Self.secondsWithTimestamp.lowerBound, Self.secondsWithTimestamp.upperBound)
        let seconds = hasTimestamp ? timeIntervalSince1970 : timeIntervalSince1970 > last ? last : first
        let milliseconds = Int64((seconds * 1_000).rounded())
        let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        let text = Date(timeIntervalSince1970: Double(whole)).formatted(.iso8601)
        // Foundation would cut what a Date of the year 9140 cannot hold to the millisecond.
        return rest == 0 ? text : "\(text.dropLast()).\(String(rest + 1_000).dropFirst())Z"
    }
}

extension Duration {
    /// Exact to the nanosecond.
    package var inSeconds: Decimal {
        let (seconds, attoseconds) = components
        return Decimal(seconds) + Decimal(attoseconds / 1_000_000_000) / 1_000_000_000
    }
}
