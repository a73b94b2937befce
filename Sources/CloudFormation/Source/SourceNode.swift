/// A node of a template's text, with its place. YAML's short forms are written out: `!Sub x` is `{"Fn::Sub": "x"}` here.
struct SourceNode: Sendable {
    enum Content: Sendable {
        case scalar(TemplateValue)
        case list([SourceNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        let key: String
        let mark: Mark
        let value: SourceNode
    }

    let content: Content
    let mark: Mark

    /// The value of a key, if this is a mapping that has it.
    subscript(key: String) -> SourceNode? {
        entries?.first { $0.key == key }?.value
    }

    var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    var elements: [SourceNode]? {
        if case .list(let elements) = content { elements } else { nil }
    }

    /// A scalar as text.
    var string: String? {
        if case .scalar(let value) = content { value.string } else { nil }
    }

    var isNull: Bool {
        if case .scalar(.null) = content { true } else { false }
    }

    /// What it is, for messages.
    var kind: String {
        switch content {
        case .scalar(let value): value.kind
        case .list: "a list"
        case .mapping: "an object"
        }
    }

    /// The function that this calls, if it is one: a mapping of one key that is `Ref` or begins with `Fn::`.
    var call: (function: String, argument: SourceNode, mark: Mark)? {
        guard case .mapping(let entries) = content, entries.count == 1, let entry = entries.first,
            entry.key == "Ref" || entry.key.hasPrefix("Fn::")
        else { return nil }
        return (entry.key, entry.value, mark)
    }

    /// The plain data, functions as they are written: what metadata is.
    var value: TemplateValue {
        switch content {
        case .scalar(let value): value
        case .list(let elements): .list(elements.map(\.value))
        case .mapping(let entries): .object(Dictionary(entries.map { ($0.key, $0.value.value) }) { _, last in last })
        }
    }
}
