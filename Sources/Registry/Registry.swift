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

    /// Makes a namespace at once, and keeps no record of the operation. For those who hold the home; others ``submit(_:requestID:fidelity:)``.
    ///
    /// - Throws: `.invalidInput`; `.namespaceAlreadyExists` with the id of the one that has the name.
    package func createNamespace(
        name: String, kind: Namespace.Kind = .http, description: String? = nil, vpc: String? = nil, creatorRequestID: String? = nil
    ) async throws -> Namespace {
        let draft = NamespaceDraft(name: name, kind: kind, description: description, vpc: vpc)
        try Rules.check(draft)
        try Rules.checkText(creatorRequestID, of: "A creator request id", limit: 64)
        return try await store.write { transaction in
            if let old = try transaction.connection.namespaces(named: name, kind).first { throw Self.exists(old) }
            return try transaction.insertNamespace(draft, creator: creatorRequestID).value
        }
    }

    static func exists(_ namespace: Namespace) -> RegistryError {
        RegistryError(
            .namespaceAlreadyExists, "The namespace \(Rules.quoted(namespace.name)) exists already (\(namespace.id)).",
            existingID: namespace.id, creatorRequestID: namespace.creatorRequestID)
    }

    package func namespaces() async throws -> [Namespace] {
        try await store.read { connection in try connection.namespaces() }
    }

    /// - Parameter id: or an ARN, as wherever an id of a namespace or a service is taken.
    /// - Throws: `.namespaceNotFound`; `.resourceInUse` while it has services.
    package func deleteNamespace(id: String) async throws {
        try await store.write(reclaims: true) { transaction in
            try transaction.delete(transaction.connection.emptyNamespace(id: id))
        }
    }

    /// Changes what a namespace is described by.
    ///
    /// - Throws: `.invalidInput`, `.namespaceNotFound`.
    package func updateNamespace(id: String, description: String?) async throws {
        try Rules.checkText(description, of: "A description", limit: 1_024)
        try await store.write { transaction in
            let namespace = try transaction.connection.namespace(id: id)
            try transaction.connection.run(
                "UPDATE namespaces SET description = ? WHERE number = ?", .optional(description), .integer(namespace.number))
        }
    }

    // MARK: Services

    /// Makes a service. One that is repeated, with the same id of its request, gets the service that it made.
    ///
    /// - Parameter type: `HTTP` for one that has no records, even in a DNS namespace; there is nothing else to say.
    /// - Throws: `.invalidInput`; `.tooManyTags`; `.namespaceNotFound`; `.serviceAlreadyExists` with the id of the one that has the name.
    package func createService(
        namespaceID: String, name: String, configuration: Service.Configuration = .init(), type: String? = nil,
        creatorRequestID: String? = nil, tags: [String: String] = [:]
    ) async throws -> Service {
        try Rules.checkService(name: name)
        try Rules.checkText(creatorRequestID, of: "A creator request id", limit: 64)
        try Rules.checkTags(tags)
        guard type == nil || type == "HTTP" else {
            throw Rules.invalid("The type of a service is HTTP, or left out; not \(Rules.quoted(type ?? "")).")
        }
        guard type == nil || configuration.dns == nil else { throw Rules.invalid("A service of the type HTTP has no DNS records.") }
        return try await store.write { transaction in
            try self.memo.flush(in: transaction)
            let namespace = try transaction.connection.namespace(id: namespaceID)
            try Rules.check(configuration, in: namespace.value.kind)
            if let old = try transaction.connection.service(name, in: namespace) {
                if creatorRequestID != nil, old.creatorRequestID == creatorRequestID, old.name == name, old.configuration == configuration {
                    return old.service(instanceCount: try transaction.connection.instanceCount(of: old.number))
                }
                throw RegistryError(
                    .serviceAlreadyExists, "The namespace has a service \(Rules.quoted(old.name)) already (\(old.id)).", existingID: old.id,
                    creatorRequestID: old.creatorRequestID)
            }
            let service = try transaction.insertService(name, in: namespace, configuration, creatorRequestID).service()
            try transaction.putTags(tags, on: service.id)
            return service
        }
    }

    /// Replaces the configuration of a service, for the instances that are there as well. For those who hold the home, who may change what
    /// ``Change/updateService(id:_:)`` may not.
    ///
    /// - Throws: `.invalidInput`, also for instances that lack what the new configuration asks of them; `.serviceNotFound`.
    package func updateService(id: String, _ configuration: Service.Configuration) async throws {
        try await store.write { transaction in
            try self.memo.flush(in: transaction)
            let row = try transaction.connection.service(.id(id))
            try transaction.connection.check(configuration, for: row)
            try transaction.update(row, configuration)
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
            let instances = try connection.instanceCount(of: service.number)
            guard instances == 0 else {
                throw RegistryError(
                    .resourceInUse, "The service \(Rules.quoted(service.name)) still has \(instances) instances. Deregister them first.")
            }
            try connection.run("UPDATE counters SET value = max(value, ?) WHERE name = 'revision'", .integer(service.revision))
            try connection.run("DELETE FROM services WHERE number = ?", .integer(service.number))
            try connection.run("DELETE FROM tags WHERE resource = ?", .text(service.id))
            self.memo.forget()
        }
    }
}
