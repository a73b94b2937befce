/// What a property is in the end: plain data, as JSON has it.
package indirect enum TemplateValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// As it was written, `300` or `1.50`: a version number that YAML takes for a number keeps its zeros.
    case number(String)
    case text(String)
    case list([TemplateValue])
    case object([String: TemplateValue])

    /// A scalar as text, as CloudFormation has it wherever a string is wanted.
    package var string: String? {
        switch self {
        case .text(let text), .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null, .list, .object: nil
        }
    }

    /// Its elements, if it is a list.
    package var elements: [TemplateValue]? {
        if case .list(let elements) = self { elements } else { nil }
    }

    /// Its members, if it is an object.
    package var members: [String: TemplateValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// What it is, for messages: never what is in it.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral text: String) { self = .text(text) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(integerLiteral value: Int) { self = .number(String(value)) }
    package init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (String, TemplateValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}

extension TemplateValue {
    /// Reads a JSON text; `nil` for what is none.
    package init?(json: some StringProtocol) {
        guard let node = try? JSONReader.read(Array(json.utf8)) else { return nil }
        self = node.value
    }

    /// The one JSON text of a value: keys sorted by their bytes, no blanks.
    package var json: String {
        var json = ""
        write(into: &json, upTo: .max)
        return json
    }

    /// The same, or `nil` where it has more bytes than this.
    func json(upTo limit: Int) -> String? {
        var json = ""
        write(into: &json, upTo: limit)
        return json.utf8.count <= limit ? json : nil
    }

    private func write(into json: inout String, upTo limit: Int) {
        guard json.utf8.count <= limit else { return }
        switch self {
        case .null: json += "null"
        case .boolean(let value): json += value ? "true" : "false"
        case .number(let text): json += text
        case .text(let text): Self.write(text, into: &json)
        case .list(let elements):
            json += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { json += "," }
                element.write(into: &json, upTo: limit)
            }
            json += "]"
        case .object(let members):
            json += "{"
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (index, (key, value)) in sorted.enumerated() {
                if index > 0 { json += "," }
                Self.write(key, into: &json)
                json += ":"
                value.write(into: &json, upTo: limit)
            }
            json += "}"
        }
    }

    private static func write(_ text: String, into json: inout String) {
        json += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\n": json += "\\n"
            case "\r": json += "\\r"
            case "\t": json += "\\t"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        json += "\""
    }
}

extension TemplateValue {
    /// Whether a text is a number as JSON writes it: what a plain scalar must look like to be one.
    ///
    /// Leading zeros make a text: account ids begin with them.
    static func isNumber(_ text: some StringProtocol) -> Bool {
        var bytes = text.utf8[...]
        func takeDigits() -> Int {
            let digits = bytes.prefix { (0x30...0x39).contains($0) }.count
            bytes = bytes.dropFirst(digits)
            return digits
        }
        if bytes.first == UInt8(ascii: "-") { bytes = bytes.dropFirst() }
        let startsWithZero = bytes.first == UInt8(ascii: "0")
        let digits = takeDigits()
        guard digits > 0, !(startsWithZero && digits > 1) else { return false }
        if bytes.first == UInt8(ascii: ".") {
            bytes = bytes.dropFirst()
            guard takeDigits() > 0 else { return false }
        }
        if let next = bytes.first, next | 0x20 == UInt8(ascii: "e") {
            bytes = bytes.dropFirst()
            if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
            guard takeDigits() > 0 else { return false }
        }
        return bytes.isEmpty
    }
}
