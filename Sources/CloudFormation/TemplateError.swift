/// Why a template cannot be used, where in it, and what to do about it.
package struct TemplateError: Error, Sendable, Hashable {
    /// What kind of fault: match on this, not on the message.
    package let code: Code
    /// What happened and what to do about it, for people. Never the value of a parameter with `NoEcho`.
    package let message: String
    /// The template's name, as it was given.
    package private(set) var template: String
    /// From 1.
    package let line: Int
    /// From 1, counted in Unicode scalars.
    package let column: Int
    /// What the fault is in: `Resources.Scheduler.Properties.InstanceAttributes.arn`. Empty for the whole template.
    package let path: String

    init(_ code: Code, _ message: String, at mark: Mark, _ path: Path = .root) {
        self.code = code
        self.message = message
        template = ""
        line = mark.line
        column = mark.column
        self.path = path.shown
    }

    func named(_ template: String) -> TemplateError {
        var error = self
        error.template = template
        return error
    }

    package enum Code: String, Sendable, Hashable {
        /// No YAML, no JSON, or not UTF-8.
        case malformed
        /// More bytes, nodes, levels or resources than are taken.
        case tooLarge
        /// Two of the same name.
        case duplicate
        /// A section, an attribute of a resource or a parameter that there is not, or that is not where it must be.
        case structure
        case unknownParameter, missingParameter, invalidParameter
        /// A name that is neither a parameter nor a resource, or a resource that is not made.
        case unknownReference
        case unknownAttribute
        case unknownProperty, missingProperty
        case wrongType
        /// A mapping, or a key of one.
        case missingMapping
        case unknownCondition
        case circular
        case unresolvedImport
        /// A function's arguments.
        case function
        /// What AWS has and this has not, refused by its name.
        case unsupported
        /// A rule of the template is broken.
        case rule
    }
}

extension TemplateError: CustomStringConvertible {
    /// `scheduler.yaml:12:7: Resources.Scheduler.Type: …`.
    package var description: String {
        (template.isEmpty ? "" : "\(template):") + "\(line):\(column): " + (path.isEmpty ? "" : "\(path): ") + message
    }
}
