/// A JSON text that was read: RFC 8259 to the letter, and no deeper than `deepest`. The last of several members of one name counts, and an
/// escaped half of a surrogate pair is refused: no text could hold it.
indirect enum JSONTree: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case list([JSONTree])
    case object([String: JSONTree])

    /// Shapes are at most six deep. The bound is what keeps a stack, ours and that of whoever decodes, from being as deep as a stranger says.
    static let deepest = 32

    struct Fault: Error {
        let reason: String
        /// In bytes from the start.
        let offset: Int
    }

    init(parsing bytes: [UInt8]) throws(Fault) {
        var parser = Parser(bytes: bytes)
        self = try parser.whole()
    }
}

extension JSONTree {
    private struct Parser {
        let bytes: [UInt8]
        var index = 0

        mutating func whole() throws(Fault) -> JSONTree {
            let tree = try value(depth: 0)
            skipSpace()
            guard index == bytes.count else { throw fault("there is more after its end") }
            return tree
        }

        private func fault(_ reason: String) -> Fault { Fault(reason: reason, offset: index) }

        private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        private mutating func skipSpace() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            guard next == byte else { return false }
            index += 1
            return true
        }

        private mutating func value(depth: Int) throws(Fault) -> JSONTree {
            skipSpace()
            guard let byte = next else { throw fault("it ends where a value should be") }
            switch byte {
            case UInt8(ascii: "{"): return try object(depth: depth + 1)
            case UInt8(ascii: "["): return try list(depth: depth + 1)
            case UInt8(ascii: "\""): return .text(try string())
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
            default:
                for (word, tree) in [("true", JSONTree.bool(true)), ("false", .bool(false)), ("null", .null)]
                where bytes[index...].starts(with: word.utf8) {
                    index += word.utf8.count
                    return tree
                }
                throw fault("there is no value")
            }
        }

        private mutating func object(depth: Int) throws(Fault) -> JSONTree {
            guard depth <= deepest else { throw fault("it is more than \(deepest) deep") }
            index += 1
            var members: [String: JSONTree] = [:]
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            while true {
                skipSpace()
                guard next == UInt8(ascii: "\"") else { throw fault("there is no name of a member") }
                let name = try string()
                skipSpace()
                guard take(UInt8(ascii: ":")) else { throw fault("there is no colon after the name of a member") }
                members[name] = try value(depth: depth)
                skipSpace()
                if take(UInt8(ascii: "}")) { return .object(members) }
                guard take(UInt8(ascii: ",")) else { throw fault("there is neither a comma nor the end of an object") }
            }
        }

        private mutating func list(depth: Int) throws(Fault) -> JSONTree {
            guard depth <= deepest else { throw fault("it is more than \(deepest) deep") }
            index += 1
            var elements: [JSONTree] = []
            skipSpace()
            if take(UInt8(ascii: "]")) { return .list(elements) }
            while true {
                elements.append(try value(depth: depth))
                skipSpace()
                if take(UInt8(ascii: "]")) { return .list(elements) }
                guard take(UInt8(ascii: ",")) else { throw fault("there is neither a comma nor the end of a list") }
            }
        }

        private mutating func digits() throws(Fault) {
            guard let byte = next, isDigit(byte) else { throw fault("a number lacks a digit") }
            while let byte = next, isDigit(byte) { index += 1 }
        }

        private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

        private mutating func number() throws(Fault) -> JSONTree {
            let start = index
            var isWhole = true
            _ = take(UInt8(ascii: "-"))
            if !take(UInt8(ascii: "0")) { try digits() }
            if take(UInt8(ascii: ".")) {
                isWhole = false
                try digits()
            }
            if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
                isWhole = false
                if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
                try digits()
            }
            let text = String(decoding: bytes[start..<index], as: UTF8.self)
            if isWhole, let integer = Int(text) { return .integer(integer) }
            guard let real = Double(text), real.isFinite else { throw fault("a number is too large") }
            return .real(real)
        }

        private mutating func string() throws(Fault) -> String {
            index += 1
            let start = index
            while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { index += 1 }
            guard let byte = next else { throw fault("a text does not end") }
            guard byte == UInt8(ascii: "\"") else { return try escapedString(from: start) }
            defer { index += 1 }
            guard let text = String(validating: bytes[start..<index], as: UTF8.self) else { throw fault("a text is not UTF-8") }
            return text
        }

        private mutating func escapedString(from start: Int) throws(Fault) -> String {
            var plain = Array(bytes[start..<index])
            while let byte = next, byte != UInt8(ascii: "\"") {
                guard byte >= 0x20 else { throw fault("a text holds a control character that is not escaped") }
                index += 1
                guard byte == UInt8(ascii: "\\") else {
                    plain.append(byte)
                    continue
                }
                guard let escape = next else { break }
                index += 1
                switch escape {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain.append(escape)
                case UInt8(ascii: "b"): plain.append(0x08)
                case UInt8(ascii: "f"): plain.append(0x0C)
                case UInt8(ascii: "n"): plain.append(0x0A)
                case UInt8(ascii: "r"): plain.append(0x0D)
                case UInt8(ascii: "t"): plain.append(0x09)
                case UInt8(ascii: "u"): plain += Array(String(Character(try scalar())).utf8)
                default: throw fault("a text holds an unknown escape")
                }
            }
            guard take(UInt8(ascii: "\"")) else { throw fault("a text does not end") }
            guard let text = String(validating: plain, as: UTF8.self) else { throw fault("a text is not UTF-8") }
            return text
        }

        /// The character of a `\u`, whose second half may have to follow.
        private mutating func scalar() throws(Fault) -> Unicode.Scalar {
            let first = try unit()
            if let scalar = Unicode.Scalar(first) { return scalar }
            guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), case let second = try unit(),
                0xDC00...0xDFFF ~= second,
                let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
            else { throw fault("a text holds half a character") }
            return scalar
        }

        private mutating func unit() throws(Fault) -> UInt16 {
            var unit: UInt16 = 0
            for _ in 0..<4 {
                guard let digit = next.flatMap(SigV4.digit) else { throw fault("a \\u lacks a hexadecimal digit") }
                unit = unit << 4 | UInt16(digit)
                index += 1
            }
            return unit
        }
    }
}
