/// What a template comes to with its parameters: what is to be made, in order.
package struct ResolvedStack: Sendable {
    /// Each after those that it depends on; otherwise as they are written.
    package let resources: [ResolvedResource]
    /// As they are written.
    package let outputs: [ResolvedOutput]
    /// What was left out, with ``Template/Inputs/skipsUnsupported``.
    package let skipped: [Skipped]
    /// The exports of other stacks that it takes.
    package let imports: Set<String>
    /// Names and values of the parameters, secret ones as `****`.
    package let parameters: [String: TemplateValue]
    let concealment: Concealment

    /// A resource, a property or an output that was left out.
    package struct Skipped: Sendable, Hashable {
        /// `Resources.Role`, `Resources.Worker.Properties.Role`, `Outputs.RoleArn`
        package let path: String
        package let reason: String
        package let mark: Mark
    }

    /// The resource of a name.
    package subscript(logicalID: String) -> ResolvedResource? { resources.first { $0.logicalID == logicalID } }

    /// A text to be shown to people, with `****` for the values of parameters with `NoEcho`.
    package func conceal(_ text: String) -> String { concealment.conceal(text) }

    /// Every resource by name, with its type and properties, as one JSON text: for comparing with what others make of the same template.
    ///
    /// What is not known stands as CloudFormation's long forms, or as what `lookup` gives. Secrets are not hidden.
    package func json(resolving lookup: TemplateExpression.Lookup = { _, _ in nil }) throws(TemplateError) -> String {
        var members: [String: TemplateValue] = [:]
        for resource in resources {
            let properties = try resource.properties.resolved(resource.path / "Properties", lookup)
            members[resource.logicalID] = ["Type": .text(resource.type.name), "Properties": properties.preview]
        }
        return TemplateValue.object(members).json
    }
}
