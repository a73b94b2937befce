/// A CloudFormation template, read and checked as far as it can be without parameters.
///
/// ```swift
/// let template = try Template(parsing: text, name: "scheduler.yaml")
/// let stack = try template.evaluate(.init(parameters: ["Stage": "prod"], stackName: "scheduler"))
/// for resource in stack.resources {
///     let properties = try resource.properties { id, attribute in made[id]?[attribute] }
/// }
/// ```
///
/// A value throughout: nothing is read, called or remembered. Whatever the bytes, the answer is a template or a ``TemplateError``.
package struct Template: Sendable {
    /// What errors call it: a file's name.
    package let name: String
    package let description: String?
    package let parameters: [TemplateParameter]
    let root: SourceNode
    let mappings: [String: [String: [String: SourceNode]]]
    let conditions: [String: SourceNode]
    let rules: [SourceNode.Entry]
    let resources: [ResourceDeclaration]
    let outputs: [SourceNode.Entry]

    /// Reads a template, YAML or JSON.
    ///
    /// - Throws: the first fault. Names that lead nowhere are found here, also where no condition ever leads to them.
    package init(parsing text: some StringProtocol, name: String) throws(TemplateError) {
        try self.init(parsing: Array(text.utf8), name: name)
    }

    /// Reads a template from a file's bytes.
    package init(parsing bytes: [UInt8], name: String) throws(TemplateError) {
        do throws(TemplateError) {
            try self.init(try SourceReader.read(bytes, strictly: name.hasSuffix(".json")), name: name)
        } catch {
            throw error.named(name)
        }
    }

    /// The sections a template may have. Those that say how AWS deploys have no meaning here.
    static let sections: Set<String> = [
        "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Transform", "Resources",
        "Outputs",
    ]

    init(_ root: SourceNode, name: String) throws(TemplateError) {
        self.name = name
        self.root = root
        guard let entries = root.entries else {
            throw TemplateError(.structure, "A template is an object with a section Resources, not \(root.kind).", at: root.mark)
        }
        for entry in entries where !Self.sections.contains(entry.key) {
            let unsupported: Set<String> = ["Hooks", "Globals"]
            let said =
                unsupported.contains(entry.key) ? "The section \(entry.key) is not taken." : "There is no section \(entry.key.excerpt)."
            throw TemplateError(
                unsupported.contains(entry.key) ? .unsupported : .structure,
                "\(said)\(NearName.hint(entry.key, among: Self.sections)) There may be \(Self.sections.list).",
                at: entry.mark, .root / entry.key)
        }
        if let version = root["AWSTemplateFormatVersion"], version.string != "2010-09-09" {
            throw TemplateError(
                .structure, "The one version there is, is 2010-09-09.", at: version.mark, .root / "AWSTemplateFormatVersion")
        }
        description = try Self.description(root)
        try Self.checkTransforms(root)
        parameters = try Self.parameters(root)
        mappings = try Self.mappings(root)
        conditions = Dictionary(try Self.section("Conditions", root).map { ($0.key, $0.value) }) { first, _ in first }
        rules = try Self.section("Rules", root)
        outputs = try Self.section("Outputs", root, atMost: 200)
        resources = try Self.resources(root)
        try checkNames()
        try ReferenceCheck(self).check()
    }

    /// The entries of a section that is an object.
    static func section(_ name: String, _ root: SourceNode, atMost limit: Int = 500) throws(TemplateError) -> [SourceNode.Entry] {
        guard let section = root[name] else { return [] }
        let path = .root / name
        guard let entries = section.entries else {
            throw TemplateError(.structure, "\(name) must be an object, and is \(section.kind).", at: section.mark, path)
        }
        guard entries.count <= limit else {
            throw TemplateError(
                .tooLarge, "\(name) has \(entries.count) entries; at most \(limit) are taken. Divide the template into several stacks.",
                at: section.mark, path)
        }
        return entries
    }

    private static func description(_ root: SourceNode) throws(TemplateError) -> String? {
        guard let node = root["Description"], !node.isNull else { return nil }
        guard let text = node.string else {
            throw TemplateError(.structure, "Description must be a text, and is \(node.kind).", at: node.mark, .root / "Description")
        }
        return text
    }

    private static func checkTransforms(_ root: SourceNode) throws(TemplateError) {
        guard let node = root["Transform"] else { return }
        for transform in node.elements ?? [node] {
            switch transform.string {
            case "AWS::LanguageExtensions": continue
            case let name?:
                throw TemplateError(
                    .unsupported,
                    "The transform \(name.excerpt) is not here; AWS::LanguageExtensions is. Give the template as it is after the transform.",
                    at: transform.mark, .root / "Transform")
            case nil:
                throw TemplateError(
                    .structure, "A transform is a name, not \(transform.kind).", at: transform.mark, .root / "Transform")
            }
        }
    }

    private static func parameters(_ root: SourceNode) throws(TemplateError) -> [TemplateParameter] {
        var parameters: [TemplateParameter] = []
        for entry in try section("Parameters", root, atMost: 200) {
            let path = .root / "Parameters" / entry.key
            try checkName(entry, "parameter", path)
            parameters.append(try TemplateParameter(entry.value, name: entry.key, at: entry.mark, path))
        }
        return parameters
    }

    private static func mappings(_ root: SourceNode) throws(TemplateError) -> [String: [String: [String: SourceNode]]] {
        var mappings: [String: [String: [String: SourceNode]]] = [:]
        for mapping in try section("Mappings", root, atMost: 200) {
            let path = .root / "Mappings" / mapping.key
            guard let tops = mapping.value.entries else { throw shape(mapping.value, path) }
            for top in tops {
                guard let seconds = top.value.entries else { throw shape(top.value, path / top.key) }
                for second in seconds {
                    let isList = second.value.elements.map { $0.allSatisfy { $0.string != nil } } ?? false
                    guard second.value.string != nil || isList else {
                        throw TemplateError(
                            .structure, "A mapping holds texts and lists of texts, without functions; this is \(second.value.kind).",
                            at: second.value.mark, path / top.key / second.key)
                    }
                    mappings[mapping.key, default: [:]][top.key, default: [:]][second.key] = second.value
                }
            }
        }
        return mappings
    }

    private static func shape(_ node: SourceNode, _ path: Path) -> TemplateError {
        TemplateError(.structure, "A mapping is keys of two levels: this is \(node.kind), not an object.", at: node.mark, path)
    }

    private static func resources(_ root: SourceNode) throws(TemplateError) -> [ResourceDeclaration] {
        guard root["Resources"] != nil else {
            throw TemplateError(.structure, "A template needs a section Resources.", at: root.mark)
        }
        var resources: [ResourceDeclaration] = []
        for entry in try section("Resources", root) {
            let path = .root / "Resources" / entry.key
            try checkName(entry, "resource", path)
            resources.append(try ResourceDeclaration(entry, path))
        }
        guard !resources.isEmpty else {
            throw TemplateError(
                .structure, "Resources is empty; a template has at least one.", at: root["Resources"]?.mark ?? root.mark,
                .root / "Resources")
        }
        return resources
    }

    private static func checkName(_ entry: SourceNode.Entry, _ what: String, _ path: Path) throws(TemplateError) {
        let isPlain = entry.key.utf8.allSatisfy { Character(Unicode.Scalar($0)).isLetter || (0x30...0x39).contains($0) }
        guard isPlain, entry.key.unicodeScalars.allSatisfy(\.isASCII), (1...255).contains(entry.key.utf8.count) else {
            throw TemplateError(
                .structure, "The name of a \(what) has 1 to 255 letters and digits, nothing else; \(entry.key.excerpt) has not.",
                at: entry.mark, path)
        }
    }

    private func checkNames() throws(TemplateError) {
        let names = Set(parameters.map(\.name))
        for resource in resources where names.contains(resource.logicalID) {
            throw TemplateError(
                .duplicate, "\(resource.logicalID) is a parameter too; `Ref` could mean either. Rename one.", at: resource.mark,
                resource.path)
        }
    }
}
