/// Whether every name in a template leads somewhere, also where no condition ever leads to it.
struct ReferenceCheck {
    private let template: Template
    private let parameters: Set<String>
    private let resources: Set<String>
    private let conditions: Set<String>

    init(_ template: Template) {
        self.template = template
        parameters = Set(template.parameters.map(\.name))
        resources = Set(template.resources.map(\.logicalID))
        conditions = Set(template.conditions.keys)
    }

    func check() throws(TemplateError) {
        for (name, node) in template.conditions.sorted(by: { $0.key < $1.key }) {
            try check(node, .root / "Conditions" / name, inCondition: true)
        }
        for rule in template.rules { try check(rule.value, .root / "Rules" / rule.key, inCondition: true) }
        for resource in template.resources {
            if let properties = resource.properties { try check(properties, resource.path / "Properties") }
            if let condition = resource.condition { try checkCondition(condition, at: resource.node["Condition"]?.mark, resource.path) }
            for name in resource.dependsOn where !resources.contains(name) {
                throw TemplateError(
                    .unknownReference, "There is no resource \(name.excerpt).\(NearName.hint(name, among: resources))",
                    at: resource.node["DependsOn"]?.mark ?? resource.mark, resource.path / "DependsOn")
            }
            guard !resource.dependsOn.contains(resource.logicalID) else {
                throw TemplateError(
                    .circular, "A circle: \(resource.logicalID) depends on itself.",
                    at: resource.node["DependsOn"]?.mark ?? resource.mark, resource.path / "DependsOn")
            }
        }
        for output in template.outputs {
            let path = .root / "Outputs" / output.key
            try check(output.value, path)
            if let condition = output.value["Condition"]?.string {
                try checkCondition(condition, at: output.value["Condition"]?.mark, path)
            }
        }
    }

    private func check(_ node: SourceNode, _ path: Path, inCondition: Bool = false) throws(TemplateError) {
        if let call = node.call {
            try check(call.function, call.argument, at: call.mark, path, inCondition: inCondition)
            return
        }
        switch node.content {
        case .scalar: return
        case .list(let elements):
            for (index, element) in elements.enumerated() { try check(element, path / index, inCondition: inCondition) }
        case .mapping(let entries):
            if inCondition, entries.count == 1, entries[0].key == "Condition", let name = entries[0].value.string {
                try checkCondition(name, at: entries[0].value.mark, path)
            }
            for entry in entries { try check(entry.value, path / entry.key, inCondition: inCondition) }
        }
    }

    private func check(
        _ function: String, _ argument: SourceNode, at mark: Mark, _ path: Path, inCondition: Bool
    ) throws(TemplateError) {
        switch function {
        case "Ref":
            if let name = argument.string { try checkName(name, at: mark, path, inCondition: inCondition) }
            return
        case "Fn::GetAtt":
            let name = argument.elements?.first?.string ?? argument.string.map { String($0.prefix { $0 != "." }) }
            if let name { try checkResource(name, at: mark, path, inCondition: inCondition) }
        case "Fn::Sub":
            let list = argument.elements
            let variables = Set(list?.dropFirst().first?.entries?.map(\.key) ?? [])
            if let text = argument.string ?? list?.first?.string {
                for part in try SubText(text, at: mark, path).parts {
                    switch part {
                    case .text: continue
                    case .name(let name): if !variables.contains(name) { try checkName(name, at: mark, path, inCondition: inCondition) }
                    case .attribute(let name, let attribute):
                        if !variables.contains("\(name).\(attribute)") {
                            try checkResource(name, at: mark, path, inCondition: inCondition)
                        }
                    }
                }
            }
        case "Fn::If":
            if let name = argument.elements?.first?.string { try checkCondition(name, at: mark, path) }
        case "Fn::FindInMap":
            if let name = argument.elements?.first?.string, template.mappings[name] == nil, (argument.elements?.count ?? 0) < 4 {
                throw TemplateError(
                    .missingMapping, "There is no mapping \(name.excerpt).\(NearName.hint(name, among: template.mappings.keys))", at: mark,
                    path)
            }
        default: break
        }
        try check(argument, path, inCondition: inCondition)
    }

    private func checkName(_ name: String, at mark: Mark, _ path: Path, inCondition: Bool) throws(TemplateError) {
        if parameters.contains(name) || Template.Inputs.pseudoParameters.contains(name) { return }
        if resources.contains(name) { return try checkResource(name, at: mark, path, inCondition: inCondition) }
        let known = parameters.union(resources).union(Template.Inputs.pseudoParameters)
        throw TemplateError(
            .unknownReference, "\(name.excerpt) is neither a parameter nor a resource.\(NearName.hint(name, among: known))", at: mark, path)
    }

    private func checkResource(_ name: String, at mark: Mark, _ path: Path, inCondition: Bool) throws(TemplateError) {
        guard !inCondition else {
            throw TemplateError(
                .unknownReference, "\(name.excerpt) is a resource, or nothing; a condition knows parameters only.", at: mark, path)
        }
        guard !resources.contains(name) else { return }
        throw TemplateError(
            .unknownReference, "There is no resource \(name.excerpt).\(NearName.hint(name, among: resources))", at: mark, path)
    }

    private func checkCondition(_ name: String, at mark: Mark?, _ path: Path) throws(TemplateError) {
        guard !conditions.contains(name) else { return }
        throw TemplateError(
            .unknownCondition, "There is no condition \(name.excerpt).\(NearName.hint(name, among: conditions))", at: mark ?? .start, path)
    }
}
