package import Store

extension Registry {
    /// What a registration came to.
    package struct Registered: Sendable, Hashable {
        package let incarnation: Int64
        /// Whether an earlier registration of the same id was replaced.
        package let replaced: Bool

        package init(incarnation: Int64, replaced: Bool) {
            self.incarnation = incarnation
            self.replaced = replaced
        }
    }

    /// Registers an instance, or replaces the one that has its id: attributes, health and lease are all new.
    ///
    /// - Parameters:
    ///   - service: by name, a missing namespace or service is made when `creating`.
    ///   - attributes: with `DISCOVERY_LEASE_SECONDS` among them the instance is a ``Heartbeat``.
    ///   - lease: the instance lives only as long as the process that holds it.
    /// - Throws: `.invalidInput`; `.namespaceNotFound` and `.serviceNotFound`.
    package func register(
        _ id: String, in service: ServiceName, attributes: Attributes, lease: Lease? = nil, creating: Bool = false
    ) async throws -> Registered {
        try Rules.checkInstance(id: id)
        let registration = try Registration(id, of: service, attributes, lease: lease, creating: creating, in: self)
        try await store.write(bytes: registration.bytes, registration)
        return registration.registered
    }

    /// The half in the transaction.
    func put(
        _ id: String, in known: KnownService, text: String, health: Health, lease: Lease?, _ transaction: Transaction
    ) throws -> Registered {
        if !known.isSwept {
            known.isSwept = true
            try transaction.sweep(&known.row, isAlive: store.home.isAlive)
        }
        let incarnation = known.row.revision + 1
        known.row.revision = incarnation
        let replaced = try transaction.put(
            id, in: known.row.number, incarnation: incarnation, attributes: text, health: health, lease: lease)
        memo.changed(known, in: transaction)
        return Registered(incarnation: incarnation, replaced: replaced)
    }

    /// Removes an instance.
    ///
    /// - Parameter incarnation: remove only this registration, not a successor's; then it is no error if it is gone already.
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, `.instanceNotFound`.
    package func deregister(_ id: String, from service: ServiceName, incarnation: Int64? = nil) async throws {
        try await store.write(reclaims: true) { transaction in
            try self.deregister(id, from: service, incarnation: incarnation, transaction)
        }
    }

    func deregister(_ id: String, from service: ServiceName, incarnation: Int64?, _ transaction: Transaction) throws {
        try memo.flush(in: transaction)
        let connection = transaction.connection
        var row: ServiceRow
        do { row = try connection.service(service) } catch  where incarnation != nil && error is RegistryError { return }
        let removed = try connection.run(
            "DELETE FROM instances WHERE service = ?1 AND id = ?2 AND (?3 IS NULL OR incarnation = ?3)", .integer(row.number), .text(id),
            .optional(incarnation))
        guard removed > 0 else {
            if incarnation != nil { return }
            throw try connection.missing(instance: id, of: row, isAlive: store.home.isAlive)
        }
        row.revision += 1
        try transaction.changed(row)
        try transaction.sweep(&row, isAlive: store.home.isAlive)
        memo.forget()
    }

    /// The service, made when it is missing: after `check`, since what breaks a rule is to have written nothing.
    func service(
        _ name: ServiceName, creating: Bool, in transaction: Transaction,
        check: (Service.Configuration, Namespace.Kind) throws(RegistryError) -> Void
    ) throws -> KnownService {
        if let known = memo.recall(name, in: transaction) {
            try check(known.row.configuration, known.row.kind)
            return known
        }
        try memo.flush(in: transaction)
        guard creating, case .name(let namespaceName, let serviceName) = name else {
            let row = try transaction.connection.service(name)
            try check(row.configuration, row.kind)
            return memo.enter(row, as: name, in: transaction)
        }
        let namespace = try transaction.connection.namespace(httpName: namespaceName)
        if let namespace, let row = try transaction.connection.service(serviceName, in: namespace) {
            try check(row.configuration, row.kind)
            return memo.enter(row, as: name, in: transaction)
        }
        if namespace == nil { try Rules.checkNamespace(name: namespaceName, kind: .http) }
        try Rules.checkService(name: serviceName)
        try check(.init(), namespace?.value.kind ?? .http)
        let row = try transaction.insertService(
            serviceName, in: namespace ?? transaction.insertNamespace(NamespaceDraft(name: namespaceName)), .init(), nil)
        return memo.enter(row, as: name, in: transaction)
    }
}

/// A registration on its way through the writer, of which there are many thousands a second when a fleet starts. The writer's until it is
/// confirmed, its caller's then.
private final class Registration: WriteOperation, @unchecked Sendable {
    private let registry: Registry
    private let id: String
    private let service: Registry.ServiceName
    private let attributes: Registry.Attributes
    private let text: String
    private let hasReserved: Bool
    private let heartbeat: Int?
    private let lease: Lease?
    private let isCreating: Bool
    private(set) var registered = Registry.Registered(incarnation: 0, replaced: false)

    /// Checks and encodes as far as can be outside the transaction: callers do it side by side.
    init(
        _ id: String, of service: Registry.ServiceName, _ attributes: Registry.Attributes, lease: Lease?, creating: Bool,
        in registry: Registry
    ) throws(RegistryError) {
        hasReserved = try Rules.checkSizes(attributes)
        heartbeat = try Rules.heartbeat(attributes)
        text = attributes.text
        self.registry = registry
        self.id = id
        self.service = service
        self.attributes = attributes
        self.lease = lease
        isCreating = creating
    }

    var bytes: Int { text.utf8.count + 256 }

    func perform(_ transaction: Transaction) throws {
        let known = try registry.service(service, creating: isCreating, in: transaction) { configuration, kind throws(RegistryError) in
            guard hasReserved || configuration.hasNeeds else { return }
            try Rules.checkNeeds(attributes, for: configuration, in: kind)
        }
        let health = Rules.initialHealth(attributes, for: known.row.configuration)
        registered = try registry.put(id, in: known, text: text, health: health, lease: lease, transaction)
        if let heartbeat { try transaction.putHeartbeat(id, in: known.row, heartbeat) }
    }
}
