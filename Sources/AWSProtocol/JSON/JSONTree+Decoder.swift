internal import Foundation

/// `Decodable` shapes from a tree. Foundation's decoder takes the first of two members of one name, guesses encodings, and would read the text
/// again; the depth is bounded here before anything recursive sees it.
struct TreeDecoder: Decoder {
    let tree: JSONTree
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ tree: JSONTree, at codingPath: [any CodingKey] = []) {
        self.tree = tree
        self.codingPath = codingPath
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = tree else { throw mismatch(type, "an object") }
        return KeyedDecodingContainer(Members(members: members, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let elements) = tree else { throw mismatch([Any].self, "a list") }
        return Elements(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    private func mismatch(_ type: Any.Type, _ wanted: String) -> DecodingError {
        .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "is not \(wanted)"))
    }
}

extension TreeDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool {
        if case .null = tree { true } else { false }
    }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let plain: Any?
        switch type {
        case is String.Type: plain = text
        case is Bool.Type: plain = if case .bool(let bool) = tree { bool } else { nil }
        case is Int.Type: plain = integer
        case is Double.Type: plain = real
        case is Date.Type: plain = real.map { Date(timeIntervalSince1970: $0) }
        case is [String: String].Type: plain = try texts()
        default: return try T(from: self)
        }
        guard let value = plain as? T else {
            throw mismatch(
                type,
                type is String.Type ? "a text" : type is Bool.Type ? "true or false" : type is Int.Type ? "a whole number" : "a number")
        }
        return value
    }

    private var text: String? { if case .text(let text) = tree { text } else { nil } }

    private var integer: Int? {
        switch tree {
        case .integer(let integer): integer
        case .real(let real): Int(exactly: real)
        default: nil
        }
    }

    private var real: Double? {
        switch tree {
        case .integer(let integer): Double(integer)
        case .real(let real): real
        default: nil
        }
    }

    /// Keys are the caller's: they are no names of members.
    private func texts() throws -> [String: String] {
        guard case .object(let members) = tree else { throw mismatch([String: String].self, "an object") }
        return try Dictionary(
            uniqueKeysWithValues: members.map { key, value in
                (key, try TreeDecoder(value, at: codingPath + [MemberName(stringValue: key)]).decode(String.self))
            })
    }
}

/// The name of a member, or the place of an element, for the paths of messages.
struct MemberName: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
    init(intValue: Int) { (stringValue, self.intValue) = (String(intValue), intValue) }

    /// How AWS spells what Swift calls a property: `creatorRequestID` is `CreatorRequestId`.
    static func spelled(_ property: String) -> String {
        switch property {
        case "ttl": return "TTL"
        case "soa": return "SOA"
        case "serviceARN": return "ServiceArn"
        default:
            var name = Array(property.utf8)
            if let first = name.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) { name[0] = first - 0x20 }
            if name.count >= 2, name[name.count - 2] == UInt8(ascii: "I"), name[name.count - 1] == UInt8(ascii: "D") {
                name[name.count - 1] = UInt8(ascii: "d")
            }
            return String(decoding: name, as: UTF8.self)
        }
    }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [String: JSONTree]
    let codingPath: [any CodingKey]

    var allKeys: [Key] { members.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { members[MemberName.spelled(key.stringValue)] != nil }

    private func member(_ key: Key) throws -> TreeDecoder {
        let name = MemberName(stringValue: MemberName.spelled(key.stringValue))
        guard let tree = members[name.stringValue] else {
            throw DecodingError.keyNotFound(name, .init(codingPath: codingPath, debugDescription: "is missing"))
        }
        return TreeDecoder(tree, at: codingPath + [name])
    }

    func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        let member = try member(key)
        guard !member.decodeNil() else {
            throw DecodingError.valueNotFound(type, .init(codingPath: member.codingPath, debugDescription: "is null"))
        }
        return try member.decode(type)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
        try member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try member(key).unkeyedContainer() }
    func superDecoder() throws -> any Decoder { TreeDecoder(.object(members), at: codingPath) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}

private struct Elements: UnkeyedDecodingContainer {
    let elements: [JSONTree]
    let codingPath: [any CodingKey]
    var currentIndex = 0

    init(elements: [JSONTree], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private mutating func element(consuming: Bool = true) throws -> TreeDecoder {
        let place = codingPath + [MemberName(intValue: currentIndex)]
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(JSONTree.self, .init(codingPath: place, debugDescription: "is beyond the end of the list"))
        }
        defer { if consuming { currentIndex += 1 } }
        return TreeDecoder(elements[currentIndex], at: place)
    }

    mutating func decodeNil() throws -> Bool {
        guard try element(consuming: false).decodeNil() else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try element().decode(type) }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        try element().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try element().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try element() }
}
