/// A parameter as the template declares it.
package struct TemplateParameter: Sendable {
    package let name: String
    /// As it is written: `String`, `List<Number>`, `AWS::EC2::VPC::Id`.
    package let type: String
    package let defaultValue: String?
    package let allowedValues: [String]
    package let allowedPattern: String?
    package let minimumLength: Int?
    package let maximumLength: Int?
    package let minimumValue: Double?
    package let maximumValue: Double?
    /// Whether its value is a secret, which no error and no report shows.
    package let isSecret: Bool
    package let description: String?
    package let constraintDescription: String?
    package let mark: Mark

    let kind: Kind

    enum Kind: Sendable {
        case text, number, texts, numbers
    }

    /// AWS's own limit, and what keeps patterns from long texts.
    static let longestValue = 4_096

    static let attributes: Set<String> = [
        "Type", "Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue", "NoEcho", "Description",
        "ConstraintDescription",
    ]

    /// Types of AWS's that are plain text here, and those that are lists of it, are told apart by `List<…>`.
    static func kind(of type: String) -> Kind? {
        switch type {
        case "String": .text
        case "Number": .number
        case "CommaDelimitedList": .texts
        case "List<Number>": .numbers
        case _ where type.hasPrefix("AWS::SSM::"): nil
        case _ where type.hasPrefix("List<AWS::") && type.hasSuffix(">"): .texts
        case _ where type.hasPrefix("AWS::"): .text
        case "List<String>": .texts
        default: nil
        }
    }
}

extension TemplateParameter {
    init(_ node: SourceNode, name: String, at mark: Mark, _ path: Path) throws(TemplateError) {
        let fields = try Fields(node, Self.attributes, path)
        guard let type = try fields.text("Type") else {
            throw TemplateError(.structure, "A parameter needs a Type, such as String.", at: mark, path)
        }
        guard let kind = Self.kind(of: type) else {
            let at = node["Type"]?.mark ?? mark
            if type.hasPrefix("AWS::SSM::") {
                throw TemplateError(
                    .unsupported, "\(type.excerpt) reads AWS's parameter store, which is not here. Make it a String and give its value.",
                    at: at, path / "Type")
            }
            let known = ["String", "Number", "CommaDelimitedList", "List<Number>"]
            throw TemplateError(
                .structure, "There is no parameter type \(type.excerpt).\(NearName.hint(type, among: known)) There are \(known.list).",
                at: at, path / "Type")
        }
        self.name = name
        self.type = type
        self.kind = kind
        self.mark = mark
        defaultValue = try fields.text("Default")
        allowedValues = try fields.texts("AllowedValues") ?? []
        allowedPattern = try fields.text("AllowedPattern")
        minimumLength = try fields.number("MinLength").map { Int($0) }
        maximumLength = try fields.number("MaxLength").map { Int($0) }
        minimumValue = try fields.number("MinValue")
        maximumValue = try fields.number("MaxValue")
        isSecret = try fields.boolean("NoEcho") ?? false
        description = try fields.text("Description")
        constraintDescription = try fields.text("ConstraintDescription")
        if let allowedPattern, let place = node["AllowedPattern"]?.mark {
            _ = try Self.regex(allowedPattern, at: place, path / "AllowedPattern")
        }
    }

    private static func regex(_ pattern: String, at mark: Mark, _ path: Path) throws(TemplateError) -> Regex<AnyRegexOutput> {
        guard pattern.utf8.count <= longestValue else {
            throw TemplateError(.tooLarge, "A pattern has at most \(longestValue) bytes.", at: mark, path)
        }
        do {
            return try Regex(pattern).asciiOnlyCharacterClasses().matchingSemantics(.unicodeScalar)
        } catch {
            throw TemplateError(.structure, "\(pattern.excerpt) is no regular expression that is understood here.", at: mark, path)
        }
    }

    /// The value for a text, or its default for none.
    ///
    /// - Throws: what the text breaks, in the template's own words where it has some. `nil` where there is neither text nor default.
    func value(of given: String?) throws(TemplateError) -> TemplateValue? {
        guard let text = given ?? defaultValue else { return nil }
        guard text.utf8.count <= Self.longestValue else { throw refusal("has more than \(Self.longestValue) bytes") }
        switch kind {
        case .text, .number:
            try check(text)
            return kind == .number ? .number(text) : .text(text)
        case .texts, .numbers:
            let elements = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map { Self.trimmed($0) }
            for element in elements { try check(element) }
            return .list(elements.map { kind == .numbers ? .number($0) : .text($0) })
        }
    }

    private func check(_ text: String) throws(TemplateError) {
        let shown = isSecret ? "the value" : text.excerpt
        if kind == .number || kind == .numbers {
            guard TemplateValue.isNumber(text), let number = Double(text) else { throw refusal("must be a number; \(shown) is none") }
            if let minimumValue, number < minimumValue { throw refusal("must be at least \(Self.short(minimumValue)); \(shown) is less") }
            if let maximumValue, number > maximumValue { throw refusal("must be at most \(Self.short(maximumValue)); \(shown) is more") }
        } else {
            let length = text.unicodeScalars.count
            if let minimumLength, length < minimumLength {
                throw refusal("must have at least \(minimumLength) characters, and has \(length)")
            }
            if let maximumLength, length > maximumLength {
                throw refusal("must have at most \(maximumLength) characters, and has \(length)")
            }
        }
        if !allowedValues.isEmpty, !allowedValues.contains(text) {
            throw refusal("must be one of \(allowedValues.list); \(shown) is not")
        }
        if let allowedPattern {
            let regex = try Self.regex(allowedPattern, at: mark, .root / "Parameters" / name)
            let match = try? regex.wholeMatch(in: text)
            if match == nil { throw refusal("must match \(allowedPattern.excerpt); \(shown) does not") }
        }
    }

    private func refusal(_ what: String) -> TemplateError {
        let words = constraintDescription.map { " The template says: \($0.excerpt)." } ?? ""
        return TemplateError(.invalidParameter, "The parameter \(name) \(what).\(words)", at: mark, .root / "Parameters" / name)
    }

    private static func short(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    }

    private static func trimmed(_ text: Substring) -> String {
        let blanks: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" }
        var text = text.drop(while: blanks)
        while let last = text.last, blanks(last) { text.removeLast() }
        return String(text)
    }
}
