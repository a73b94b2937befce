/// Evaluates the values of a template with what is known before its resources are made.
struct Evaluator {
    let template: Template
    let inputs: Template.Inputs
    let parameters: [String: TemplateValue]
    let concealment: Concealment
    /// What the conditions say, as far as they have been evaluated.
    var conditions: [String: Bool] = [:]
    /// The resources that are made.
    var resources: Set<String> = []
    /// What other stacks export, and this takes.
    var imported: Set<String> = []
    /// Where evaluated values are written, by their paths: for what the schemas say of them.
    var marks: [String: Mark] = [:]
    /// Where the keys of those are written that are members of objects.
    var keyMarks: [String: Mark] = [:]
    /// Values made so far: a mapping that is found again and again counts each time.
    private var made = 0

    init(_ template: Template, _ inputs: Template.Inputs) throws(TemplateError) {
        self.template = template
        self.inputs = inputs
        parameters = try Self.parameters(template, inputs)
        let secrets = template.parameters.filter(\.isSecret).compactMap { [parameters] in parameters[$0.name] }
        concealment = Concealment(secrets.flatMap { $0.elements?.compactMap(\.string) ?? [$0.string ?? ""] })
    }

    private static func parameters(_ template: Template, _ inputs: Template.Inputs) throws(TemplateError) -> [String: TemplateValue] {
        let path = .root / "Parameters"
        let mark = template.root["Parameters"]?.mark ?? template.root.mark
        let names = Set(template.parameters.map(\.name))
        for name in inputs.parameters.keys.sorted() where !names.contains(name) {
            let known = names.isEmpty ? "It has none" : "It has \(names.list)"
            throw TemplateError(
                .unknownParameter, "The template has no parameter \(name.excerpt).\(NearName.hint(name, among: names)) \(known).", at: mark,
                path)
        }
        var values: [String: TemplateValue] = [:]
        var missing: [TemplateParameter] = []
        for parameter in template.parameters {
            if let value = try parameter.value(of: inputs.parameters[parameter.name]) {
                values[parameter.name] = value
            } else {
                missing.append(parameter)
            }
        }
        guard let first = missing.first else { return values }
        throw TemplateError(
            .missingParameter,
            "Without a default, and not given: \(missing.map(\.name).list). Give \(missing.count == 1 ? "it" : "each") a value.",
            at: first.mark, path / first.name)
    }

    // MARK: Values

    /// - Returns: `nil` for `AWS::NoValue`: there is to be no such member or element.
    mutating func evaluate(_ node: SourceNode, _ path: Path) throws(TemplateError) -> TemplateExpression? {
        try count(1, at: node.mark, path)
        guard path.names.reduce(0, { $0 + $1.utf8.count }) <= Path.longest else {
            throw TemplateError(
                .tooLarge, "The names that lead here have more than \(Path.longest) bytes. Shorten them.", at: node.mark, path)
        }
        if node.call == nil { marks[path.description] = node.mark }
        if let call = node.call {
            let result = try evaluate(call: call.function, call.argument, at: call.mark, path)
            // Its arguments have noted their places there. Only a branch is what is there in the end.
            if result != nil, call.function != "Fn::If" { marks[path.description] = call.mark }
            return result
        }
        switch node.content {
        case .scalar(.null):
            throw TemplateError(
                .wrongType, "There is nothing here; a template holds no null. Leave it out, or use AWS::NoValue.", at: node.mark, path)
        case .scalar(let value):
            if case .text(let text) = value { try refuseDynamicReference(text, at: node.mark, path) }
            return .value(value)
        case .list(let elements):
            var values: [TemplateExpression] = []
            for element in elements {
                if let value = try evaluate(element, path / values.count) { values.append(value) }
            }
            return .making(list: values)
        case .mapping(let entries):
            var values: [String: TemplateExpression] = [:]
            for entry in entries {
                guard !entry.key.hasPrefix("Fn::") else {
                    throw TemplateError(
                        .function, "\(entry.key) must be the only key of its object.", at: entry.mark, path / entry.key)
                }
                keyMarks[(path / entry.key).description] = entry.mark
                if let value = try evaluate(entry.value, path / entry.key) { values[entry.key] = value }
            }
            return .making(object: values)
        }
    }

    /// A value that has to be there.
    mutating func value(_ node: SourceNode, _ path: Path) throws(TemplateError) -> TemplateExpression {
        guard let value = try evaluate(node, path) else {
            throw TemplateError(.wrongType, "AWS::NoValue leaves out a property; here a value is needed.", at: node.mark, path)
        }
        return value
    }

    /// A value that has to be known now.
    mutating func known(_ node: SourceNode, _ path: Path, _ what: String) throws(TemplateError) -> TemplateValue {
        let expression = try value(node, path)
        guard let value = expression.value else {
            let names = Set(expression.references.map(\.logicalID)).list
            throw TemplateError(
                .function, "\(what) must be known before resources are made; it depends on \(names).", at: node.mark, path)
        }
        return value
    }

    /// A text that has to be known now.
    mutating func text(_ node: SourceNode, _ path: Path, _ what: String) throws(TemplateError) -> String {
        let value = try known(node, path, what)
        guard let text = value.string else {
            throw TemplateError(.wrongType, "\(what) must be a text, and is \(value.kind).", at: node.mark, path)
        }
        return text
    }

    mutating func count(_ values: Int, at mark: Mark, _ path: Path) throws(TemplateError) {
        made += values
        guard made <= 2 * SourceLimits.nodes else { throw .tooManyNodes(at: mark, path) }
    }

    /// What a function made counts by its size: a short text may stand for a long one, again and again.
    mutating func count(_ expression: TemplateExpression, at mark: Mark, _ path: Path) throws(TemplateError) {
        try count((expression.elements?.count ?? 0) + (expression.value?.string?.utf8.count ?? 0) / 64, at: mark, path)
    }

    private func refuseDynamicReference(_ text: String, at mark: Mark, _ path: Path) throws(TemplateError) {
        guard text.utf8.contains(UInt8(ascii: "{")), Intrinsic.split(text, at: "{{resolve:").count > 1 else { return }
        throw TemplateError(
            .unsupported, "Dynamic references (`{{resolve:…}}`) read AWS's stores, which are not here. Use a parameter.", at: mark, path)
    }
}
