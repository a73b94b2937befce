internal import Store

/// Namespaces, services and instances one by one and page by page. Ids of namespaces and services may be ARNs.
extension Registry {
    /// - Throws: `.namespaceNotFound`.
    package func namespace(_ id: String) async throws -> Namespace {
        try await store.read { connection in try connection.namespace(id: id).value }
    }

    /// Namespaces in the order of their making.
    ///
    /// - Parameter filters: on TYPE, NAME, HTTP_NAME and RESOURCE_OWNER.
    /// - Throws: `.invalidInput`.
    package func namespaces(_ filters: [Filter], page: PageRequest) async throws -> Page<Namespace> {
        let filters = try Filters(filters, Filters.namespaces)
        let (limit, after) = (try page.size(), try page.numberedStart(of: "namespaces"))
        return try await store.read { connection in
            let rows = try connection.namespaces(after: after, limit: limit + 1)
            return Page(rows, limit: limit, of: "namespaces") { "\($0.number)" }.compactMap { filters.match($0.value) ? $0.value : nil }
        }
    }

    /// - Throws: `.serviceNotFound`.
    package func service(_ id: String) async throws -> Service {
        try await store.read { connection in
            let row = try connection.service(.id(id))
            return row.service(instanceCount: try connection.instanceCount(of: row.number))
        }
    }

    /// Services in the order of their making.
    ///
    /// - Parameter filters: on NAMESPACE_ID and RESOURCE_OWNER.
    /// - Throws: `.invalidInput`.
    package func services(_ filters: [Filter], page: PageRequest) async throws -> Page<Service> {
        let filters = try Filters(filters, Filters.services)
        let (limit, after) = (try page.size(), try page.numberedStart(of: "services"))
        return try await store.read { connection in
            let rows = try connection.services(after: after, limit: limit + 1)
            return Page(rows, limit: limit, of: "services") { "\($0.number)" }.compactMap { filters.match($0.value) ? $0.value : nil }
        }
    }

    /// A service's instances in the order of their ids, those of dead processes left out.
    ///
    /// - Throws: `.serviceNotFound`, `.invalidInput`.
    package func instances(of service: ServiceName, page: PageRequest = .init()) async throws -> Page<Instance> {
        let home = store.home
        let limit = try page.size()
        return try await store.read { connection in
            let row = try connection.service(service)
            let list = "instances of \(row.id)"
            let rows = try connection.instances(of: row.number, after: try page.start(of: list), limit: limit + 1)
            return Page(rows, limit: limit, of: list) { $0.id }.compactMap { $0.lease.map(home.isAlive) ?? true ? $0 : nil }
        }
    }

    /// One instance, and the id of the request that registered it, if that had one.
    ///
    /// - Throws: `.serviceNotFound`, `.instanceNotFound`, `.invalidInput`.
    package func registration(of id: String, in service: ServiceName) async throws -> (instance: Instance, creatorRequestID: String?) {
        try Rules.checkQuestion(instance: id)
        let home = store.home
        return try await store.read { connection in
            let row = try connection.service(service)
            guard let instance = try connection.instance(id, of: row.number), instance.lease.map(home.isAlive) ?? true else {
                throw try connection.missing(instance: id, of: row, isAlive: home.isAlive)
            }
            let request = try connection.first(
                "SELECT request FROM creators WHERE service = ? AND id = ? AND incarnation = ?", .integer(row.number), .text(id),
                .integer(instance.incarnation), make: { $0.text(0) })
            return (instance, request)
        }
    }
}

extension Connection {
    fileprivate func namespaces(after number: Int64?, limit: Int) throws(StoreError) -> [NamespaceRow] {
        try all(
            """
            SELECT number, id, name, http_name, kind, description, creator, created, vpc, soa,
                (SELECT count(*) FROM services s WHERE s.namespace = n.number)
            FROM namespaces n WHERE number > ? ORDER BY number LIMIT ?
            """, .integer(number ?? 0), .integer(limit)
        ) { row throws(StoreError) in NamespaceRow(row, isCounted: true) }
    }

    fileprivate func services(after number: Int64?, limit: Int) throws(StoreError) -> [(number: Int64, value: Registry.Service)] {
        try all(
            """
            SELECT s.number, s.id, s.name, s.configuration, s.creator, s.created, s.revision, n.http_name, n.id, n.kind,
                (SELECT count(*) FROM instances i WHERE i.service = s.number)
            FROM services s JOIN namespaces n ON n.number = s.namespace WHERE s.number > ? ORDER BY s.number LIMIT ?
            """, .integer(number ?? 0), .integer(limit)
        ) { row throws(StoreError) in
            let service = try ServiceRow(row)
            return (service.number, service.service(instanceCount: Int(row.integer(10))))
        }
    }

    fileprivate func instances(of service: Int64, after id: String?, limit: Int) throws(StoreError) -> [Registry.Instance] {
        try all(
            """
            SELECT id, incarnation, attributes, health, lease_slot, lease_generation, registered FROM instances
            WHERE service = ? AND id > ? ORDER BY id LIMIT ?
            """, .integer(service), .text(id ?? ""), .integer(limit)
        ) { row throws(StoreError) in try Registry.Instance(row) }
    }
}
