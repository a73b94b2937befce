/// A value as far as it is known before resources are made: data, with references to them and functions of these.
package indirect enum TemplateExpression: Sendable, Hashable {
    /// Known, whole.
    case value(TemplateValue)
    case list([TemplateExpression])
    case object([String: TemplateExpression])
    /// What `Ref` or `GetAtt` of a resource gives once it is made.
    case reference(Reference)
    case call(Call)

    package struct Reference: Sendable, Hashable {
        package let logicalID: String
        /// `nil` for `Ref`.
        package let attribute: String?
        package let mark: Mark
    }

    /// A function some of whose arguments are not known yet.
    package struct Call: Sendable, Hashable {
        let function: Intrinsic
        let arguments: [TemplateExpression]
        let mark: Mark
    }

    /// Gives what a resource's `Ref` (`nil`) or attribute is, or `nil` where it is not known.
    package typealias Lookup = (_ logicalID: String, _ attribute: String?) -> TemplateValue?

    /// The data, if all of it is known.
    package var value: TemplateValue? {
        if case .value(let value) = self { value } else { nil }
    }

    /// Every resource that this waits for.
    package var references: [Reference] {
        switch self {
        case .value: []
        case .list(let elements): elements.flatMap(\.references)
        case .object(let members): members.sorted { $0.key < $1.key }.flatMap(\.value.references)
        case .reference(let reference): [reference]
        case .call(let call): call.arguments.flatMap(\.references)
        }
    }

    // MARK: Making

    /// A list, as a value if its elements are.
    static func making(list elements: [TemplateExpression]) -> TemplateExpression {
        var values: [TemplateValue] = []
        for element in elements {
            guard case .value(let value) = element else { return .list(elements) }
            values.append(value)
        }
        return .value(.list(values))
    }

    /// An object, as a value if its members are.
    static func making(object members: [String: TemplateExpression]) -> TemplateExpression {
        var values: [String: TemplateValue] = [:]
        for (key, member) in members {
            guard case .value(let value) = member else { return .object(members) }
            values[key] = value
        }
        return .value(.object(values))
    }

    /// The elements of a list that is known to be one, themselves known or not.
    var elements: [TemplateExpression]? {
        switch self {
        case .value(.list(let elements)): elements.map { .value($0) }
        case .list(let elements): elements
        default: nil
        }
    }

    var members: [String: TemplateExpression]? {
        switch self {
        case .value(.object(let members)): members.mapValues { .value($0) }
        case .object(let members): members
        default: nil
        }
    }

    // MARK: Resolving

    /// What this is, with what is known of the resources by now.
    ///
    /// - Throws: what a function says of its arguments; what is still unknown is not an error.
    func resolved(_ path: Path, _ lookup: Lookup) throws(TemplateError) -> TemplateExpression {
        switch self {
        case .value: return self
        case .list(let elements):
            var resolved: [TemplateExpression] = []
            for (index, element) in elements.enumerated() { resolved.append(try element.resolved(path / index, lookup)) }
            return .making(list: resolved)
        case .object(let members):
            var resolved: [String: TemplateExpression] = [:]
            for (key, member) in members { resolved[key] = try member.resolved(path / key, lookup) }
            return .making(object: resolved)
        case .reference(let reference):
            return lookup(reference.logicalID, reference.attribute).map { .value($0) } ?? self
        case .call(let call):
            var arguments: [TemplateExpression] = []
            for argument in call.arguments { arguments.append(try argument.resolved(path, lookup)) }
            return try call.function.applied(to: arguments, at: call.mark, path)
        }
    }
}

extension TemplateExpression {
    /// What it is, for messages: never what is in it.
    var kind: String {
        switch self {
        case .value(let value): value.kind
        case .list: "a list"
        case .object: "an object"
        case .reference: "a text"
        case .call(let call): call.function.resultKind
        }
    }

    /// As JSON in which what is unknown stands as CloudFormation's long forms: for comparing, not for deploying.
    package var preview: TemplateValue {
        switch self {
        case .value(let value): value
        case .list(let elements): .list(elements.map(\.preview))
        case .object(let members): .object(members.mapValues(\.preview))
        case .reference(let reference):
            reference.attribute.map { ["Fn::GetAtt": [.text(reference.logicalID), .text($0)]] } ?? ["Ref": .text(reference.logicalID)]
        case .call(let call): .object(["Fn::\(call.function.rawValue)": .list(call.arguments.map(\.preview))])
        }
    }
}
