internal import Foundation

/// Any JSON: for texts of which others decide what is in them, or that are to be read more strictly than by `Codable`.
indirect enum JSONValue: Hashable, Codable {
    case null
    case boolean(Bool)
    /// Exact up to 38 digits.
    case number(Decimal)
    /// A number beyond what the above can count.
    case double(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// Reads a text.
    ///
    /// - Throws: what `JSONDecoder` says of a text that is no JSON.
    init(parsing text: some Sequence<UInt8>) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: Data(text))
    }

    init(from decoder: any Decoder) throws {
        if var elements = try? decoder.unkeyedContainer() {
            var list: [JSONValue] = []
            while !elements.isAtEnd { list.append(try elements.decode(JSONValue.self)) }
            self = .list(list)
            return
        }
        if let members = try? decoder.container(keyedBy: Key.self) {
            var object: [String: JSONValue] = [:]
            for key in members.allKeys { object[key.stringValue] = try members.decode(JSONValue.self, forKey: key) }
            self = .object(object)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Decimal.self), value.isFinite {
            self = .number(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values):
            var members = encoder.container(keyedBy: Key.self)
            for (key, value) in values { try members.encode(value, forKey: Key(stringValue: key)) }
        }
    }

    /// The one text of a value: keys sorted, no blanks.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// What it is, for messages: never what is in it.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number, .double: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
