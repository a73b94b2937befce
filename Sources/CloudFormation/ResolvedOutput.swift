/// A value that a stack shows, and may export to others.
package struct ResolvedOutput: Sendable {
    package let name: String
    package let value: TemplateExpression
    package let description: String?
    package let exportName: String?
    package let mark: Mark
    let template: String

    /// The text, with what is known of the resources by now.
    package func value(resolving lookup: TemplateExpression.Lookup) throws(TemplateError) -> String {
        let path = .root / "Outputs" / name / "Value"
        do throws(TemplateError) {
            let resolved = try value.resolved(path, lookup)
            if let missing = resolved.references.first { throw ResolvedResource.unknown(missing, path) }
            guard let text = resolved.value?.string else {
                throw TemplateError(.wrongType, "An output is a text, and this is \(resolved.kind).", at: mark, path)
            }
            return text
        } catch {
            throw error.named(template)
        }
    }
}
