internal import Store

/// The registry's questions to the store.
extension Connection {
    func namespaces() throws(StoreError) -> [Registry.Namespace] {
        try all(
            """
            SELECT number, id, name, http_name, kind, description, creator, created, vpc, soa,
                (SELECT count(*) FROM services s WHERE s.namespace = n.number)
            FROM namespaces n ORDER BY http_name
            """
        ) { row throws(StoreError) in NamespaceRow(row, isCounted: true).value }
    }

    func namespace(httpName: String) throws(StoreError) -> NamespaceRow? {
        try first(
            "SELECT number, id, name, http_name, kind, description, creator, created, vpc, soa FROM namespaces WHERE http_name = ?",
            .text(httpName)
        ) { row throws(StoreError) in NamespaceRow(row) }
    }

    /// - Parameter id: or an ARN.
    /// - Throws: `.namespaceNotFound`; `.invalidInput` for an ARN of something else.
    func namespace(id: String) throws -> NamespaceRow {
        let row = try first(
            """
            SELECT number, id, name, http_name, kind, description, creator, created, vpc, soa,
                (SELECT count(*) FROM services s WHERE s.namespace = n.number)
            FROM namespaces n WHERE id = ?
            """, .text(Identifier.namespace(in: id))
        ) { row throws(StoreError) in NamespaceRow(row, isCounted: true) }
        guard let row else { throw RegistryError(.namespaceNotFound, "There is no namespace with the id \(Rules.quoted(id)).") }
        return row
    }

    /// Those whose name another cannot have, or can only with a name for `discover` that differs: names of DNS compare without case.
    func namespaces(named name: String, _ kind: Registry.Namespace.Kind) throws(StoreError) -> [Registry.Namespace] {
        try all(
            """
            SELECT number, id, name, http_name, kind, description, creator, created, vpc, soa FROM namespaces
            WHERE http_name = ?1 OR name = ?1 OR (?2 <> 'HTTP' AND kind <> 'HTTP' AND name = ?1 COLLATE NOCASE) ORDER BY number
            """, .text(name), .text(kind.rawValue)
        ) { row throws(StoreError) in NamespaceRow(row).value }
    }

    func services(namespace: String?) throws(StoreError) -> [Registry.Service] {
        try all(
            """
            SELECT s.number, s.id, s.name, s.configuration, s.creator, s.created, s.revision, n.http_name, n.id, n.kind,
                (SELECT count(*) FROM instances i WHERE i.service = s.number)
            FROM services s JOIN namespaces n ON n.number = s.namespace WHERE ?1 IS NULL OR n.http_name = ?1 ORDER BY n.http_name, s.name
            """, .optional(namespace)
        ) { row throws(StoreError) in try ServiceRow(row).service(instanceCount: Int(row.integer(10))) }
    }

    /// A service that has this name, or in a DNS namespace one that differs from it by case only.
    func service(_ name: String, in namespace: NamespaceRow) throws(StoreError) -> ServiceRow? {
        let exact = try first(
            """
            SELECT s.number, s.id, s.name, s.configuration, s.creator, s.created, s.revision, n.http_name, n.id, n.kind
            FROM services s JOIN namespaces n ON n.number = s.namespace WHERE s.namespace = ? AND s.name = ?
            """, .integer(namespace.number), .text(name)
        ) { row throws(StoreError) in try ServiceRow(row) }
        if exact != nil || namespace.value.kind == .http { return exact }
        return try first(
            """
            SELECT s.number, s.id, s.name, s.configuration, s.creator, s.created, s.revision, n.http_name, n.id, n.kind
            FROM services s JOIN namespaces n ON n.number = s.namespace WHERE s.namespace = ? AND s.name = ? COLLATE NOCASE
            """, .integer(namespace.number), .text(name)
        ) { row throws(StoreError) in try ServiceRow(row) }
    }

    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, with names that are near.
    func service(_ name: Registry.ServiceName) throws -> ServiceRow {
        switch name {
        case .id(let id):
            let row = try first(
                """
                SELECT s.number, s.id, s.name, s.configuration, s.creator, s.created, s.revision, n.http_name, n.id, n.kind
                FROM services s JOIN namespaces n ON n.number = s.namespace WHERE s.id = ?
                """, .text(Identifier.service(in: id))
            ) { row throws(StoreError) in try ServiceRow(row) }
            guard let row else { throw RegistryError(.serviceNotFound, "There is no service with the id \(Rules.quoted(id)).") }
            return row
        case .name(let namespace, let service):
            let row = try first(
                """
                SELECT s.number, s.id, s.name, s.configuration, s.creator, s.created, s.revision, n.http_name, n.id, n.kind
                FROM namespaces n JOIN services s ON s.namespace = n.number WHERE n.http_name = ? AND s.name = ?
                """, .text(namespace), .text(service)
            ) { row throws(StoreError) in try ServiceRow(row) }
            if let row { return row }
            throw try missing(namespace: namespace, service: service)
        }
    }

    /// The services whose instances are checked over the network, with their checks; those that are damaged are passed over.
    func checkedServices() throws -> [(row: ServiceRow, check: Registry.HealthCheck)] {
        let ids = try all("SELECT id FROM services WHERE configuration LIKE '%\"healthCheck\"%' ORDER BY number") { $0.text(0) }
        return try ids.compactMap { id in
            guard let row = try soundService(id), let check = row.configuration.healthCheck else { return nil }
            return (row, check)
        }
    }

    func instance(_ id: String, of service: Int64) throws(StoreError) -> Registry.Instance? {
        try first(
            """
            SELECT id, incarnation, attributes, health, lease_slot, lease_generation, registered FROM instances WHERE service = ? AND id = ?
            """, .integer(service), .text(id)
        ) { row throws(StoreError) in try Registry.Instance(row) }
    }

    func instances(of service: Int64) throws(StoreError) -> [Registry.Instance] {
        try all(
            """
            SELECT id, incarnation, attributes, health, lease_slot, lease_generation, registered FROM instances WHERE service = ? ORDER BY id
            """, .integer(service)
        ) { row throws(StoreError) in try Registry.Instance(row) }
    }

    // MARK: What is missing, and what may have been meant

    private func missing(namespace: String, service: String) throws -> RegistryError {
        guard let row = try self.namespace(httpName: namespace) else {
            // Who is used to DNS writes service.namespace, the other way round.
            let isTurned = try first(
                "SELECT 1 FROM namespaces n JOIN services s ON s.namespace = n.number WHERE n.http_name = ? AND s.name = ?", .text(service),
                .text(namespace), make: { _ in true })
            if isTurned == true {
                return RegistryError(
                    .namespaceNotFound,
                    "There is no namespace \(Rules.quoted(namespace)), but \(Rules.quoted("\(service).\(namespace)")) exists: the namespace comes first."
                )
            }
            let names = try all("SELECT http_name FROM namespaces ORDER BY http_name LIMIT 1000") { $0.text(0) }
            return RegistryError(
                .namespaceNotFound,
                "There is no namespace \(Rules.quoted(namespace)). "
                    + Self.suggestion(NearNames.of(namespace, among: names), of: names, "namespaces"))
        }
        let names = try all("SELECT name FROM services WHERE namespace = ? ORDER BY name LIMIT 1000", .integer(row.number)) { $0.text(0) }
        return RegistryError(
            .serviceNotFound,
            "The namespace \(Rules.quoted(namespace)) has no service \(Rules.quoted(service)). "
                + Self.suggestion(NearNames.of(service, among: names), of: names, "services"))
    }

    /// - Parameter isAlive: instances of ended processes are not suggested; one that was asked for is told.
    func missing(instance id: String, of service: ServiceRow, isAlive: (Lease) -> Bool) throws(StoreError) -> RegistryError {
        let rows = try all(
            "SELECT id, lease_slot, lease_generation FROM instances WHERE service = ? ORDER BY id LIMIT 1000", .integer(service.number)
        ) { row throws(StoreError) in
            (id: row.text(0), lease: row.optionalInteger(1).map { Lease(slot: Int(clamping: $0), generation: row.integer(2)) })
        }
        if rows.contains(where: { $0.id == id }) {
            return RegistryError(
                .instanceNotFound,
                "The process that registered \(Rules.quoted(id)) in \(Rules.quoted("\(service.namespace).\(service.name)")) has ended. Start it again, or register another."
            )
        }
        let ids = rows.filter { $0.lease.map(isAlive) ?? true }.map(\.id)
        return RegistryError(
            .instanceNotFound,
            "The service \(Rules.quoted("\(service.namespace).\(service.name)")) has no instance \(Rules.quoted(id)). "
                + Self.suggestion(NearNames.of(id, among: ids), of: ids, "instances"))
    }

    private static func suggestion(_ near: [String], of all: [String], _ what: String) -> String {
        if !near.isEmpty { return "Did you mean \(near.map { "`\($0)`" }.joined(separator: " or "))?" }
        if all.isEmpty { return what == "namespaces" ? "There are none yet: register an instance first." : "It has no \(what) yet." }
        return
            "There \(all.count == 1 ? "is" : "are"): \(all.prefix(5).map { "`\($0)`" }.joined(separator: ", "))\(all.count > 5 ? ", …" : "")."
    }
}
