/// Holds values against what their type's properties must be, and makes of them what they are meant as: `"300"` is a number where the
/// schema has one, and 300 is a text where it has a text.
struct PropertyCheck {
    let type: String
    /// The type's, without those that are left out.
    let properties: [ResourceType.Property]
    /// The place of the resource, for what is missing.
    let mark: Mark
    /// The places of values, by their paths.
    let marks: [String: Mark]
    let keyMarks: [String: Mark]
    let concealment: Concealment

    /// Checks the properties of a resource.
    func checked(_ value: TemplateExpression, _ path: Path) throws(TemplateError) -> TemplateExpression {
        try checked(value, .object(properties), path)
    }

    private func checked(_ value: TemplateExpression, _ kind: ResourceType.Kind, _ path: Path) throws(TemplateError) -> TemplateExpression {
        switch (kind, value) {
        case (.any, _): return value
        case (.list(let element), _):
            guard let elements = value.elements else { return try later(value, kind, path, as: ["a list", "a value"]) }
            var checked: [TemplateExpression] = []
            for (index, value) in elements.enumerated() { checked.append(try self.checked(value, element, path / index)) }
            return .making(list: checked)
        case (.object(let properties), _):
            guard let members = value.members else { return try later(value, kind, path, as: ["a value"]) }
            return try self.checked(members, properties, path)
        case (.texts, _):
            guard let members = value.members else { return try later(value, kind, path, as: ["a value"]) }
            var checked: [String: TemplateExpression] = [:]
            for (key, value) in members.sorted(by: { $0.key < $1.key }) { checked[key] = try self.checked(value, .text, path / key) }
            return .making(object: checked)
        case (.json, _):
            guard value.members == nil else { return value }
            if case .value(.text(let text)) = value {
                guard let node = try? JSONReader.read(Array(text.utf8)), node.entries != nil else { throw wrong(value, kind, path) }
                return value
            }
            return try later(value, kind, path, as: ["a text", "a value"])
        case (_, .value(let scalar)):
            guard let scalar = Self.scalar(scalar, kind) else { throw wrong(value, kind, path) }
            return .value(scalar)
        case (_, _): return try later(value, kind, path, as: ["a text", "a number", "a value"])
        }
    }

    private func checked(
        _ members: [String: TemplateExpression], _ properties: [ResourceType.Property], _ path: Path
    ) throws(TemplateError) -> TemplateExpression {
        let names = properties.map(\.name)
        for name in members.keys.sorted() where !names.contains(name) {
            throw TemplateError(
                .unknownProperty, "\(type) has no property \(name.excerpt) here.\(NearName.hint(name, among: names)) It has \(names.list).",
                at: keyMarks[(path / name).description] ?? mark(of: path), path / name)
        }
        var checked: [String: TemplateExpression] = [:]
        for property in properties {
            if let value = members[property.name] {
                checked[property.name] = try self.checked(value, property.kind, path / property.name)
            } else if property.isRequired {
                throw TemplateError(
                    .missingProperty, "\(property.name) is missing: \(type) needs it. It is \(property.kind.words).", at: mark(of: path),
                    path)
            }
        }
        return .making(object: checked)
    }

    /// What is not known yet is checked when it is, unless it can only be of another kind.
    private func later(
        _ value: TemplateExpression, _ kind: ResourceType.Kind, _ path: Path, as kinds: Set<String>
    ) throws(TemplateError) -> TemplateExpression {
        guard value.value == nil, kinds.contains(value.kind) else { throw wrong(value, kind, path) }
        return value
    }

    /// The scalar as the schema has it, or `nil`.
    private static func scalar(_ value: TemplateValue, _ kind: ResourceType.Kind) -> TemplateValue? {
        guard let text = value.string else { return nil }
        switch kind {
        case .text: return .text(text)
        case .word(let words): return words.contains(text) ? .text(text) : nil
        case .integer(let range):
            guard let number = Int(text), TemplateValue.isNumber(text), range.contains(number) else { return nil }
            return .number(String(number))
        case .number: return TemplateValue.isNumber(text) ? .number(text) : nil
        case .boolean:
            switch text.lowercased() {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: return nil
            }
        case .list, .object, .texts, .json, .any: return nil
        }
    }

    private func wrong(_ value: TemplateExpression, _ kind: ResourceType.Kind, _ path: Path) -> TemplateError {
        var found = value.kind
        if let text = value.value?.string { found = concealment.conceal(text).excerpt }
        return TemplateError(.wrongType, "This must be \(kind.words), and is \(found).", at: mark(of: path), path)
    }

    /// Where a value is written, or what it comes of: an element that a function made has no place of its own.
    private func mark(of path: Path) -> Mark {
        var path = path
        while !path.names.isEmpty {
            if let mark = marks[path.description] { return mark }
            path = path.parent
        }
        return mark
    }
}
