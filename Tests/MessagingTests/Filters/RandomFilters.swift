@testable import Messaging

/// Policies and messages from a few words, so that they often meet.
enum RandomFilters {
    private static let words = ["a", "ab", "abc", "b", "B", "ba", "", "é", "10.0.0.1", "::1", "order-1"]
    private static let numbers = ["0", "1", "-1", "1.5", "1e0", "100", "99.99999", "-0", "1e9", "1e400"]
    private static let keys = ["k", "l", "m", "k.l", "$or", "é"]

    static func pick<Value>(_ values: [Value], _ generator: inout SplitMix) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }

    // MARK: Messages

    static func scalar(_ generator: inout SplitMix) -> String {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0..<4: "\"\(pick(words, &generator))\""
        case 4..<6: pick(numbers, &generator)
        default: pick(["true", "false", "null"], &generator)
        }
    }

    static func json(_ generator: inout SplitMix, depth: Int = 0) -> String {
        switch Int.random(in: depth == 0 ? 6..<10 : 0..<10, using: &generator) {
        case _ where depth > 3: return scalar(&generator)
        case 0..<5: return scalar(&generator)
        case 5:
            return "["
                + (0..<Int.random(in: 0...3, using: &generator)).map { _ in json(&generator, depth: depth + 1) }.joined(separator: ", ")
                + "]"
        default:
            let members = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                "\"\(pick(keys, &generator))\": \(json(&generator, depth: depth + 1))"
            }
            return "{" + members.joined(separator: ", ") + "}"
        }
    }

    static func subject(_ generator: inout SplitMix) -> (note: String, subject: Messaging.FilterSubject) {
        let body = Int.random(in: 0..<20, using: &generator) == 0 ? "no JSON" : json(&generator)
        var attributes: [String: Messaging.Attribute] = [:]
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            attributes[pick(keys, &generator)] =
                switch Int.random(in: 0..<8, using: &generator) {
                case 0..<3: .init(.string(pick(words, &generator)))
                case 3..<5: .number(pick(numbers, &generator))
                case 5: .init(.binary([1]))
                case 6: .array("[\(scalar(&generator)), \(scalar(&generator))]")
                default: .array(json(&generator, depth: 1))
                }
        }
        return ("\(body) \(attributes)", .init(body: Array(body.utf8), attributes: attributes))
    }

    // MARK: Policies

    private static func condition(_ generator: inout SplitMix) -> String {
        let word = "\"\(pick(words, &generator))\""
        let number = pick(numbers.dropLast(), &generator)
        switch Int.random(in: 0..<16, using: &generator) {
        case 0..<5: return scalar(&generator)
        case 5: return #"{"prefix": \#(word)}"#
        case 6: return #"{"suffix": \#(word)}"#
        case 7: return #"{"equals-ignore-case": \#(word)}"#
        case 8: return #"{"wildcard": "\#(pick(["a*", "*b", "a*c", "*", "*b*"], &generator))"}"#
        case 9: return #"{"exists": \#(pick(["true", "false"], &generator))}"#
        case 10: return #"{"numeric": ["\#(pick(["=", "<", "<=", ">", ">="], &generator))", \#(number)]}"#
        case 11: return #"{"numeric": ["\#(pick([">", ">="], &generator))", 0, "\#(pick(["<", "<="], &generator))", \#(number)]}"#
        case 12: return #"{"cidr": "\#(pick(["10.0.0.0/8", "0.0.0.0/0", "::/0"], &generator))"}"#
        case 13: return #"{"anything-but": \#(scalar(&generator))}"#
        case 14: return #"{"anything-but": [\#(scalar(&generator)), \#(scalar(&generator))]}"#
        default: return #"{"anything-but": {"\#(pick(["prefix", "suffix", "wildcard"], &generator))": \#(word)}}"#
        }
    }

    private static func object(_ scope: Messaging.FilterScope, _ generator: inout SplitMix, depth: Int = 0) -> String {
        var members: [String] = []
        for key in Set((0..<Int.random(in: 1...2, using: &generator)).map { _ in pick(keys, &generator) }).sorted() {
            if key == "$or", depth < 2 {
                let alternatives = (0..<Int.random(in: 2...3, using: &generator)).map { _ in object(scope, &generator, depth: depth + 1) }
                members.append("\"$or\": [\(alternatives.joined(separator: ", "))]")
            } else if scope == .body, depth < 2, Int.random(in: 0..<4, using: &generator) == 0 {
                members.append("\"\(key)\": \(object(scope, &generator, depth: depth + 1))")
            } else {
                let conditions = (0..<Int.random(in: 1...3, using: &generator)).map { _ in condition(&generator) }
                members.append("\"\(key)\": [\(conditions.joined(separator: ", "))]")
            }
        }
        return "{" + members.joined(separator: ", ") + "}"
    }

    /// A text that is a policy as a rule, if not always.
    static func policy(_ scope: Messaging.FilterScope, _ generator: inout SplitMix) -> String {
        Int.random(in: 0..<50, using: &generator) == 0 ? "{}" : object(scope, &generator)
    }

    // MARK: Mutations

    private static let syntax = [
        "{", "}", "[", "]", "\"", ":", ",", "\\u00", "\\", "null", "1e9", "-", ".", "\"$or\":", "\"exists\":", "\"numeric\":[", "*", "é",
        "\u{0}",
    ]

    static func mutate(_ bytes: inout [UInt8], _ generator: inout SplitMix) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<3: bytes.insert(contentsOf: pick(syntax, &generator).utf8, at: place)
        case 3: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 4..<6: if place < bytes.count { bytes.remove(at: place) }
        case 6..<8: if place < bytes.count { bytes[place] = UInt8.random(in: 0x20...0x7F, using: &generator) }
        case 8: bytes.insert(contentsOf: Array(bytes[place...]), at: Int.random(in: 0...bytes.count, using: &generator))
        default: bytes.insert(contentsOf: repeatElement(pick(syntax, &generator), count: 300).joined().utf8, at: place)
        }
        if bytes.count > 20_000 { bytes.removeLast(bytes.count - 20_000) }
    }
}
