internal import Foundation
internal import Store

struct NamespaceRow {
    let number: Int64
    let value: Registry.Namespace

    /// From `number, id, name, http_name, kind, description, creator, created`.
    init(_ row: Row) {
        number = row.integer(0)
        value = Registry.Namespace(
            id: row.text(1), name: row.text(2), httpName: row.text(3), kind: .init(rawValue: row.text(4)) ?? .http,
            description: row.optionalText(5), creatorRequestID: row.optionalText(6), created: row.integer(7))
    }

    init(number: Int64, value: Registry.Namespace) {
        self.number = number
        self.value = value
    }
}

struct ServiceRow {
    let number: Int64
    let id: String
    let name: String
    let configuration: Registry.Service.Configuration
    let creatorRequestID: String?
    let created: Int64
    var revision: Int64
    let namespace: String
    let namespaceID: String
    let kind: Registry.Namespace.Kind
    /// Rung at every change; worked out once.
    let bell: Bell

    /// From `s.number, s.id, s.name, s.configuration, s.creator, s.created, s.revision, n.http_name, n.id, n.kind`.
    init(_ row: Row) throws(StoreError) {
        number = row.integer(0)
        id = row.text(1)
        name = row.text(2)
        configuration = try StoredJSON.decode(row.text(3)) ?? .init()
        creatorRequestID = row.optionalText(4)
        created = row.integer(5)
        revision = row.integer(6)
        namespace = row.text(7)
        namespaceID = row.text(8)
        kind = .init(rawValue: row.text(9)) ?? .http
        bell = Registry.bell(namespace: namespace, service: name)
    }

    init(
        number: Int64, id: String, name: String, _ configuration: Registry.Service.Configuration, creator: String?, created: Int64,
        revision: Int64, in namespace: Registry.Namespace
    ) {
        self.number = number
        self.id = id
        self.name = name
        self.configuration = configuration
        self.creatorRequestID = creator
        self.created = created
        self.revision = revision
        self.namespace = namespace.httpName
        self.namespaceID = namespace.id
        self.kind = namespace.kind
        bell = Registry.bell(namespace: namespace.httpName, service: name)
    }

    func service(instanceCount: Int = 0) -> Registry.Service {
        Registry.Service(
            id: id, namespaceID: namespaceID, namespace: namespace, name: name, configuration: configuration,
            creatorRequestID: creatorRequestID,
            created: created,
            revision: revision, instanceCount: instanceCount)
    }
}

extension Registry.Instance {
    /// From `id, incarnation, attributes, health, lease_slot, lease_generation, registered`, starting at `column`.
    init(_ row: Row, from column: Int32 = 0) throws(StoreError) {
        var lease: Lease?
        if let slot = row.optionalInteger(column + 4), let generation = row.optionalInteger(column + 5) {
            lease = Lease(slot: Int(clamping: slot), generation: generation)
        }
        self.init(
            id: row.text(column), attributes: try StoredJSON.decode(row.text(column + 2)) ?? [:],
            health: .init(rawValue: row.text(column + 3)) ?? .unknown, incarnation: row.integer(column + 1), lease: lease,
            registered: row.integer(column + 6))
    }
}

/// Values kept as JSON text, so that people can read them with `sqlite3`; `{}` stands for an empty one.
enum StoredJSON {
    /// What the general form below writes, but for the spelling of control characters, at an eighth of its cost: every registration passes here.
    static func encode(_ attributes: [String: String]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 + attributes.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 6 })
        text.append(UInt8(ascii: "{"))
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            append(key, to: &text)
            text.append(UInt8(ascii: ":"))
            append(value, to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }

    /// A string in quotes, with RFC 8259's escapes.
    private static func append(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        if string.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            text.append(contentsOf: string.utf8)
        } else {
            for byte in string.utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
                case ..<0x20: text += Array("\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
                default: text.append(byte)
                }
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Dictionaries of strings and our own structs of such: encoding cannot fail.
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    static func decode<Value: Decodable>(_ text: String) throws(StoreError) -> Value? {
        if text == "{}" { return nil }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw StoreError(.damaged, "The registry holds text that is not what it wrote (\(text.prefix(60))). Run `discovery doctor`.")
        }
    }
}
