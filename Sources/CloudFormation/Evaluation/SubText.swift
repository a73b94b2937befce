/// The text of `Fn::Sub`, taken apart.
struct SubText {
    enum Part: Hashable {
        case text(String)
        /// `${Name}`
        case name(String)
        /// `${Name.Attribute}`
        case attribute(String, String)
    }

    let parts: [Part]

    /// - Throws: for a `${…}` that holds what no name does. One that is never closed is text.
    init(_ text: String, at mark: Mark, _ path: Path) throws(TemplateError) {
        var parts: [Part] = []
        var literal = ""
        var rest = Array(text.unicodeScalars)[...]
        // Looked for once, so that a text of nothing but opening braces is not searched to its end for each.
        let lastBrace = rest.lastIndex(of: "}") ?? rest.startIndex
        while let scalar = rest.first {
            guard scalar == "$", rest.dropFirst().first == "{", rest.startIndex < lastBrace, let end = rest.firstIndex(of: "}") else {
                literal.unicodeScalars.append(scalar)
                rest = rest.dropFirst()
                continue
            }
            var content = ""
            content.unicodeScalars.append(contentsOf: rest[(rest.startIndex + 2)..<end])
            rest = rest[(end + 1)...]
            if content.hasPrefix("!") {
                literal += "${\(content.dropFirst())}"
                continue
            }
            let isName = content.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "." || scalar == ":" || scalar == "_")
            }
            guard isName, !content.isEmpty, content.first != "." else {
                throw TemplateError(
                    .function,
                    "Fn::Sub: \("${\(content)}".excerpt) names nothing; a name has letters, digits, `.`, `:` and `_`. For the text itself write `${!…}`.",
                    at: mark, path)
            }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
            if let dot = content.firstIndex(of: ".") {
                parts.append(.attribute(String(content[..<dot]), String(content[content.index(after: dot)...])))
            } else {
                parts.append(.name(content))
            }
        }
        if !literal.isEmpty || parts.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }
}
