/// A function whose arguments may be known only once resources are made. The others (`If`, `FindInMap`, …) never are of this kind:
/// CloudFormation lets them depend on parameters alone.
enum Intrinsic: String, Sendable, Hashable {
    case base64 = "Base64"
    case cidr = "Cidr"
    case join = "Join"
    case length = "Length"
    case select = "Select"
    case split = "Split"
    case sub = "Sub"
    case toJSON = "ToJsonString"

    /// What YAML's tags may name.
    static let shortForms: Set<String> = [
        "And", "Base64", "Cidr", "Condition", "Equals", "FindInMap", "GetAtt", "If", "ImportValue", "Join", "Length", "Not", "Or", "Ref",
        "Select", "Split", "Sub", "ToJsonString", "Contains", "EachMemberEquals", "EachMemberIn", "GetAZs", "Transform", "RefAll",
        "ValueOf",
        "ValueOfAll",
    ]

    /// What the result is, for messages.
    var resultKind: String {
        switch self {
        case .base64, .join, .sub, .toJSON: "a text"
        case .cidr, .split: "a list"
        case .length: "a number"
        case .select: "a value"
        }
    }

    /// The result, or the call itself as long as arguments are missing.
    func applied(to arguments: [TemplateExpression], at mark: Mark, _ path: Path) throws(TemplateError) -> TemplateExpression {
        do throws(Fault) {
            if let early = try early(arguments) { return early }
            var values: [TemplateValue] = []
            for argument in arguments {
                guard let value = argument.value else {
                    try checkShape(arguments)
                    return .call(.init(function: self, arguments: arguments, mark: mark))
                }
                values.append(value)
            }
            return .value(try apply(values))
        } catch {
            throw TemplateError(.function, "Fn::\(rawValue): \(error.message)", at: mark, path)
        }
    }

    private struct Fault: Error {
        let message: String
    }

    /// What can be said with elements missing: the length of a list, and any other element of it.
    private func early(_ arguments: [TemplateExpression]) throws(Fault) -> TemplateExpression? {
        switch self {
        case .select:
            guard let index = arguments[0].value, let elements = arguments[1].elements else { return nil }
            return elements[try Self.index(index, in: elements.count)]
        case .length: return arguments[0].elements.map { .value(.number(String($0.count))) }
        default: return nil
        }
    }

    /// What is wrong already, whatever the missing arguments turn out to be.
    private func checkShape(_ arguments: [TemplateExpression]) throws(Fault) {
        switch self {
        case .join:
            for element in arguments[1].elements ?? [] where ["a list", "an object", "null"].contains(element.kind) {
                throw Fault(message: "its list may hold texts only, not \(element.kind).")
            }
            if arguments[1].elements == nil, !["a list", "a value"].contains(arguments[1].kind) {
                throw Fault(message: "the second argument must be a list, not \(arguments[1].kind).")
            }
        case .sub:
            for part in arguments where ["a list", "an object", "null"].contains(part.kind) {
                throw Fault(message: "a variable must be a text, not \(part.kind).")
            }
        case .select, .length:
            let list = arguments[arguments.count - 1]
            if list.elements == nil, !["a list", "a value"].contains(list.kind) {
                throw Fault(message: "it takes a list, not \(list.kind).")
            }
        case .split: _ = try delimiter(arguments[0].value)
        case .base64, .cidr, .toJSON: break
        }
    }

    // MARK: Values

    private func apply(_ values: [TemplateValue]) throws(Fault) -> TemplateValue {
        switch self {
        case .base64: return .text(Base64.encode(try text(values[0], "its argument")))
        case .cidr: return try cidr(values)
        case .join:
            guard case .text(let delimiter) = values[0] else {
                throw Fault(message: "the delimiter must be a text, not \(values[0].kind).")
            }
            guard let elements = values[1].elements else {
                throw Fault(message: "the second argument must be a list, not \(values[1].kind).")
            }
            var texts: [String] = []
            for element in elements { texts.append(try text(element, "an element of its list")) }
            return .text(try bounded(texts, delimiter))
        case .length:
            throw Fault(message: "it takes a list, not \(values[0].kind).")
        case .select:
            throw Fault(message: "the second argument must be a list, not \(values[1].kind).")
        case .split:
            let delimiter = try delimiter(values[0])
            let parts = Self.split(try text(values[1], "the second argument"), at: delimiter)
            return .list(parts.map { .text($0) })
        case .sub:
            var texts: [String] = []
            for value in values { texts.append(try text(value, "a variable")) }
            return .text(try bounded(texts, ""))
        case .toJSON:
            guard values[0].elements != nil || values[0].members != nil else {
                throw Fault(message: "it takes an object or a list, not \(values[0].kind).")
            }
            guard let json = values[0].json(upTo: SourceLimits.bytes) else { throw Fault(message: tooLong) }
            return .text(json)
        }
    }

    private func text(_ value: TemplateValue, _ what: String) throws(Fault) -> String {
        guard let text = value.string else { throw Fault(message: "\(what) must be a text, not \(value.kind).") }
        return text
    }

    /// A function of functions of functions could make a text of any length from a short template.
    private func bounded(_ texts: [String], _ delimiter: String) throws(Fault) -> String {
        let length = texts.reduce(0) { $0 + $1.utf8.count + delimiter.utf8.count }
        guard length <= SourceLimits.bytes else { throw Fault(message: tooLong) }
        return texts.joined(separator: delimiter)
    }

    private var tooLong: String { "its text has more than \(SourceLimits.bytes) bytes." }

    private func delimiter(_ value: TemplateValue?) throws(Fault) -> String {
        guard let value else { throw Fault(message: "the delimiter must be known before resources are made.") }
        guard case .text(let delimiter) = value, !delimiter.isEmpty else {
            throw Fault(message: "the delimiter must be a text that is not empty.")
        }
        return delimiter
    }

    /// By bytes: a delimiter may be part of what Swift takes for one character.
    static func split(_ text: String, at delimiter: String) -> [String] {
        let (text, delimiter) = (Array(text.utf8), Array(delimiter.utf8))
        var parts: [String] = []
        var (start, position) = (0, 0)
        while position + delimiter.count <= text.count {
            if text[position] == delimiter[0], text[position..<position + delimiter.count].elementsEqual(delimiter) {
                parts.append(String(decoding: text[start..<position], as: UTF8.self))
                position += delimiter.count
                start = position
            } else {
                position += 1
            }
        }
        return parts + [String(decoding: text[start...], as: UTF8.self)]
    }

    private static func index(_ value: TemplateValue, in count: Int) throws(Fault) -> Int {
        guard let text = value.string, let index = Int(text) else {
            throw Fault(message: "the index must be a whole number, not \(value.string == nil ? value.kind : "this").")
        }
        guard (0..<count).contains(index) else {
            throw Fault(message: "there is no element \(index); the list has \(count), counted from 0.")
        }
        return index
    }

    private func cidr(_ values: [TemplateValue]) throws(Fault) -> TemplateValue {
        guard let network = AddressBlock(parsing: try text(values[0], "the block")) else {
            throw Fault(message: "the block must be an address with a prefix length, such as 10.0.0.0/16.")
        }
        guard let count = values[1].string.flatMap({ Int($0) }), (1...256).contains(count) else {
            throw Fault(message: "the count must be a whole number from 1 to 256.")
        }
        guard let bits = values[2].string.flatMap({ Int($0) }), (1...network.width).contains(bits) else {
            throw Fault(message: "the bits of a subnet must be a whole number from 1 to \(network.width).")
        }
        guard let blocks = network.blocks(count: count, bits: bits) else {
            throw Fault(message: "\(network) has no room for \(count) blocks of \(bits) bits.")
        }
        return .list(blocks.map { .text($0.description) })
    }
}
