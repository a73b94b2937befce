extension Evaluator {
    /// Evaluates every condition, as CloudFormation does, whether or not something uses it.
    mutating func evaluateConditions() throws(TemplateError) {
        for entry in try Template.section("Conditions", template.root) {
            _ = try condition(named: entry.key, at: entry.mark, .root / "Conditions" / entry.key)
        }
    }

    mutating func condition(named name: String, at mark: Mark, _ path: Path) throws(TemplateError) -> Bool {
        try condition(named: name, at: mark, path, within: [])
    }

    private mutating func condition(named name: String, at mark: Mark, _ path: Path, within: [String]) throws(TemplateError) -> Bool {
        if let known = conditions[name] { return known }
        guard let node = template.conditions[name] else {
            throw TemplateError(
                .unknownCondition, "There is no condition \(name.excerpt).\(NearName.hint(name, among: template.conditions.keys))",
                at: mark, path)
        }
        if let start = within.firstIndex(of: name) {
            let circle = (within[start...] + [name]).joined(separator: " → ")
            throw TemplateError(.circular, "Conditions go in a circle: \(circle).", at: mark, path)
        }
        // Each may be as deep as a template is.
        guard within.count < 20 else {
            throw TemplateError(.tooLarge, "More than 20 conditions depend on each other in a line. Make it shorter.", at: mark, path)
        }
        let value = try isTrue(node, .root / "Conditions" / name, within: within + [name])
        conditions[name] = value
        return value
    }

    /// Whether a condition's expression holds.
    mutating func isTrue(_ node: SourceNode, _ path: Path, within: [String]) throws(TemplateError) -> Bool {
        guard let entries = node.entries, entries.count == 1, let entry = entries.first else {
            throw TemplateError(
                .function, "A condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition, not \(node.kind).", at: node.mark, path
            )
        }
        let (function, argument, mark) = (entry.key, entry.value, node.mark)
        switch function {
        case "Condition":
            guard let name = argument.string else {
                throw TemplateError(.function, "Condition takes the name of one, not \(argument.kind).", at: mark, path)
            }
            return try condition(named: name, at: mark, path, within: within)
        case "Fn::Equals":
            guard let arguments = argument.elements, arguments.count == 2 else {
                throw TemplateError(.function, "Fn::Equals takes a list of 2 values.", at: mark, path)
            }
            let left = try known(arguments[0], path, "Fn::Equals: a value")
            let right = try known(arguments[1], path, "Fn::Equals: a value")
            return left.asTexts == right.asTexts
        case "Fn::Not":
            guard let arguments = argument.elements, arguments.count == 1 else {
                throw TemplateError(.function, "Fn::Not takes a list of 1 condition.", at: mark, path)
            }
            return try isTrue(arguments[0], path, within: within) == false
        case "Fn::And", "Fn::Or":
            guard let arguments = argument.elements, (2...10).contains(arguments.count) else {
                throw TemplateError(.function, "\(function) takes a list of 2 to 10 conditions.", at: mark, path)
            }
            // Each is evaluated, so that a fault in the last is found whatever the first says.
            var results: [Bool] = []
            for argument in arguments { results.append(try isTrue(argument, path, within: within)) }
            return function == "Fn::And" ? results.allSatisfy { $0 } : results.contains(true)
        case "Fn::Contains", "Fn::EachMemberIn", "Fn::EachMemberEquals":
            guard path.names.first == "Rules" else {
                throw TemplateError(.function, "\(function) stands in the section Rules only.", at: mark, path)
            }
            return try ruleFunction(function, argument, at: mark, path)
        default:
            throw TemplateError(
                .function,
                "\(function.excerpt) is no condition. There are Condition, Fn::And, Fn::Equals, Fn::Not, Fn::Or.", at: mark, path)
        }
    }

    // MARK: Rules

    /// Evaluates the assertions of the section Rules.
    mutating func evaluateRules() throws(TemplateError) {
        for rule in template.rules {
            let path = .root / "Rules" / rule.key
            _ = try Fields(rule.value, ["RuleCondition", "Assertions"], path)
            if let condition = rule.value["RuleCondition"], try isTrue(condition, path / "RuleCondition", within: []) == false { continue }
            for (index, assertion) in (rule.value["Assertions"]?.elements ?? []).enumerated() {
                let path = path / "Assertions" / index
                let fields = try Fields(assertion, ["Assert", "AssertDescription"], path)
                guard let assert = assertion["Assert"] else {
                    throw TemplateError(.structure, "An assertion needs an Assert.", at: assertion.mark, path)
                }
                guard try isTrue(assert, path / "Assert", within: []) else {
                    let said = try fields.text("AssertDescription").map { concealment.conceal($0) } ?? "It says no more."
                    throw TemplateError(.rule, "The parameters break the rule \(rule.key): \(said)", at: assert.mark, path)
                }
            }
        }
    }

    private mutating func ruleFunction(
        _ function: String, _ argument: SourceNode, at mark: Mark, _ path: Path
    ) throws(TemplateError) -> Bool {
        guard let arguments = argument.elements, arguments.count == 2 else {
            throw TemplateError(.function, "\(function) takes a list of 2 arguments.", at: mark, path)
        }
        guard case .list(let list) = try known(arguments[0], path, "\(function): a list").asTexts else {
            throw TemplateError(.function, "\(function): the first argument must be a list of texts.", at: mark, path)
        }
        let second = try known(arguments[1], path, "\(function): a value").asTexts
        switch (function, second) {
        case ("Fn::EachMemberIn", .list(let all)): return list.allSatisfy(all.contains)
        case ("Fn::Contains", _) where second.string != nil: return list.contains(second)
        case ("Fn::EachMemberEquals", _) where second.string != nil: return list.allSatisfy { $0 == second }
        default: throw TemplateError(.function, "\(function): the second argument does not fit, being \(second.kind).", at: mark, path)
        }
    }
}

extension TemplateValue {
    /// With every scalar as text: to CloudFormation, `true` and `"true"` are equal.
    fileprivate var asTexts: TemplateValue {
        switch self {
        case .list(let elements): .list(elements.map(\.asTexts))
        case .object(let members): .object(members.mapValues(\.asTexts))
        default: string.map { .text($0) } ?? self
        }
    }
}
