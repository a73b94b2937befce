/// What keeps a text from being JSON, and where.
struct JSONFault: Error, Equatable {
    let offset: Int
    let reason: String
}

extension JSONDocument {
    /// How deep objects and arrays may lie in one another. Whoever walks a document may use the stack for it.
    static let deepest = 256

    /// Reads a text as RFC 8259 has it, strictly, in UTF-8. Half of a surrogate pair becomes U+FFFD.
    init(reading text: [UInt8]) throws(JSONFault) {
        bytes = text
        try append(textFrom: 0)
    }

    /// Reads what the bytes hold from `start` on, and appends its nodes.
    ///
    /// - Parameter key: the key of the value, where it is put into an object.
    mutating func append(textFrom start: Int, key: Place = .nowhere) throws(JSONFault) {
        var reader = JSONReader(document: self, offset: start)
        self.nodes = []
        self.bytes = []
        // What was read until a fault is the caller's to drop.
        defer { self = reader.document }
        try reader.read(key: key)
    }
}

/// Reads one value after the other, and remembers the containers that are open instead of calling itself.
private struct JSONReader {
    var document: JSONDocument
    var offset: Int
    private let end: Int
    private var open: [Int] = []
    private var hasWideCharacters = false

    init(document: JSONDocument, offset: Int) {
        self.document = document
        self.offset = offset
        end = document.bytes.count
    }

    mutating func read(key: JSONDocument.Place) throws(JSONFault) {
        guard end < Int(Int32.max) / 2 else { throw fault("it is too long", at: 0) }
        let start = offset
        try value(key: key)
        while let container = open.last {
            let isObject = document.nodes[container].kind == .object
            let close = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
            let isEmpty = container == document.nodes.count - 1
            skipSpace()
            if peek == close {
                offset += 1
                open.removeLast()
                document.nodes[container].end = Int32(document.nodes.count)
                continue
            }
            if !isEmpty {
                guard peek == UInt8(ascii: ",") else { throw fault(isObject ? "a `,` or `}` is missing" : "a `,` or `]` is missing") }
                offset += 1
                skipSpace()
            }
            try value(key: isObject ? member() : .nowhere)
        }
        skipSpace()
        guard offset == end else { throw fault("more follows where it should end") }
        if hasWideCharacters, String(validating: document.bytes[start..<end], as: UTF8.self) == nil {
            throw fault("it is not in UTF-8", at: start)
        }
    }

    private var peek: UInt8? { offset < end ? document.bytes[offset] : nil }

    private func fault(_ reason: String, at place: Int? = nil) -> JSONFault { JSONFault(offset: place ?? offset, reason: reason) }

    private mutating func skipSpace() {
        while offset < end {
            switch document.bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    /// A key and the colon behind it.
    private mutating func member() throws(JSONFault) -> JSONDocument.Place {
        guard peek == UInt8(ascii: "\"") else { throw fault("a key in double quotes is missing") }
        let key = try string()
        skipSpace()
        guard peek == UInt8(ascii: ":") else { throw fault("a `:` is missing") }
        offset += 1
        return key
    }

    /// A leaf, or the opening of a container.
    private mutating func value(key: JSONDocument.Place) throws(JSONFault) {
        skipSpace()
        guard let first = peek else { throw fault("it ends where a value is missing") }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard open.count < JSONDocument.deepest else { throw fault("it is nested more than \(JSONDocument.deepest) deep") }
            open.append(document.nodes.count)
            offset += 1
            document.nodes.append(.init(kind: first == UInt8(ascii: "{") ? .object : .array, key: key, text: .nowhere))
        case UInt8(ascii: "\""): append(.init(kind: .string, key: key, text: try string()))
        case UInt8(ascii: "-"), 0x30...0x39: append(try number(key: key))
        case UInt8(ascii: "t"): append(try word("true", .true, key: key))
        case UInt8(ascii: "f"): append(try word("false", .false, key: key))
        case UInt8(ascii: "n"): append(try word("null", .null, key: key))
        default: throw fault("a value is missing")
        }
    }

    private mutating func append(_ leaf: JSONDocument.Node) {
        document.nodes.append(leaf)
        document.nodes[document.nodes.count - 1].end = Int32(document.nodes.count)
        document.hasLeaf = true
    }

    private mutating func word(_ word: StaticString, _ kind: JSONDocument.Kind, key: JSONDocument.Place) throws(JSONFault)
        -> JSONDocument.Node
    {
        let count = word.utf8CodeUnitCount
        guard end - offset >= count, (0..<count).allSatisfy({ document.bytes[offset + $0] == word.utf8Start[$0] }) else {
            throw fault("only `true`, `false` and `null` stand without quotes")
        }
        defer { offset += count }
        return .init(kind: kind, key: key, text: place(from: offset, to: offset + count))
    }

    private func place(from start: Int, to end: Int) -> JSONDocument.Place { .init(start: Int32(start), count: Int32(end - start)) }

    private mutating func number(key: JSONDocument.Place) throws(JSONFault) -> JSONDocument.Node {
        let start = offset
        if peek == UInt8(ascii: "-") { offset += 1 }
        if peek == UInt8(ascii: "0") { offset += 1 } else { try digits() }
        if peek == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            offset += 1
            if peek == UInt8(ascii: "-") || peek == UInt8(ascii: "+") { offset += 1 }
            try digits()
        }
        var node = JSONDocument.Node(kind: .number, key: key, text: place(from: start, to: offset))
        switch FilterNumber.read(document.bytes[start..<offset]) {
        case .number(let number, _): node.number = number
        case .beyond: node.isBeyond = true
        case .malformed: throw fault("a number is malformed", at: start)
        }
        return node
    }

    private mutating func digits() throws(JSONFault) {
        let start = offset
        while offset < end, case 0x30...0x39 = document.bytes[offset] { offset += 1 }
        guard offset > start else { throw fault("a digit is missing") }
    }

    // MARK: Strings

    /// The place of a string's text: in the text itself, or behind it where something had to be unescaped.
    private mutating func string() throws(JSONFault) -> JSONDocument.Place {
        let opening = offset
        offset += 1
        let start = offset
        while offset < end {
            switch document.bytes[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return place(from: start, to: offset - 1)
            case UInt8(ascii: "\\"): return try unescaped(from: start, opening)
            case 0..<0x20: throw fault("a control character stands in a string; write it as `\\u00XX`")
            case let byte:
                if byte >= 0x80 { hasWideCharacters = true }
                offset += 1
            }
        }
        throw fault("a string has no end", at: opening)
    }

    private mutating func unescaped(from start: Int, _ opening: Int) throws(JSONFault) -> JSONDocument.Place {
        let place = document.bytes.count
        for index in start..<offset { document.bytes.append(document.bytes[index]) }
        while offset < end {
            let byte = document.bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return self.place(from: place, to: document.bytes.count)
            case UInt8(ascii: "\\"): try escape(opening)
            case 0..<0x20: throw fault("a control character stands in a string; write it as `\\u00XX`")
            default:
                if byte >= 0x80 { hasWideCharacters = true }
                document.bytes.append(byte)
                offset += 1
            }
        }
        throw fault("a string has no end", at: opening)
    }

    private mutating func escape(_ opening: Int) throws(JSONFault) {
        guard offset + 1 < end else { throw fault("a string has no end", at: opening) }
        let plain: UInt8
        switch document.bytes[offset + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = document.bytes[offset + 1]
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            document.bytes.append(contentsOf: String(try scalar()).utf8)
            return
        default: throw fault("a `\\` stands before a character that it does not escape")
        }
        document.bytes.append(plain)
        offset += 2
    }

    /// What `\uXXXX` stands for, or two of them.
    private mutating func scalar() throws(JSONFault) -> Unicode.Scalar {
        let high = try unit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, end - offset >= 2, document.bytes[offset] == UInt8(ascii: "\\"),
            document.bytes[offset + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        let start = offset
        let low = try unit()
        guard (0xDC00...0xDFFF).contains(low) else {
            offset = start
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func unit() throws(JSONFault) -> UInt16 {
        var unit: UInt16 = 0
        for index in offset + 2..<offset + 6 {
            guard index < end, let digit = Self.hexadecimal(document.bytes[index]) else {
                throw fault("four hexadecimal digits follow `\\u`")
            }
            unit = unit << 4 | UInt16(digit)
        }
        offset += 6
        return unit
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        case 0x41...0x46: byte - 0x41 + 10
        default: nil
        }
    }
}
