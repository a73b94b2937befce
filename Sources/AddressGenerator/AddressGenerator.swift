internal import CloudFormation

/// Makes Swift of a template: a constant for the address of each instance, of the type that its kind has.
///
/// ```swift
/// let generated = try AddressGenerator(options).swift(from: bytes, named: "scheduler.template.yaml")
/// ```
///
/// The same template and options make the same bytes, on any machine. Nothing is looked up: what is only known once the template is deployed
/// has no constant, and is told.
package struct AddressGenerator: Sendable {
    package let options: GenerationOptions

    package init(_ options: GenerationOptions = GenerationOptions()) {
        self.options = options
    }

    /// What was made of a template.
    package struct Generated: Sendable, Hashable {
        /// A Swift file.
        package let source: String
        /// The instances that have no constant, and why.
        package let warnings: [Finding]
    }

    /// Makes a file of constants.
    ///
    /// - Parameter name: of the template's file, for messages; the file made has only what follows the last slash.
    /// - Throws: what is wrong with the template; that two names would be one in Swift; that the enclosing enum cannot have its name.
    package func swift(from bytes: [UInt8], named name: String) throws(Finding) -> Generated {
        let stack: ResolvedStack
        do throws(TemplateError) {
            var inputs = Template.Inputs(parameters: options.parameters, stackName: options.stackName ?? "stack")
            inputs.leavesUnknownOpen = true
            stack = try Template(parsing: bytes, name: name).evaluate(inputs)
        } catch {
            throw Finding(error)
        }
        if let enclosing = options.enclosingEnum, !SwiftName.isType(enclosing) {
            throw Finding(
                .error, "An enum cannot be called `\(enclosing.printable)` here. Choose another name.", in: name, at: nil)
        }
        let addresses = TemplateAddresses(stack, namespaces: options.namespaces)
        let (tree, nameless) = try AddressTree.making(of: addresses.named, in: name)
        let unnamed = (addresses.unnamed + nameless).sorted { ($0.mark.line, $0.logicalID) < ($1.mark.line, $1.logicalID) }
        let file = SwiftFile(
            template: String(name.split(separator: "/").last ?? "").printable, options: options, shown: { stack.conceal($0) })
        return Generated(
            source: file.text(tree, unnamed),
            warnings: unnamed.map { Finding(.warning, "\($0.logicalID) has no constant: \($0.reason).", in: name, at: $0.mark) })
    }
}
