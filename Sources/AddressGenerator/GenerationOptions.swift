/// What to generate of a template.
package struct GenerationOptions: Sendable, Hashable {
    /// The template's parameters; lists divided by commas.
    package var parameters: [String: String]
    package var stackName: String?
    /// The names of namespaces that the template only has the ids of.
    package var namespaces: [String: String]
    /// The enum that holds all others, if any.
    package var enclosingEnum: String?
    package var access: Access

    package init(
        parameters: [String: String] = [:], stackName: String? = nil, namespaces: [String: String] = [:], enclosingEnum: String? = nil,
        access: Access = .internal
    ) {
        self.parameters = parameters
        self.stackName = stackName
        self.namespaces = namespaces
        self.enclosingEnum = enclosingEnum
        self.access = access
    }

    /// Who may use the constants.
    package enum Access: String, Sendable, Codable, CaseIterable {
        case `internal`, package, `public`

        /// What stands before each declaration.
        var modifier: String { self == .internal ? "" : rawValue + " " }
    }

    /// The options that ``enclosingEnum`` and the others are on the command line, always in the same order.
    ///
    /// - Parameter shown: hides the values of secret parameters.
    func arguments(shown: (String) -> String) -> [String] {
        var arguments: [String] = []
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) { arguments += ["--parameter", "\(name)=\(shown(value))"] }
        if let stackName { arguments += ["--stack-name", stackName] }
        for (id, name) in namespaces.sorted(by: { $0.key < $1.key }) { arguments += ["--namespace", "\(id)=\(name)"] }
        if let enclosingEnum { arguments += ["--enum", enclosingEnum] }
        if access != .internal { arguments += ["--access", access.rawValue] }
        return arguments
    }
}

/// As a file has them that stands beside its templates: `{"parameters": {"Stage": "prod"}, "enum": "App"}`.
extension GenerationOptions: Decodable {
    /// The name of that file.
    package static let fileName = "discovery-addresses.json"

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case parameters, stackName, namespaces, access
        case enclosingEnum = "enum"
    }

    /// - Throws: `DecodingError` for a key that there is not, since that is mistyped.
    package init(from decoder: any Decoder) throws {
        let known = CodingKeys.allCases.map(\.rawValue)
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: [key],
                    debugDescription: "There is no option `\(key.stringValue)`. There are \(known.sorted().joined(separator: ", "))."))
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            parameters: try container.decodeIfPresent([String: String].self, forKey: .parameters) ?? [:],
            stackName: try container.decodeIfPresent(String.self, forKey: .stackName),
            namespaces: try container.decodeIfPresent([String: String].self, forKey: .namespaces) ?? [:],
            enclosingEnum: try container.decodeIfPresent(String.self, forKey: .enclosingEnum),
            access: try container.decodeIfPresent(Access.self, forKey: .access) ?? .internal)
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
