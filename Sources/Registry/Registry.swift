package import Store

/// Namespaces, services and instances of a home: Cloud Map's rules, decided inside the store's transactions.
///
/// Whatever a method returns is durable. Every method throws ``RegistryError`` where a rule is broken and `StoreError` where the home
/// cannot do its part; those that write wait for the disk, those that read may.
package final class Registry: Sendable {
    package let store: Store
    let memo = TransactionMemo()

    /// Opens the registry of a home. Blocks for the disk.
    package init(_ home: Home) throws(StoreError) {
        store = try Store(home, Self.schema)
    }

    package func close() { store.close() }

    /// The bell that rings when an instance of a service changes.
    package static func bell(namespace: String, service: String) -> Bell { Bell(for: "\(namespace)\u{0}\(service)") }

    /// How a caller names a service.
    package enum ServiceName: Sendable, Hashable {
        case id(String)
        case name(namespace: String, service: String)
    }

    // MARK: Namespaces

    /// Makes a namespace.
    ///
    /// - Throws: `.invalidInput`; `.namespaceAlreadyExists` with the id of the one that has the name.
    package func createNamespace(
        name: String, kind: Namespace.Kind = .http, description: String? = nil, creatorRequestID: String? = nil
    ) async throws -> Namespace {
        try Rules.checkNamespace(name: name, kind: kind)
        try Rules.checkText(description, of: "A description", limit: 1_024)
        try Rules.checkText(creatorRequestID, of: "A creator request id", limit: 64)
        return try await store.write { transaction in
            if let old = try transaction.connection.namespace(httpName: name) {
                throw RegistryError(
                    .namespaceAlreadyExists, "The namespace \(Rules.quoted(name)) exists already (\(old.value.id)).",
                    existingID: old.value.id,
                    creatorRequestID: old.value.creatorRequestID)
            }
            return try transaction.insertNamespace(name, kind, description, creatorRequestID).value
        }
    }

    package func namespaces() async throws -> [Namespace] {
        try await store.read { connection in try connection.namespaces() }
    }

    /// - Throws: `.namespaceNotFound`; `.resourceInUse` while it has services.
    package func deleteNamespace(id: String) async throws {
        try await store.write(reclaims: true) { transaction in
            let connection = transaction.connection
            guard let number = try connection.first("SELECT number FROM namespaces WHERE id = ?", .text(id), make: { $0.integer(0) }) else {
                throw RegistryError(.namespaceNotFound, "There is no namespace with the id \(Rules.quoted(id)).")
            }
            let services =
                try connection.first("SELECT count(*) FROM services WHERE namespace = ?", .integer(number)) { $0.integer(0) } ?? 0
            guard services == 0 else {
                throw RegistryError(.resourceInUse, "The namespace \(Rules.quoted(id)) still has \(services) services. Delete them first.")
            }
            try connection.run("DELETE FROM namespaces WHERE number = ?", .integer(number))
        }
    }

    /// Changes what a namespace is described by.
    ///
    /// - Throws: `.invalidInput`, `.namespaceNotFound`.
    package func updateNamespace(id: String, description: String?) async throws {
        try Rules.checkText(description, of: "A description", limit: 1_024)
        try await store.write { transaction in
            let changed = try transaction.connection.run(
                "UPDATE namespaces SET description = ? WHERE id = ?", .optional(description), .text(id))
            guard changed > 0 else {
                throw RegistryError(.namespaceNotFound, "There is no namespace with the id \(Rules.quoted(id)).")
            }
        }
    }

    // MARK: Services

    /// Makes a service.
    ///
    /// - Throws: `.invalidInput`; `.namespaceNotFound`; `.serviceAlreadyExists` with the id of the one that has the name.
    package func createService(
        namespaceID: String, name: String, configuration: Service.Configuration = .init(), creatorRequestID: String? = nil
    ) async throws -> Service {
        try Rules.checkService(name: name)
        try Rules.checkText(creatorRequestID, of: "A creator request id", limit: 64)
        return try await store.write { transaction in
            guard let namespace = try transaction.connection.namespace(id: namespaceID) else {
                throw RegistryError(.namespaceNotFound, "There is no namespace with the id \(Rules.quoted(namespaceID)).")
            }
            try Rules.check(configuration, in: namespace.value.kind)
            if let old = try transaction.connection.service(name, in: namespace) {
                throw RegistryError(
                    .serviceAlreadyExists, "The namespace has a service \(Rules.quoted(old.name)) already (\(old.id)).", existingID: old.id,
                    creatorRequestID: old.creatorRequestID)
            }
            return try transaction.insertService(name, in: namespace, configuration, creatorRequestID).service()
        }
    }

    /// Changes how a service is configured, for the instances that are there as well.
    ///
    /// - Throws: `.invalidInput`, also for instances that lack what the new configuration asks of them; `.serviceNotFound`.
    package func updateService(id: String, _ configuration: Service.Configuration) async throws {
        try await store.write { transaction in
            try self.memo.flush(in: transaction)
            let connection = transaction.connection
            let row = try connection.service(.id(id))
            try Rules.check(configuration, in: row.kind)
            let instances = try connection.all(
                "SELECT id, attributes FROM instances WHERE service = ?", .integer(row.number)
            ) { row throws(StoreError) in (id: row.text(0), attributes: try StoredJSON.decode(row.text(1)) ?? [:] as [String: String]) }
            for instance in instances where configuration.hasNeeds {
                try Rules.checkNeeds(Attributes(instance.attributes), for: configuration, in: row.kind)
            }
            let text = configuration == .init() ? "{}" : StoredJSON.encode(configuration)
            try connection.run("UPDATE services SET configuration = ? WHERE number = ?", .text(text), .integer(row.number))
            try transaction.changed(row)
            self.memo.forget()
        }
    }

    /// The services of a namespace, by its `httpName`; of all when `nil`.
    package func services(namespace: String? = nil) async throws -> [Service] {
        try await store.read { connection in try connection.services(namespace: namespace) }
    }

    /// - Throws: `.serviceNotFound`; `.resourceInUse` while it has instances.
    package func deleteService(id: String) async throws {
        try await store.write(reclaims: true) { transaction in
            try self.memo.flush(in: transaction)
            let connection = transaction.connection
            var service = try connection.service(.id(id))
            try transaction.sweep(&service, isAlive: self.store.home.isAlive)
            let instances =
                try connection.first("SELECT count(*) FROM instances WHERE service = ?", .integer(service.number)) { $0.integer(0) } ?? 0
            guard instances == 0 else {
                throw RegistryError(
                    .resourceInUse, "The service \(Rules.quoted(service.name)) still has \(instances) instances. Deregister them first.")
            }
            try connection.run("UPDATE counters SET value = max(value, ?) WHERE name = 'revision'", .integer(service.revision))
            try connection.run("DELETE FROM services WHERE number = ?", .integer(service.number))
            self.memo.forget()
        }
    }
}
