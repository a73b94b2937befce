/// Reads JSON, strictly, with places. YAML readers take most of it, but not pairs of surrogates.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var column = 1
    private var nodes = 0

    static func read(_ bytes: [UInt8]) throws(TemplateError) -> SourceNode {
        var reader = JSONReader(bytes: bytes)
        reader.skipBlanks()
        let node = try reader.value(depth: 1, .root)
        reader.skipBlanks()
        guard reader.next == nil else { throw reader.fault("the end of the text") }
        return node
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Values

    private mutating func value(depth: Int, _ path: Path) throws(TemplateError) -> SourceNode {
        let mark = mark
        nodes += 1
        guard depth <= SourceLimits.depth else { throw .tooDeep(at: mark, path) }
        guard nodes <= SourceLimits.nodes else { throw .tooManyNodes(at: mark, path) }
        switch next {
        case UInt8(ascii: "{"): return SourceNode(content: .mapping(try members(depth: depth, path)), mark: mark)
        case UInt8(ascii: "["): return SourceNode(content: .list(try elements(depth: depth, path)), mark: mark)
        case UInt8(ascii: "\""): return SourceNode(content: .scalar(.text(try text())), mark: mark)
        default:
            let start = position
            while let byte = next, isBare(byte) { advance() }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            switch word {
            case "true", "false": return SourceNode(content: .scalar(.boolean(word == "true")), mark: mark)
            case "null": return SourceNode(content: .scalar(.null), mark: mark)
            case _ where TemplateValue.isNumber(word): return SourceNode(content: .scalar(.number(word)), mark: mark)
            default: throw TemplateError(.malformed, "Expected a JSON value, found \(word.isEmpty ? found : word.excerpt).", at: mark, path)
            }
        }
    }

    private func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): true
        default: false
        }
    }

    private mutating func members(depth: Int, _ path: Path) throws(TemplateError) -> [SourceNode.Entry] {
        advance()
        skipBlanks()
        var entries: [SourceNode.Entry] = []
        var seen: [String: Mark] = [:]
        if take("}") { return entries }
        repeat {
            skipBlanks()
            let mark = mark
            guard next == UInt8(ascii: "\"") else { throw fault("a key in double quotes") }
            let key = try text()
            if let first = seen.updateValue(mark, forKey: key) { throw .duplicateKey(key, first: first, at: mark, path) }
            skipBlanks()
            guard take(":") else { throw fault("a colon") }
            skipBlanks()
            entries.append(.init(key: key, mark: mark, value: try value(depth: depth + 1, path / key)))
            skipBlanks()
        } while take(",")
        guard take("}") else { throw fault("a comma or a closing brace") }
        return entries
    }

    private mutating func elements(depth: Int, _ path: Path) throws(TemplateError) -> [SourceNode] {
        advance()
        skipBlanks()
        var elements: [SourceNode] = []
        if take("]") { return elements }
        repeat {
            skipBlanks()
            elements.append(try value(depth: depth + 1, path / elements.count))
            skipBlanks()
        } while take(",")
        guard take("]") else { throw fault("a comma or a closing bracket") }
        return elements
    }

    // MARK: Strings

    private mutating func text() throws(TemplateError) -> String {
        advance()
        var content: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &content)
            case ..<0x20:
                throw TemplateError(.malformed, "A JSON string holds no line ends or control characters; escape it, as \\n.", at: mark)
            default:
                content.append(byte)
                advance()
            }
        }
        throw fault("a closing quote")
    }

    private mutating func escape(into content: inout [UInt8]) throws(TemplateError) {
        let mark = mark
        advance()
        guard let byte = next else { throw fault("an escape") }
        advance()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            let first = try hexadecimal()
            var scalar = Unicode.Scalar(first)
            if (0xD800..<0xDC00).contains(first), take("\\"), take("u") {
                let second = try hexadecimal()
                if (0xDC00..<0xE000).contains(second) { scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) }
            }
            guard let scalar else { throw TemplateError(.malformed, "Half a pair of surrogates is no character.", at: mark) }
            content += Array(String(Character(scalar)).utf8)
        default: throw TemplateError(.malformed, "JSON has no such escape; write a backslash twice.", at: mark)
        }
    }

    private mutating func hexadecimal() throws(TemplateError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else { throw fault("four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            advance()
        }
        return value
    }

    // MARK: Bytes

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }
    private var mark: Mark { Mark(line: line, column: column) }

    private mutating func advance() {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 1
        } else if position == bytes.count || bytes[position] & 0xC0 != 0x80 {
            column += 1
        }
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { advance() }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        advance()
        return true
    }

    private var found: String {
        guard position < bytes.count else { return "the end of the text" }
        return String(decoding: bytes[position...].prefix(4), as: UTF8.self).prefix(1).description.excerpt
    }

    private func fault(_ expected: String) -> TemplateError {
        TemplateError(.malformed, "Expected \(expected), found \(found).", at: mark)
    }
}

extension TemplateError {
    static func tooDeep(at mark: Mark, _ path: Path) -> TemplateError {
        TemplateError(.tooLarge, "The template is nested deeper than \(SourceLimits.depth) levels. Make it flatter.", at: mark, path)
    }

    static func tooManyNodes(at mark: Mark, _ path: Path) -> TemplateError {
        TemplateError(
            .tooLarge, "The template has more than \(SourceLimits.nodes) values, with what its aliases stand for. Divide it.", at: mark,
            path)
    }

    static func duplicateKey(_ key: String, first: Mark, at mark: Mark, _ path: Path) -> TemplateError {
        TemplateError(
            .duplicate, "\(key.excerpt) is here a second time; the first is on line \(first.line). Rename or remove one.", at: mark,
            path / key)
    }
}
