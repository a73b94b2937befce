internal import CloudFormation

/// What there is to say about a template, and where in it: why nothing can be generated, or what was left out.
package struct Finding: Error, Sendable, Hashable {
    /// What happened and what to do about it, for people.
    package let message: String
    /// The template's name, as it was given.
    package let template: String
    /// From 1; `nil` where it is about no place in the template.
    package let line: Int?
    /// From 1.
    package let column: Int?
    let severity: Severity

    enum Severity: String, Sendable {
        case warning, error
    }

    init(_ severity: Severity, _ message: String, in template: String, at mark: Mark?) {
        self.message = message
        self.template = template
        line = mark?.line
        column = mark?.column
        self.severity = severity
    }

    init(_ error: TemplateError) {
        message = (error.path.isEmpty ? "" : "\(error.path): ") + error.message
        template = error.template
        line = error.line
        column = error.column
        severity = .error
    }
}

extension Finding: CustomStringConvertible {
    /// As compilers print it, so that editors find the place: `scheduler.template.yaml:12:7: warning: …`.
    package var description: String {
        let place = [template] + [line, column].compactMap { $0 }.map(String.init)
        return place.joined(separator: ":") + ": \(severity.rawValue): \(message)"
    }
}
