import Foundation

@testable import AWSProtocol

/// What a shape asks a decoder for: its members by the names of the wire, their types, and whether each is required.
struct RecordedShape {
    indirect enum Kind: CustomStringConvertible {
        case plain(String)
        case choice([String])
        case list(Kind)
        case structure(RecordedShape)

        var description: String {
            switch self {
            case .plain(let name): name
            case .choice: "string"
            case .list(let element): "[\(element)]"
            case .structure: "structure"
            }
        }
    }

    var members: [String: (kind: Kind, isRequired: Bool)] = [:]

    init<Shape: Decodable>(of type: Shape.Type) throws {
        let recorder = Recorder()
        _ = try Shape(from: recorder)
        members = recorder.members
    }
}

/// Answers every question with something, and remembers it.
private final class Recorder: Decoder {
    var members: [String: (kind: RecordedShape.Kind, isRequired: Bool)] = [:]
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    struct Unexpected: Error {}

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Container(recorder: self))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Unexpected() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Unexpected() }

    private struct Container<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let recorder: Recorder
        let codingPath: [any CodingKey] = []
        let allKeys: [Key] = []

        func contains(_ key: Key) -> Bool { true }
        func decodeNil(forKey key: Key) throws -> Bool { false }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            let (kind, value) = try Recorder.example(of: type)
            recorder.members[MemberName.spelled(key.stringValue)] = (kind, true)
            return value
        }

        func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
            recorder.members[MemberName.spelled(key.stringValue)] = (try Recorder.example(of: type).kind, false)
            return nil
        }
        func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
        func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
        func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
        private func optional<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T? {
            recorder.members[MemberName.spelled(key.stringValue)] = (try Recorder.example(of: type).kind, false)
            return nil
        }

        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
            throw Unexpected()
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Unexpected() }
        func superDecoder() throws -> any Decoder { throw Unexpected() }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw Unexpected() }
    }

    private static func example<T: Decodable>(of type: T.Type) throws -> (kind: RecordedShape.Kind, value: T) {
        func made(_ kind: RecordedShape.Kind, _ value: Any) throws -> (kind: RecordedShape.Kind, value: T) {
            guard let value = value as? T else { throw Unexpected() }
            return (kind, value)
        }
        switch type {
        case is String.Type: return try made(.plain("string"), "")
        case is Int.Type: return try made(.plain("integer"), 0)
        case is Date.Type: return try made(.plain("timestamp"), Date(timeIntervalSince1970: 0))
        case is [String: String].Type: return try made(.plain("map"), [String: String]())
        case let choice as any CloudMapChoice.Type:
            return try made(.choice(choice.known.map { value in (value as any CloudMapChoice).rawValue }), choice.init(rawValue: ""))
        case let list as any ListOfElements.Type: return try made(.list(list.kindOfElement()), list.none)
        default:
            let recorder = Recorder()
            let value = try T(from: recorder)
            var shape = try RecordedShape(of: AWSEmpty.self)
            shape.members = recorder.members
            return (.structure(shape), value)
        }
    }

    static func kind<T: Decodable>(of type: T.Type) throws -> RecordedShape.Kind { try example(of: type).kind }
}

private protocol ListOfElements {
    static func kindOfElement() throws -> RecordedShape.Kind
    static var none: Any { get }
}

extension Array: ListOfElements where Element: Decodable {
    fileprivate static func kindOfElement() throws -> RecordedShape.Kind { try Recorder.kind(of: Element.self) }
    fileprivate static var none: Any { [Element]() }
}
