internal import Yams

/// Reads YAML: makes of the parser's tree ours, written out and bounded.
struct YAMLReader {
    private var nodes = 0

    static func read(_ text: String) throws(TemplateError) -> SourceNode {
        try AliasBound.check(Array(text.utf8))
        let root: Yams.Node?
        do {
            root = try Yams.Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8).singleRoot()
        } catch {
            throw refusal(error, of: text)
        }
        guard let root else { throw TemplateError(.malformed, "The template is empty.", at: .start) }
        var reader = YAMLReader()
        return try reader.node(root, depth: 1, .root)
    }

    // MARK: Nodes

    private mutating func node(_ node: Yams.Node, depth: Int, _ path: Path) throws(TemplateError) -> SourceNode {
        let mark = node.mark.map { Mark(line: $0.line, column: $0.column) } ?? .start
        nodes += 1
        guard depth <= SourceLimits.depth else { throw .tooDeep(at: mark, path) }
        guard nodes <= SourceLimits.nodes else { throw .tooManyNodes(at: mark, path) }
        // The tags as they are kept: asking a node for its tag would resolve it, and write that into what aliases share.
        switch node {
        case .scalar(let scalar):
            let tag = scalar.tag.rawValue
            let value = tag.hasPrefix("!") && tag != "!" ? .text(scalar.string) : Self.value(scalar)
            return try Self.written(out: SourceNode(content: .scalar(value), mark: mark), tag: tag, path)
        case .sequence(let sequence):
            var elements: [SourceNode] = []
            for element in sequence { elements.append(try self.node(element, depth: depth + 1, path / elements.count)) }
            return try Self.written(out: SourceNode(content: .list(elements), mark: mark), tag: sequence.tag.rawValue, path)
        case .mapping(let mapping):
            var entries: [SourceNode.Entry] = []
            for (key, value) in mapping { entries.append(try entry(key, value, at: mark, depth: depth, path)) }
            return try Self.written(out: SourceNode(content: .mapping(entries), mark: mark), tag: mapping.tag.rawValue, path)
        case .alias: throw TemplateError(.malformed, "An alias of nothing.", at: mark, path)
        }
    }

    private mutating func entry(
        _ key: Yams.Node, _ value: Yams.Node, at outer: Mark, depth: Int, _ path: Path
    ) throws(TemplateError) -> SourceNode.Entry {
        let mark = key.mark.map { Mark(line: $0.line, column: $0.column) } ?? outer
        guard let scalar = key.scalar, !scalar.tag.rawValue.hasPrefix("!") else {
            throw TemplateError(.malformed, "A key must be a plain text, not a list, an object or a function.", at: mark, path)
        }
        guard scalar.string != "<<" || scalar.style != .plain else {
            throw TemplateError(
                .unsupported, "Merge keys (`<<`) are not taken, here or by CloudFormation. Write out what is merged.", at: mark, path)
        }
        return .init(key: scalar.string, mark: mark, value: try node(value, depth: depth + 1, path / scalar.string))
    }

    // MARK: Scalars and tags

    /// Only what is plain may be something other than text. `yes` and `on` are true, `no` and `off` false, as CloudFormation has them, which
    /// reads YAML 1.1; a queue of such a name stands in quotes.
    private static func value(_ scalar: Yams.Node.Scalar) -> TemplateValue {
        let text = scalar.string
        guard scalar.style == .plain, scalar.tag.rawValue != Tag.Name.str.rawValue else { return .text(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .boolean(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .boolean(false)
        default: return TemplateValue.isNumber(text) ? .number(text) : .text(text)
        }
    }

    private static let standardTags: Set<String> = ["str", "int", "float", "bool", "null", "seq", "map"]

    private static func written(out node: SourceNode, tag: String, _ path: Path) throws(TemplateError) -> SourceNode {
        let standard = "tag:yaml.org,2002:"
        guard !tag.isEmpty, tag != "!" else { return node }
        if tag.hasPrefix(standard) {
            let name = String(tag.dropFirst(standard.count))
            guard standardTags.contains(name) else {
                throw TemplateError(.unsupported, "The tag !!\(name) is not taken, here or by CloudFormation.", at: node.mark, path)
            }
            return node
        }
        let name = String(tag.dropFirst())
        guard tag.hasPrefix("!"), Intrinsic.shortForms.contains(name) else {
            throw TemplateError(
                .function, "There is no function \(tag.excerpt).\(NearName.hint(name, among: Intrinsic.shortForms))", at: node.mark, path)
        }
        let key = name == "Ref" || name == "Condition" ? name : "Fn::\(name)"
        var argument = node
        if name == "GetAtt", let text = argument.string, let dot = text.firstIndex(of: ".") {
            let parts = [text[..<dot], text[text.index(after: dot)...]].map { part in
                SourceNode(content: .scalar(.text(String(part))), mark: node.mark)
            }
            argument = SourceNode(content: .list(parts), mark: node.mark)
        }
        return SourceNode(content: .mapping([.init(key: key, mark: node.mark, value: argument)]), mark: node.mark)
    }

    // MARK: Refusals

    private static func refusal(_ error: any Error, of text: String) -> TemplateError {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _), YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let mark = Mark(line: mark.line, column: mark.column)
            if character(at: mark, of: text) == "\t" {
                return TemplateError(.malformed, "A tab begins or indents something; YAML takes spaces only.", at: mark)
            }
            if problem.contains("another document") {
                return TemplateError(.malformed, "A second document begins; a template is one. Remove it and the `---`.", at: mark)
            }
            let around = context.map { " (\($0.text), line \($0.mark.line))" } ?? ""
            return TemplateError(.malformed, "This is not YAML: \(problem)\(around).", at: mark)
        case YamlError.reader(let problem, _, let value, _):
            return TemplateError(
                .malformed, "This is not YAML: \(problem). Remove the character, or escape it in double quotes.",
                at: place(ofFirst: UInt32(bitPattern: value), in: text))
        case YamlError.duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            return TemplateError(
                .duplicate, "\(key.excerpt) is there twice, here and again below. Rename or remove one.",
                at: Mark(line: context.mark.line, column: context.mark.column), .root / key)
        default: return TemplateError(.malformed, "This is not YAML.", at: .start)
        }
    }

    private static func character(at mark: Mark, of text: String) -> Unicode.Scalar? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard mark.line <= lines.count else { return nil }
        return lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1).first
    }

    /// Found by what it is: the offset that is told counts characters, and there is none inside one.
    private static func place(ofFirst value: UInt32, in text: String) -> Mark {
        var (line, column) = (1, 1)
        for scalar in text.unicodeScalars {
            if scalar.value == value { return Mark(line: line, column: column) }
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        return .start
    }
}
