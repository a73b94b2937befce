/// The attributes of a declaration, each of which must be of those that there are.
struct Fields {
    private let node: SourceNode
    private let path: Path

    init(_ node: SourceNode, _ allowed: Set<String>, _ path: Path) throws(TemplateError) {
        guard let entries = node.entries else {
            throw TemplateError(.structure, "This must be an object with \(allowed.list), not \(node.kind).", at: node.mark, path)
        }
        for entry in entries where !allowed.contains(entry.key) {
            throw TemplateError(
                .structure,
                "There is no \(entry.key.excerpt) here.\(NearName.hint(entry.key, among: allowed)) There may be \(allowed.list).",
                at: entry.mark, path / entry.key)
        }
        self.node = node
        self.path = path
    }

    func text(_ key: String) throws(TemplateError) -> String? {
        guard let value = node[key] else { return nil }
        guard let text = value.string else { throw wrong(key, value, "a text") }
        return text
    }

    /// A text, or a list of texts.
    func texts(_ key: String) throws(TemplateError) -> [String]? {
        guard let value = node[key] else { return nil }
        guard let elements = value.elements else {
            guard let text = value.string else { throw wrong(key, value, "a list of texts") }
            return [text]
        }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string else { throw wrong(key, element, "a list of texts") }
            texts.append(text)
        }
        return texts
    }

    func number(_ key: String) throws(TemplateError) -> Double? {
        guard let value = node[key] else { return nil }
        guard let text = value.string, TemplateValue.isNumber(text), let number = Double(text), abs(number) < 1e15 else {
            throw wrong(key, value, "a number")
        }
        return number
    }

    func boolean(_ key: String) throws(TemplateError) -> Bool? {
        guard let value = node[key] else { return nil }
        switch value.string?.lowercased() {
        case "true": return true
        case "false": return false
        default: throw wrong(key, value, "true or false")
        }
    }

    private func wrong(_ key: String, _ value: SourceNode, _ expected: String) -> TemplateError {
        TemplateError(.structure, "\(key) must be \(expected), and is \(value.kind).", at: value.mark, path / key)
    }
}
