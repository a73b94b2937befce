internal import Foundation
internal import Store

struct NamespaceRow {
    let number: Int64
    let value: Registry.Namespace

    /// From `number, id, name, http_name, kind, description, creator, created, vpc, soa`, and the number of services where that is counted.
    init(_ row: Row, isCounted: Bool = false) {
        number = row.integer(0)
        let kind = Registry.Namespace.Kind(rawValue: row.text(4)) ?? .http
        value = Registry.Namespace(
            id: row.text(1), name: row.text(2), httpName: row.text(3), kind: kind, description: row.optionalText(5),
            creatorRequestID: row.optionalText(6), created: row.integer(7), vpc: row.optionalText(8),
            soaTTL: kind == .http ? nil : row.optionalInteger(9).map { Int($0) } ?? Registry.Namespace.defaultSOATTL,
            serviceCount: isCounted ? Int(row.integer(10)) : 0)
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
    /// Whether its instances are checked over the network.
    var isChecked: Bool { configuration.healthCheck != nil }

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
