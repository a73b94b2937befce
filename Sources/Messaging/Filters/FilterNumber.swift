/// A number as filters compare it: within a billion either way, to five digits after the point. So it is exact, however it is written:
/// 301.5 and 3.015e2 are the same.
///
/// Source: "Filter policy constraints in Amazon SNS", numeric matching.
struct FilterNumber: Sendable, Hashable {
    /// In hundred-thousandths.
    let units: Int64

    static let largest = FilterNumber(units: 1_000_000_000 * 100_000)

    init(units: Int64) { self.units = units }

    /// What a text says, if it is a number at all.
    enum Reading: Equatable {
        /// - Parameter isExact: whether no digit beyond the fifth was rounded away.
        case number(FilterNumber, isExact: Bool)
        /// A number, yet more than a billion or less than minus a billion.
        case beyond
        case malformed
    }

    /// Reads digits with an optional sign, fraction and exponent: what JSON allows, and what SQS's attributes do (`+1`, `.5`, `5.`).
    static func read(_ text: some Sequence<UInt8>) -> Reading {
        var digits = Digits()
        var isNegative = false
        var exponent: Exponent?
        for (index, byte) in text.enumerated() {
            switch byte {
            case 0x30...0x39:
                if exponent == nil { digits.append(byte & 0xF) } else { exponent?.append(byte & 0xF) }
            case UInt8(ascii: "-") where index == 0: isNegative = true
            case UInt8(ascii: "+") where index == 0: break
            case UInt8(ascii: ".") where exponent == nil && !digits.hasPoint: digits.hasPoint = true
            case UInt8(ascii: "e") where exponent == nil, UInt8(ascii: "E") where exponent == nil: exponent = Exponent()
            case UInt8(ascii: "-") where exponent?.isBlank == true: exponent?.sign = -1
            case UInt8(ascii: "+") where exponent?.isBlank == true: exponent?.sign = 1
            default: return .malformed
            }
        }
        guard digits.count > 0, exponent?.hasDigits ?? true else { return .malformed }
        return digits.scaled(by: exponent?.value ?? 0, isNegative: isNegative)
    }

    private struct Exponent {
        var magnitude = 0
        var sign: Int?
        var hasDigits = false

        var isBlank: Bool { sign == nil && !hasDigits }
        var value: Int { magnitude * (sign ?? 1) }

        /// Held at a size that no message's length can make up for.
        mutating func append(_ digit: UInt8) {
            hasDigits = true
            magnitude = min(magnitude * 10 + Int(digit), 1_000_000_000_000)
        }
    }

    private struct Digits {
        var count = 0
        var hasPoint = false
        /// The first 18 digits that count. More make no difference to a number that is not beyond, but for whether it is exact.
        private var significand: UInt64 = 0
        private var significant = 0
        /// The power of ten that the significand is to be multiplied by.
        private var scale = 0
        private var hasLostDigits = false

        mutating func append(_ digit: UInt8) {
            count += 1
            if significant < 18 {
                significand = significand * 10 + UInt64(digit)
                if significand > 0 { significant += 1 }
                if hasPoint { scale -= 1 }
            } else {
                if digit != 0 { hasLostDigits = true }
                if !hasPoint { scale += 1 }
            }
        }

        func scaled(by exponent: Int, isNegative: Bool) -> Reading {
            guard significand > 0 else { return .number(FilterNumber(units: 0), isExact: true) }
            var units = significand
            var isExact = !hasLostDigits
            var power = scale + exponent + 5
            // Eighteen digits and a power of more than 14 are beyond whatever the digits are.
            guard power <= 14 else { return .beyond }
            while power > 0 {
                let (product, overflows) = units.multipliedReportingOverflow(by: 10)
                if overflows { return .beyond }
                units = product
                power -= 1
            }
            if power < 0 {
                guard power >= -18 else { return .number(FilterNumber(units: 0), isExact: false) }
                let divisor = (0 ..< -power).reduce(UInt64(1)) { product, _ in product * 10 }
                let (quotient, remainder) = units.quotientAndRemainder(dividingBy: divisor)
                if remainder > 0 { isExact = false }
                units = quotient + (remainder >= divisor - remainder ? 1 : 0)
            }
            guard units <= UInt64(largest.units) else { return .beyond }
            return .number(FilterNumber(units: isNegative ? -Int64(units) : Int64(units)), isExact: isExact)
        }
    }
}

extension FilterNumber: Comparable {
    static func < (left: FilterNumber, right: FilterNumber) -> Bool { left.units < right.units }
}

extension FilterNumber: CustomStringConvertible {
    /// As a person writes it, without zeros that say nothing.
    var description: String {
        let (whole, part) = units.magnitude.quotientAndRemainder(dividingBy: 100_000)
        var digits = String(part + 100_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return (units < 0 ? "-" : "") + String(whole) + (digits.isEmpty ? "" : "." + digits)
    }
}
