extension Evaluator {
    /// Functions that are AWS's, and cannot be here.
    private static let refused: [String: String] = [
        "Fn::GetAZs": "There are no availability zones here; use a parameter.",
        "Fn::Transform": "Macros are AWS's; give the template as it is after them.",
        "Fn::ForEach": "Loops are not taken; write out the copies.",
        "Fn::GetStackOutput": "Use Fn::ImportValue.",
    ]

    private static let names: Set<String> = [
        "Ref", "Fn::Base64", "Fn::Cidr", "Fn::FindInMap", "Fn::GetAtt", "Fn::If", "Fn::ImportValue", "Fn::Join", "Fn::Length", "Fn::Select",
        "Fn::Split", "Fn::Sub", "Fn::ToJsonString",
    ]

    private static let ofConditions: Set<String> = ["Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"]

    mutating func evaluate(
        call function: String, _ argument: SourceNode, at mark: Mark, _ path: Path
    ) throws(TemplateError) -> TemplateExpression? {
        switch function {
        case "Ref": return try reference(argument, at: mark, path)
        case "Fn::GetAtt": return try attribute(argument, at: mark, path)
        case "Fn::If":
            let arguments = try arguments(of: function, argument, 3, at: mark, path)
            guard let name = arguments[0].string else {
                throw TemplateError(.function, "Fn::If: the first argument is the name of a condition.", at: mark, path)
            }
            return try evaluate(try condition(named: name, at: mark, path) ? arguments[1] : arguments[2], path)
        case "Fn::FindInMap": return try mapped(argument, at: mark, path)
        case "Fn::ImportValue":
            let name = try text(argument, path, "Fn::ImportValue: the name")
            guard let value = inputs.imports[name] else {
                let exported = inputs.imports.isEmpty ? "No stack exports anything." : "There are \(inputs.imports.keys.list)."
                throw TemplateError(
                    .unresolvedImport,
                    "No stack exports \(shown(name)).\(NearName.hint(name, among: inputs.imports.keys)) \(exported) Deploy that stack first.",
                    at: mark, path)
            }
            imported.insert(name)
            return .value(.text(value))
        case "Fn::Sub": return try substituted(argument, at: mark, path)
        case "Fn::Base64", "Fn::Length", "Fn::ToJsonString": return try apply(function, [argument], at: mark, path)
        case "Fn::Cidr": return try apply(function, try arguments(of: function, argument, 3, at: mark, path), at: mark, path)
        case "Fn::Join", "Fn::Select", "Fn::Split":
            return try apply(function, try arguments(of: function, argument, 2, at: mark, path), at: mark, path)
        case _ where Self.ofConditions.contains(function):
            throw TemplateError(
                .function, "\(function) stands in the section Conditions only. Give the condition a name there, and use Fn::If here.",
                at: mark, path)
        default:
            // A loop has its name in its key: `Fn::ForEach::Topics`.
            if let reason = Self.refused[Intrinsic.split(function, at: "::").prefix(2).joined(separator: "::")] {
                throw TemplateError(.unsupported, "\(function): \(reason)", at: mark, path)
            }
            throw TemplateError(
                .function, "There is no function \(function.excerpt).\(NearName.hint(function, among: Self.names))", at: mark, path)
        }
    }

    private func arguments(
        of function: String, _ argument: SourceNode, _ count: Int, at mark: Mark, _ path: Path
    ) throws(TemplateError) -> [SourceNode] {
        guard let elements = argument.elements, elements.count == count else {
            let given = argument.elements.map { "\($0.count)" } ?? argument.kind
            throw TemplateError(.function, "\(function) takes a list of \(count) arguments, not \(given).", at: mark, path)
        }
        return elements
    }

    private mutating func apply(
        _ function: String, _ nodes: [SourceNode], at mark: Mark, _ path: Path
    ) throws(TemplateError) -> TemplateExpression {
        guard let intrinsic = Intrinsic(rawValue: String(function.dropFirst(4))) else {
            throw TemplateError(.function, "There is no function \(function.excerpt).", at: mark, path)
        }
        var arguments: [TemplateExpression] = []
        for node in nodes { arguments.append(try value(node, path)) }
        let result = try intrinsic.applied(to: arguments, at: mark, path)
        try count(result, at: mark, path)
        return result
    }

    // MARK: References

    private func reference(_ argument: SourceNode, at mark: Mark, _ path: Path) throws(TemplateError) -> TemplateExpression? {
        guard let name = argument.string else {
            throw TemplateError(.function, "Ref takes a name, not \(argument.kind).", at: mark, path)
        }
        return try reference(name, at: mark, path)
    }

    private func reference(_ name: String, at mark: Mark, _ path: Path) throws(TemplateError) -> TemplateExpression? {
        if name == "AWS::NoValue" { return nil }
        if let value = parameters[name] ?? inputs.pseudoParameter(name) { return .value(value) }
        return try resource(name, nil, at: mark, path)
    }

    private mutating func attribute(_ argument: SourceNode, at mark: Mark, _ path: Path) throws(TemplateError) -> TemplateExpression {
        var parts = argument.elements ?? []
        if let text = argument.string, let dot = text.firstIndex(of: ".") {
            parts = [text[..<dot], text[text.index(after: dot)...]].map { part in
                SourceNode(content: .scalar(.text(String(part))), mark: argument.mark)
            }
        }
        guard parts.count == 2, let name = parts[0].string else {
            throw TemplateError(
                .function, "Fn::GetAtt takes a resource and an attribute: `Queue.Arn` or `[Queue, Arn]`.", at: mark, path)
        }
        return try resource(name, try text(parts[1], path, "Fn::GetAtt: the attribute"), at: mark, path)
    }

    private func resource(_ name: String, _ attribute: String?, at mark: Mark, _ path: Path) throws(TemplateError) -> TemplateExpression {
        guard let declaration = template.resources.first(where: { $0.logicalID == name }) else {
            throw TemplateError(.unknownReference, "\(name.excerpt) is neither a parameter nor a resource.", at: mark, path)
        }
        guard resources.contains(name) else {
            throw TemplateError(
                .unknownReference,
                "\(name) is not made, since its condition \(declaration.condition ?? "") is false. Put this into an Fn::If of that condition.",
                at: mark, path)
        }
        if let attribute, let type = ResourceType.named(declaration.type), !type.attributes.contains(attribute) {
            throw TemplateError(
                .unknownAttribute,
                "\(declaration.type) has no attribute \(shown(attribute)).\(NearName.hint(attribute, among: type.attributes)) "
                    + (type.attributes.isEmpty ? "It has none; use Ref." : "It has \(type.attributes.list)."), at: mark, path)
        }
        return .reference(.init(logicalID: name, attribute: attribute, mark: mark))
    }

    // MARK: Texts and mappings

    private mutating func substituted(_ argument: SourceNode, at mark: Mark, _ path: Path) throws(TemplateError) -> TemplateExpression {
        var variables: [String: SourceNode] = [:]
        let text: String?
        if let elements = argument.elements {
            guard elements.count == 2, let entries = elements[1].entries else {
                throw TemplateError(.function, "Fn::Sub takes a text, or a list of a text and an object of variables.", at: mark, path)
            }
            for entry in entries { variables[entry.key] = entry.value }
            text = elements[0].string
        } else {
            text = argument.string
        }
        guard let text else { throw TemplateError(.function, "Fn::Sub takes a text, not \(argument.kind).", at: mark, path) }
        var arguments: [TemplateExpression] = []
        for part in try SubText(text, at: mark, path).parts {
            switch part {
            case .text(let text): arguments.append(.value(.text(text)))
            case .name(let name):
                if let variable = variables[name] {
                    arguments.append(try value(variable, path))
                } else if let value = try reference(name, at: mark, path) {
                    arguments.append(value)
                } else {
                    throw TemplateError(.function, "Fn::Sub: AWS::NoValue is no text.", at: mark, path)
                }
            case .attribute(let name, let attribute):
                if let variable = variables["\(name).\(attribute)"] {
                    arguments.append(try value(variable, path))
                } else {
                    arguments.append(try resource(name, attribute, at: mark, path))
                }
            }
        }
        let result = try Intrinsic.sub.applied(to: arguments, at: mark, path)
        try count(result, at: mark, path)
        return result
    }

    private mutating func mapped(_ argument: SourceNode, at mark: Mark, _ path: Path) throws(TemplateError) -> TemplateExpression? {
        guard let arguments = argument.elements, (3...4).contains(arguments.count) else {
            throw TemplateError(
                .function, "Fn::FindInMap takes a mapping, a key and a second key, and may have a DefaultValue.", at: mark, path)
        }
        var otherwise: SourceNode?
        if arguments.count == 4 {
            guard let entries = arguments[3].entries, entries.count == 1, entries[0].key == "DefaultValue" else {
                throw TemplateError(.function, "Fn::FindInMap: the fourth argument is an object with DefaultValue.", at: mark, path)
            }
            otherwise = entries[0].value
        }
        var keys: [String] = []
        for (index, what) in ["mapping", "key", "second key"].enumerated() {
            keys.append(try text(arguments[index], path, "Fn::FindInMap: the \(what)"))
        }
        let mapping = template.mappings[keys[0]]
        if let found = mapping?[keys[1]]?[keys[2]] { return try evaluate(found, path) }
        if let otherwise { return try evaluate(otherwise, path) }
        guard let mapping else {
            throw TemplateError(
                .missingMapping,
                "There is no mapping \(shown(keys[0])).\(NearName.hint(keys[0], among: template.mappings.keys))", at: mark, path)
        }
        guard let top = mapping[keys[1]] else {
            throw TemplateError(
                .missingMapping,
                "The mapping \(keys[0]) has no key \(shown(keys[1])). It has \(mapping.keys.list). Add it, or a DefaultValue.",
                at: mark, path)
        }
        throw TemplateError(
            .missingMapping,
            "The mapping \(keys[0]) has no key \(shown(keys[2])) under \(shown(keys[1])). It has \(top.keys.list). Add it, or a DefaultValue.",
            at: mark, path)
    }

    /// A text that may come of a secret parameter, for a message.
    private func shown(_ text: String) -> String { concealment.conceal(text).excerpt }
}
