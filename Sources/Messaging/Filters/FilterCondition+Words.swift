extension FilterCondition: CustomStringConvertible {
    /// As a refusal lists it: `"Lyon"`, `prefix "M"`, `anything but 1, 2`.
    var description: String {
        switch self {
        case .string(let text): Self.quoted(text[...])
        case .number(let number): number.description
        case .bool(let bool): bool ? "true" : "false"
        case .null: "null"
        case .prefix(let text): "prefix \(Self.quoted(text[...]))"
        case .suffix(let text): "suffix \(Self.quoted(text[...]))"
        case .ignoringCase(let folding): "\(Self.quoted(folding.text[...])) in any case"
        case .wildcard(let pattern): "wildcard \(Self.quoted(pattern.text[...]))"
        case .range(let range): range.words
        case .network(let network): "an address in \(network.text)"
        case .exists(let isThere): isThere ? "any value" : "no value"
        case .anythingBut(let conditions): "anything but \(Self.list(conditions.map(\.description)))"
        }
    }

    /// Outside text in a sentence: bounded, without control characters, quotes in it escaped.
    static func quoted(_ text: ArraySlice<UInt8>) -> String {
        let scalars = String(decoding: text.prefix(400), as: UTF8.self).unicodeScalars
        let shown = scalars.prefix(60).map { scalar in
            scalar == "\"" ? "\\\"" : scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
        }
        return "\"" + shown.joined() + (shown.count < scalars.count || text.count > 400 ? "…\"" : "\"")
    }

    /// At most ten, and how many more there are.
    static func list(_ words: [String]) -> String {
        words.prefix(10).joined(separator: ", ") + (words.count > 10 ? " and \(words.count - 10) more" : "")
    }
}

extension FilterCondition {
    /// A message's value in a sentence.
    static func words(_ value: JSONDocument.Node, in document: JSONDocument) -> String {
        switch value.kind {
        case .string: quoted(document[value.text])
        case .number:
            String(decoding: document[value.text].prefix(40), as: UTF8.self)
                + (value.text.count > 40 ? "…" : "") + (value.isBeyond ? " (more than filters compare)" : "")
        case .opaque: "an array that is no JSON"
        default: document.string(value.text)
        }
    }
}
