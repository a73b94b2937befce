/// What a name of a template is called in Swift.
enum SwiftName {
    /// `get-job` → `getJob`, `HTTPHandler` → `httpHandler`, `default` → `` `default` ``; `nil` for a name without a letter or a digit.
    static func constant(_ name: String) -> String? {
        guard let (first, rest) = words(name) else { return nil }
        let identifier = joined([withSmallInitial(first)] + rest.map(withCapital))
        // `Scheduler.self` and `Scheduler.init` are the language's, however it is escaped.
        if ["self", "init"].contains(identifier) { return identifier + "Instance" }
        return keywords.contains(identifier) ? "`\(identifier)`" : identifier
    }

    /// `corp.internal` → `CorpInternal`; `nil` for a name without a letter or a digit.
    ///
    /// - Parameter suffix: told apart by it are names that mean something else where addresses are written.
    static func type(_ name: String, suffix: String) -> String? {
        guard let (first, rest) = words(name) else { return nil }
        let identifier = joined(([first] + rest).map(withCapital))
        return reserved.contains(identifier) ? identifier + suffix : identifier
    }

    /// Whether a text can be the name of an enum around the others.
    static func isType(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first == "_" || isLetter(first), text != "_" else { return false }
        return text.unicodeScalars.allSatisfy { $0 == "_" || isPartOfName($0) } && !reserved.contains(text) && !keywords.contains(text)
    }

    /// A text as a literal: in quotes, with whatever cannot be seen written out.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": literal += "\\" + String(scalar)
            default: literal += scalar.isPrintable ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return literal + "\""
    }

    // MARK: Words

    private static func words(_ name: String) -> (first: [Unicode.Scalar], rest: [[Unicode.Scalar]])? {
        let words = name.unicodeScalars.split { !isPartOfName($0) }.map(Array.init)
        return words.first.map { ($0, Array(words.dropFirst())) }
    }

    /// Two numbers that touch would be another one.
    private static func joined(_ words: [String]) -> String {
        var identifier = ""
        for word in words {
            if let last = identifier.last, let first = word.first, last.isNumber, first.isNumber { identifier += "_" }
            identifier += word
        }
        let startsWell = identifier.unicodeScalars.first.map(isLetter) ?? false
        return startsWell ? identifier : "_" + identifier
    }

    private static func withCapital(_ word: [Unicode.Scalar]) -> String {
        text(word.prefix(1)).uppercased() + text(word.dropFirst())
    }

    /// An abbreviation is small as a whole, but for its last letter where that begins a word.
    private static func withSmallInitial(_ word: [Unicode.Scalar]) -> String {
        let capitals = word.prefix { $0.properties.isUppercase }.count
        let isWhole = capitals == word.count || !word[capitals].properties.isLowercase
        let small = isWhole ? capitals : max(1, capitals - 1)
        return text(word.prefix(small)).lowercased() + text(word.dropFirst(small))
    }

    private static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isXIDStart }

    private static func isPartOfName(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isXIDContinue && scalar != "_" }

    /// Enums of these names would stand before what the file itself uses, or cannot be declared.
    private static let reserved: Set<String> = ["Address", "Any", "DiscoveryKit", "Protocol", "Self", "Type"]

    private static let keywords: Set<String> = [
        "actor", "as", "associatedtype", "await", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else",
        "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "init", "inout",
        "internal", "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return",
        "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var", "where", "while",
    ]
}

extension Unicode.Scalar {
    /// Whether it shows as itself, in a source and in a terminal.
    var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        case .spaceSeparator: self == " "
        default: true
        }
    }
}

extension String {
    /// Outside text on one line of a comment or a message: bounded, blanks as one space each, nothing that does not show.
    var printable: String {
        let words = unicodeScalars.prefix(2_000).split { !$0.isPrintable || $0 == " " }
        let line = words.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
        return line.count > 400 ? line.prefix(400) + "…" : line
    }
}
