package import Foundation

extension SigV4 {
    /// `20150830T123600Z`: whole seconds in UTC. Of a time beyond the years 1970 to 9999, the nearest.
    package static func timestamp(of date: Date) -> String {
        let bounded = min(max(date.timeIntervalSince1970, 0), 253_402_300_799)
        let seconds = bounded.isNaN ? 0 : Int(bounded.rounded(.down))
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        // Years counted from March, so that the leap day is the last of its year.
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
        func padded(_ number: Int, _ width: Int) -> String { String(String(number + 100_000).suffix(width)) }
        return padded(year, 4) + padded(month < 10 ? month + 3 : month - 9, 2) + padded(day, 2) + "T" + padded(rest / 3_600, 2)
            + padded(rest / 60 % 60, 2) + padded(rest % 60, 2) + "Z"
    }

    /// Reads what `timestamp(of:)` writes, in seconds since 1970.
    static func seconds(ofTimestamp text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15)
        else { return nil }
        return seconds(year, month, day, hour, minute, second)
    }

    /// Reads the date of a `Date` header, `Sun, 30 Aug 2015 12:36:00 GMT` (RFC 9110, section 5.6.7), and writes it as a timestamp.
    static func timestamp(ofHeader text: String) -> String? {
        let words = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 6, words[5] == "GMT" || words[5] == "+0000" || words[5] == "-0000", let day = Int(words[1]),
            let month = months.firstIndex(where: { words[2] == $0 }), let year = Int(words[3])
        else { return nil }
        let clock = words[4].split(separator: ":").map { Int($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            let seconds = seconds(year, month + 1, day, hour, minute, second)
        else { return nil }
        return timestamp(of: Date(timeIntervalSince1970: Double(seconds)))
    }

    private static func seconds(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int) -> Int? {
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        guard (1970...9999).contains(year), (1...12).contains(month), day >= 1, (0..<24).contains(hour), (0..<60).contains(minute),
            (0..<60).contains(second), day <= [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        else { return nil }
        let years = month > 2 ? year : year - 1
        let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day - 1 - 719_468
        return days * 86_400 + hour * 3_600 + minute * 60 + second
    }
}
