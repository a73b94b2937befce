/// A resource with its properties, as far as they are known before it is made.
package struct ResolvedResource: Sendable {
    package let logicalID: String
    package let type: ResourceType
    /// An object, checked against the type's schema, with references to resources made before.
    package let properties: TemplateExpression
    /// The resources that must be made before, from references and `DependsOn`.
    package let dependsOn: Set<String>
    package let deletionPolicy: RemovalPolicy
    package let updateReplacePolicy: RemovalPolicy
    /// As it is written, functions not evaluated.
    package let metadata: TemplateValue?
    /// Where its name is written.
    package let mark: Mark
    let path: Path
    let template: String
    let check: PropertyCheck

    /// What becomes of a resource that leaves its stack.
    package enum RemovalPolicy: String, Sendable, Hashable {
        case delete = "Delete"
        case retain = "Retain"
        /// As `Retain`, unless the stack failed while it made the resource.
        case retainExceptOnCreate = "RetainExceptOnCreate"
    }

    /// The properties with what is known of other resources by now, checked once more.
    ///
    /// - Parameter lookup: gives what `Ref` (`nil`) or an attribute of a resource is.
    /// - Throws: for a value that does not fit the schema, and for one that is still not known.
    package func properties(resolving lookup: TemplateExpression.Lookup) throws(TemplateError) -> [String: TemplateValue] {
        do throws(TemplateError) {
            let path = path / "Properties"
            let resolved = try check.checked(try properties.resolved(path, lookup), path)
            if let missing = resolved.references.first { throw Self.unknown(missing, path) }
            guard let members = resolved.value?.members else {
                throw TemplateError(.wrongType, "The properties are \(resolved.kind).", at: mark, path)
            }
            return members
        } catch {
            throw error.named(template)
        }
    }

    static func unknown(_ reference: TemplateExpression.Reference, _ path: Path) -> TemplateError {
        TemplateError(
            .unknownReference,
            "\(reference.logicalID)\(reference.attribute.map { ".\($0)" } ?? "") is not known: the resource has to be made first.",
            at: reference.mark, path)
    }
}
