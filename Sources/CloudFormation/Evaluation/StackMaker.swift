extension Template {
    /// What is to be made, with these parameters.
    ///
    /// Everything is checked that can be before a resource is made: parameters, conditions, mappings, references, functions of known values,
    /// types and names of properties, circles.
    package func evaluate(_ inputs: Inputs = Inputs()) throws(TemplateError) -> ResolvedStack {
        do throws(TemplateError) {
            var maker = StackMaker(template: self, evaluator: try Evaluator(self, inputs))
            return try maker.make()
        } catch {
            throw error.named(name)
        }
    }
}

/// Makes a stack of a template, in one pass over each section.
struct StackMaker {
    let template: Template
    var evaluator: Evaluator
    private var skipped: [ResolvedStack.Skipped] = []
    /// The resources left out, which nothing may need.
    private var absent: Set<String> = []

    init(template: Template, evaluator: Evaluator) {
        self.template = template
        self.evaluator = evaluator
    }

    mutating func make() throws(TemplateError) -> ResolvedStack {
        try evaluator.evaluateConditions()
        try evaluator.evaluateRules()
        var made: [ResourceDeclaration] = []
        for resource in template.resources {
            if let condition = resource.condition, try evaluator.condition(named: condition, at: resource.mark, resource.path) == false {
                continue
            }
            made.append(resource)
        }
        evaluator.resources = Set(made.map(\.logicalID))
        try refuseUnsupported(among: made)
        var resources: [String: ResolvedResource] = [:]
        for resource in made where !absent.contains(resource.logicalID) {
            if let type = ResourceType.named(resource.type) { resources[resource.logicalID] = try self.resource(resource, type) }
        }
        leaveOut(&resources, order: made.map(\.logicalID))
        let ordered = try DependencyOrder.sorted(made.compactMap { resources[$0.logicalID] })
        let outputs = try outputs()
        return ResolvedStack(
            resources: ordered, outputs: outputs, skipped: skipped, imports: evaluator.imported,
            parameters: evaluator.parameters.merging(template.parameters.filter(\.isSecret).map { ($0.name, .text("****")) }) { $1 },
            concealment: evaluator.concealment)
    }

    // MARK: Resources

    private mutating func refuseUnsupported(among made: [ResourceDeclaration]) throws(TemplateError) {
        let unsupported = made.filter { ResourceType.named($0.type) == nil }
        guard let first = unsupported.first else { return }
        guard evaluator.inputs.skipsUnsupported else {
            let names = unsupported.map { "\($0.logicalID) (\($0.type), line \($0.typeMark.line))" }
            let hint = NearName.hint(first.type, among: ResourceType.table.keys)
            throw TemplateError(
                .unsupported,
                "Not available here: \(names.list).\(hint) Remove \(names.count == 1 ? "it" : "them"), or have what is not available left out.",
                at: first.typeMark, first.path / "Type")
        }
        for resource in unsupported {
            absent.insert(resource.logicalID)
            skipped.append(
                .init(path: resource.path.description, reason: "\(resource.type) is not available here.", mark: resource.typeMark))
        }
    }

    private mutating func resource(_ declaration: ResourceDeclaration, _ type: ResourceType) throws(TemplateError) -> ResolvedResource {
        let path = declaration.path / "Properties"
        evaluator.marks = [:]
        evaluator.keyMarks = [:]
        var members: [String: TemplateExpression] = [:]
        if let node = declaration.properties {
            guard node.entries != nil, node.call == nil else {
                throw TemplateError(.wrongType, "Properties must be an object, and is \(node.kind).", at: node.mark, path)
            }
            members = try evaluator.value(node, path).members ?? [:]
        }
        let leftOut = leaveOutForeign(&members, type, path)
        let check = PropertyCheck(
            type: type.name, properties: type.properties.filter { !leftOut.contains($0.name) }, mark: declaration.mark,
            marks: evaluator.marks, keyMarks: evaluator.keyMarks,
            concealment: evaluator.concealment)
        let properties = try check.checked(.making(object: members), path)
        let references = Set(properties.references.map(\.logicalID)).union(declaration.dependsOn)
        return ResolvedResource(
            logicalID: declaration.logicalID, type: type, properties: properties,
            dependsOn: references.intersection(evaluator.resources),
            deletionPolicy: try removal("DeletionPolicy", declaration),
            updateReplacePolicy: try removal("UpdateReplacePolicy", declaration),
            metadata: declaration.metadata?.value, mark: declaration.mark, path: declaration.path, template: template.name, check: check)
    }

    private mutating func removal(
        _ attribute: String, _ declaration: ResourceDeclaration
    ) throws(TemplateError) -> ResolvedResource.RemovalPolicy {
        guard let node = declaration.node[attribute] else { return .delete }
        let path = declaration.path / attribute
        let text = try evaluator.text(node, path, attribute)
        if let policy = ResolvedResource.RemovalPolicy(rawValue: text), policy != .retainExceptOnCreate || attribute == "DeletionPolicy" {
            return policy
        }
        if text == "Snapshot" {
            throw TemplateError(.unsupported, "\(declaration.type) has no snapshots. Use Retain or Delete.", at: node.mark, path)
        }
        let words = attribute == "DeletionPolicy" ? "Delete, Retain or RetainExceptOnCreate" : "Delete or Retain"
        throw TemplateError(.structure, "\(attribute) is \(words).", at: node.mark, path)
    }

    // MARK: Leaving out

    /// Properties that are about AWS alone may depend on what is not here: a function's role.
    private mutating func leaveOutForeign(_ members: inout [String: TemplateExpression], _ type: ResourceType, _ path: Path) -> Set<String>
    {
        var leftOut: Set<String> = []
        for property in type.properties where property.isForeign {
            guard let value = members[property.name], let needed = value.references.first(where: { absent.contains($0.logicalID) }) else {
                continue
            }
            members[property.name] = nil
            leftOut.insert(property.name)
            skipped.append(
                .init(
                    path: (path / property.name).description, reason: "It needs \(needed.logicalID), which is left out.", mark: needed.mark)
            )
        }
        return leftOut
    }

    /// What needs something that is left out is left out itself: half a resource would be a guess.
    private mutating func leaveOut(_ resources: inout [String: ResolvedResource], order: [String]) {
        guard !absent.isEmpty else { return }
        var isDone = false
        while !isDone {
            isDone = true
            for name in order {
                guard let resource = resources[name],
                    let needed = resource.properties.references.first(where: { absent.contains($0.logicalID) })
                else { continue }
                resources[name] = nil
                absent.insert(name)
                isDone = false
                skipped.append(
                    .init(
                        path: resource.path.description, reason: "It needs \(needed.logicalID), which is left out.", mark: needed.mark))
            }
        }
        for (name, resource) in resources { resources[name] = resource.without(absent) }
    }

    // MARK: Outputs

    private mutating func outputs() throws(TemplateError) -> [ResolvedOutput] {
        var outputs: [ResolvedOutput] = []
        var exports: [String: String] = [:]
        for entry in template.outputs {
            let path = .root / "Outputs" / entry.key
            let fields = try Fields(entry.value, ["Value", "Description", "Export", "Condition"], path)
            if let condition = try fields.text("Condition"), try evaluator.condition(named: condition, at: entry.mark, path) == false {
                continue
            }
            guard let node = entry.value["Value"] else {
                throw TemplateError(.structure, "An output needs a Value.", at: entry.mark, path)
            }
            let value = try evaluator.value(node, path / "Value")
            guard value.value.map({ $0.string != nil }) ?? !["a list", "an object"].contains(value.kind) else {
                throw TemplateError(
                    .wrongType, "An output is a text, and this is \(value.kind). Use Fn::Join.", at: node.mark, path / "Value")
            }
            if let needed = value.references.first(where: { absent.contains($0.logicalID) }) {
                skipped.append(
                    .init(path: path.description, reason: "It needs \(needed.logicalID), which is left out.", mark: needed.mark))
                continue
            }
            var exportName: String?
            if let export = entry.value["Export"] {
                _ = try Fields(export, ["Name"], path / "Export")
                guard let name = export["Name"] else {
                    throw TemplateError(.structure, "An export needs a Name.", at: export.mark, path / "Export")
                }
                let text = try evaluator.text(name, path / "Export" / "Name", "The name of an export")
                if let other = exports.updateValue(entry.key, forKey: text) {
                    throw TemplateError(
                        .duplicate, "The output \(other) exports under the same name. Rename one.", at: name.mark, path / "Export" / "Name")
                }
                exportName = text
            }
            outputs.append(
                .init(
                    name: entry.key, value: value, description: try fields.text("Description"), exportName: exportName, mark: entry.mark,
                    template: template.name))
        }
        return outputs
    }
}

extension ResolvedResource {
    fileprivate func without(_ absent: Set<String>) -> ResolvedResource {
        ResolvedResource(
            logicalID: logicalID, type: type, properties: properties, dependsOn: dependsOn.subtracting(absent),
            deletionPolicy: deletionPolicy, updateReplacePolicy: updateReplacePolicy, metadata: metadata, mark: mark, path: path,
            template: template, check: check)
    }
}
