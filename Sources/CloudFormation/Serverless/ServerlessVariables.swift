/// What stands in `${…}` of a Serverless file: `self`, `opt`, `env`, `sls:stage` and `aws`, each with others to fall back on.
///
/// What names no source, such as `${AWS::Region}` or `${Queue}`, is left to CloudFormation.
struct ServerlessVariables {
    let root: SourceNode
    let given: ServerlessFile.Variables
    /// The variables that this one is part of, so that a circle ends.
    private var within: [String] = []

    private let work = Work()

    private static let deepest = 20

    /// What is still done: variables that stand for two others each soon stand for more than there is time for.
    private final class Work {
        var left = SourceLimits.nodes
    }

    init(root: SourceNode, given: ServerlessFile.Variables) {
        self.root = root
        self.given = given
    }

    /// The node with its variables replaced, throughout.
    func resolved(_ node: SourceNode, _ path: Path) throws(TemplateError) -> SourceNode {
        work.left -= 1
        guard work.left > 0 else { throw .tooManyNodes(at: node.mark, path) }
        guard path.names.count <= SourceLimits.depth else { throw .tooDeep(at: node.mark, path) }
        switch node.content {
        case .scalar(.text(let text)): return try resolved(text, at: node.mark, path)
        case .scalar: return node
        case .list(let elements):
            var resolved: [SourceNode] = []
            for (index, element) in elements.enumerated() { resolved.append(try self.resolved(element, path / index)) }
            return SourceNode(content: .list(resolved), mark: node.mark)
        case .mapping(let entries):
            var resolved: [SourceNode.Entry] = []
            for entry in entries {
                let key = try self.resolved(entry.key, at: entry.mark, path).string ?? entry.key
                resolved.append(.init(key: key, mark: entry.mark, value: try self.resolved(entry.value, path / entry.key)))
            }
            return SourceNode(content: .mapping(resolved), mark: node.mark)
        }
    }

    /// What the file has at a place, its variables replaced on the way.
    func value(at names: [String]) throws(TemplateError) -> SourceNode? {
        var node = root
        for name in names {
            if case .scalar(.text(let text)) = node.content { node = try resolved(text, at: node.mark, .root) }
            if let member = node[name] {
                node = member
            } else if let elements = node.elements, let index = Int(name), elements.indices.contains(index) {
                node = elements[index]
            } else {
                return nil
            }
        }
        guard case .scalar(.text(let text)) = node.content else { return node.isNull ? nil : node }
        return try resolved(text, at: node.mark, .root)
    }

    func text(at names: [String]) throws(TemplateError) -> String? {
        let value = try value(at: names)
        return value?.string ?? value?["name"]?.string
    }

    func stage() throws(TemplateError) -> String {
        if let stage = given.options["stage"] { return stage }
        return try text(at: ["provider", "stage"]) ?? "dev"
    }

    // MARK: One text

    /// A text that is one variable is whatever that stands for; within a longer one, each must be a text.
    private func resolved(_ text: String, at mark: Mark, _ path: Path) throws(TemplateError) -> SourceNode {
        let scalars = Array(text.unicodeScalars)
        var result = ""
        var position = 0
        var isPlain = true
        while position < scalars.count {
            guard scalars[position] == "$", position + 1 < scalars.count, scalars[position + 1] == "{",
                let end = Self.end(of: scalars, from: position + 2), Self.isVariable(scalars[(position + 2)..<end])
            else {
                result.unicodeScalars.append(scalars[position])
                position += 1
                continue
            }
            isPlain = false
            var content = ""
            content.unicodeScalars.append(contentsOf: scalars[(position + 2)..<end])
            let value = try variable(content, at: mark, path)
            if position == 0, end == scalars.count - 1 { return value }
            guard let part = value.string else {
                throw TemplateError(
                    .wrongType, "\("${\(content)}".excerpt) is \(value.kind); within a text it must be one.", at: mark, path)
            }
            result += part
            guard result.utf8.count <= SourceLimits.bytes else { throw .tooManyNodes(at: mark, path) }
            position = end + 1
        }
        return SourceNode(content: .scalar(.text(isPlain ? text : result)), mark: mark)
    }

    /// Where the brace closes that opened before `start`.
    private static func end(of scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var open = 1
        for position in start..<min(scalars.count, start + 2_000) {
            if scalars[position] == "{" { open += 1 }
            if scalars[position] == "}" { open -= 1 }
            if open == 0 { return position }
        }
        return nil
    }

    /// Whether it begins with the name of a source: `self:`, `file(`, but not `AWS::`.
    private static func isVariable(_ content: ArraySlice<Unicode.Scalar>) -> Bool {
        let word = content.prefix { $0.isASCII && ($0.properties.isAlphabetic || $0 == "-" || ("0"..."9").contains($0)) }
        let rest = content.dropFirst(word.count)
        guard !word.isEmpty, let next = rest.first else { return false }
        return next == "(" || (next == ":" && rest.dropFirst().first != ":")
    }

    // MARK: One variable

    private func variable(_ content: String, at mark: Mark, _ path: Path) throws(TemplateError) -> SourceNode {
        work.left -= 1 + content.utf8.count / 16
        guard work.left > 0 else { throw .tooManyNodes(at: mark, path) }
        guard !within.contains(content), within.count < Self.deepest else {
            let circle = (within.drop { $0 != content } + [content]).prefix(8).map { "${\($0)}" }.joined(separator: " → ")
            throw TemplateError(.circular, "Variables go in a circle: \(circle).", at: mark, path)
        }
        var inner = self
        inner.within.append(content)
        for source in Self.alternatives(content) {
            if let value = try inner.value(of: source, at: mark, path) { return SourceNode(content: value.content, mark: mark) }
        }
        throw TemplateError(
            .unknownReference,
            "\("${\(content)}".excerpt) is nothing. Give it a value, or a default: \("${\(content), 'default'}".excerpt).",
            at: mark, path)
    }

    private func value(of source: String, at mark: Mark, _ path: Path) throws(TemplateError) -> SourceNode? {
        func text(_ text: String) -> SourceNode { SourceNode(content: .scalar(.text(text)), mark: mark) }
        if let quote = source.first, source.count > 1, quote == "'" || quote == "\"", source.last == quote {
            return try resolved(String(source.dropFirst().dropLast()), at: mark, path)
        }
        if source.hasPrefix("${") { return try resolved(source, at: mark, path) }
        let scalars = Array(source.unicodeScalars)
        guard Self.isVariable(scalars[...]), let colon = source.firstIndex(of: ":") else {
            if TemplateValue.isNumber(source) { return SourceNode(content: .scalar(.number(source)), mark: mark) }
            switch source {
            case "true", "false": return SourceNode(content: .scalar(.boolean(source == "true")), mark: mark)
            case "null": return SourceNode(content: .scalar(.null), mark: mark)
            default: throw unsupported(source, at: mark, path)
            }
        }
        guard let address = try resolved(String(source[source.index(after: colon)...]), at: mark, path).string else {
            throw unsupported(source, at: mark, path)
        }
        switch source[..<colon] {
        case "self":
            guard let value = try value(at: address.split(separator: ".").map(String.init)) else { return nil }
            return try resolved(value, path)
        case "opt": return given.options[address].map(text)
        case "env": return given.environment[address].map(text)
        case "sls" where address == "stage": return text(try stage())
        case "aws" where address == "region": return text(given.region)
        case "aws" where address == "accountId": return text(given.accountID)
        default: throw unsupported(source, at: mark, path)
        }
    }

    private func unsupported(_ source: String, at mark: Mark, _ path: Path) -> TemplateError {
        TemplateError(
            .unsupported,
            "\("${\(source)}".excerpt) cannot be read here. There are self, opt, env, sls:stage, aws:region and aws:accountId; give it by one of them.",
            at: mark, path)
    }

    /// The parts between commas, those within braces and quotes aside.
    static func alternatives(_ content: String) -> [String] {
        var alternatives = [""]
        var (open, quote): (Int, Character?) = (0, nil)
        for character in content {
            if let current = quote {
                if character == current { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "{" || character == "(" {
                open += 1
            } else if character == "}" || character == ")" {
                open -= 1
            } else if character == ",", open == 0 {
                alternatives.append("")
                continue
            }
            alternatives[alternatives.count - 1].append(character)
        }
        return alternatives.map { alternative in
            var text = alternative.drop { $0 == " " }
            while text.last == " " { text.removeLast() }
            return String(text)
        }
    }
}
