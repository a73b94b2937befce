import Testing

@testable import Messaging

@Suite struct FilterNumberTests {
    @Test(arguments: [
        ("0", 0, true), ("-0", 0, true), ("1", 100_000, true), ("+1", 100_000, true), ("-1.5", -150_000, true), (".5", 50_000, true),
        ("5.", 500_000, true), ("301.5", 30_150_000, true), ("3.015e2", 30_150_000, true), ("3.015E+02", 30_150_000, true),
        ("30150e-2", 30_150_000, true), ("0.00001", 1, true), ("0.000010000", 1, true), ("0.000001", 0, false), ("0.000005", 1, false),
        ("-0.000005", -1, false), ("0.0000049", 0, false), ("1e-5", 1, true), ("1e-6", 0, false), ("1e-400", 0, false),
        ("0e999999999999999999999", 0, true), ("1e9", 100_000_000_000_000, true), ("-1000000000", -100_000_000_000_000, true),
        ("1000000000.000001", 100_000_000_000_000, false), ("0.1234567890123456789012345678901234567890", 12_346, false),
        ("123456789.1234500000000000000000", 12_345_678_912_345, true), ("0.30000000000000004", 30_000, false),
        ("00000000000000000000000000000000000000007", 700_000, true), ("10000000000000000000000000000e-28", 100_000, true),
    ])
    func `a number is read exactly, or rounded and said to be`(text: String, units: Int64, isExact: Bool) {
        #expect(FilterNumber.read(text.utf8) == .number(FilterNumber(units: units), isExact: isExact))
    }

    @Test func `a zero's length and an exponent's make up for one another`() {
        let zeros = String(repeating: "0", count: 100_000)
        #expect(FilterNumber.read("0.\(zeros)1e100001".utf8) == .number(FilterNumber(units: 100_000), isExact: true))
        #expect(FilterNumber.read("1\(zeros)e-100000".utf8) == .number(FilterNumber(units: 100_000), isExact: true))
        #expect(FilterNumber.read("1\(zeros)".utf8) == .beyond)
        #expect(FilterNumber.read("1e-\(zeros)5".utf8) == .number(FilterNumber(units: 1), isExact: true))
    }

    @Test(arguments: [
        "1000000000.00001", "-1000000000.000005", "1e10", "1e400", "-1e99999999999999999999999", "99999999999999999999999999999999999999",
    ])
    func `a number beyond the range`(text: String) { #expect(FilterNumber.read(text.utf8) == .beyond) }

    @Test(arguments: [
        "", "-", "+", ".", "e", "1e", "1e+", "1e1.5", "1.2.3", "1-", "--1", "0x1", "1 ", "NaN", "Infinity", "١", "1e--1", "1e+1e1",
    ])
    func `what is no number`(text: String) { #expect(FilterNumber.read(text.utf8) == .malformed) }

    @Test(arguments: [("0.00001", "0.00001"), ("-301.50", "-301.5"), ("-0.5", "-0.5"), ("1e9", "1000000000"), ("0", "0")])
    func `a number is shown as a person writes it`(text: String, shown: String) {
        guard case .number(let number, _) = FilterNumber.read(text.utf8) else { return #expect(Bool(false)) }
        #expect(number.description == shown)
    }
}
