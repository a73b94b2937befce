internal import Store

/// The registry's writes, each part of a transaction that others share.
extension Transaction {
    /// - Parameters:
    ///   - id: made when `nil`.
    ///   - httpName: what `discover` takes, when the name was reused.
    @discardableResult
    func insertNamespace(
        _ draft: Registry.NamespaceDraft, id: String? = nil, httpName: String? = nil, creator: String? = nil
    ) throws(StoreError) -> NamespaceRow {
        var generator = SystemRandomNumberGenerator()
        let value = Registry.Namespace(
            id: id ?? Identifier.namespace(using: &generator), name: draft.name, httpName: httpName ?? draft.name, kind: draft.kind,
            description: draft.description, creatorRequestID: creator, created: now.milliseconds, vpc: draft.vpc,
            soaTTL: draft.kind == .http ? nil : draft.soaTTL ?? Registry.Namespace.defaultSOATTL, serviceCount: 0)
        try connection.run(
            """
            INSERT INTO namespaces (id, name, http_name, kind, description, creator, created, vpc, soa)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(value.id), .text(value.name), .text(value.httpName), .text(value.kind.rawValue), .optional(value.description),
            .optional(creator), .integer(now.milliseconds), .optional(value.vpc), .optional(value.soaTTL.map { Int64($0) }))
        let row = NamespaceRow(number: try lastRow(), value: value)
        try putTags(draft.tags, on: value.id)
        return row
    }

    func insertService(
        _ name: String, in namespace: NamespaceRow, _ configuration: Registry.Service.Configuration, _ creator: String?
    ) throws(StoreError) -> ServiceRow {
        var generator = SystemRandomNumberGenerator()
        let id = Identifier.service(using: &generator)
        let revision = try connection.first("SELECT value FROM counters WHERE name = 'revision'", make: { $0.integer(0) }) ?? 0
        let text = configuration == .init() ? "{}" : StoredJSON.encode(configuration)
        try connection.run(
            "INSERT INTO services (id, namespace, name, configuration, creator, created, revision, changes) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            .text(id), .integer(namespace.number), .text(name), .text(text), .optional(creator), .integer(now.milliseconds),
            .integer(revision))
        return ServiceRow(
            number: try lastRow(), id: id, name: name, configuration, creator: creator, created: now.milliseconds, revision: revision,
            in: namespace.value)
    }

    /// Writes a service's revision, counts the change, and rings for it.
    func changed(_ service: ServiceRow, byCheck: Bool = false) throws(StoreError) {
        try connection.run(
            "UPDATE services SET revision = ?, changes = changes + 1 WHERE number = ?", .integer(service.revision), .integer(service.number)
        )
        ring(for: service, byCheck: byCheck)
    }

    /// Wakes those who watch a service, and who makes its checks unless it is his change.
    func ring(for service: ServiceRow, byCheck: Bool = false) {
        ring(service.bell)
        if service.isChecked, !byCheck { ring(Registry.checksBell) }
    }

    /// Removes the instances whose process has died: those who read skip them, the next who writes cleans up.
    func sweep(_ service: inout ServiceRow, isAlive: (Lease) -> Bool) throws(StoreError) {
        // Told which index: by itself SQLite takes the primary key and walks all of the service, in every transaction.
        let leased = try connection.all(
            "SELECT id, lease_slot, lease_generation FROM instances INDEXED BY instances_leased WHERE service = ? AND lease_slot IS NOT NULL",
            .integer(service.number)
        ) { row throws(StoreError) in (id: row.text(0), lease: Lease(slot: Int(clamping: row.integer(1)), generation: row.integer(2))) }
        let dead = leased.filter { !isAlive($0.lease) }
        guard !dead.isEmpty else { return }
        for instance in dead {
            try connection.run("DELETE FROM instances WHERE service = ? AND id = ?", .integer(service.number), .text(instance.id))
        }
        service.revision += 1
        try changed(service)
    }

    /// Puts an instance in the place of one that has its id.
    ///
    /// - Parameter service: its number.
    /// - Returns: whether there was one.
    func put(
        _ id: String, in service: Int64, incarnation: Int64, attributes: String, health: Registry.Health, lease: Lease?
    ) throws -> Bool {
        var (id, attributes, health) = (id, attributes, health.rawValue)
        // SQLite would copy each.
        return try id.withUTF8 { id in
            try attributes.withUTF8 { attributes in
                try health.withUTF8 { health in
                    try put { values in
                        values.set(1, service)
                        values.set(2, lasting: id)
                        values.set(3, incarnation)
                        values.set(4, lasting: attributes)
                        values.set(5, lasting: health)
                        values.set(6, lease.map { Int64($0.slot) })
                        values.set(7, lease?.generation)
                        values.set(8, now.milliseconds)
                    }
                }
            }
        }
    }

    private func put(_ bind: (Binding) -> Void) throws(StoreError) -> Bool {
        // First as a new one: most are, and so cost one look into the table.
        let isNew =
            try connection.run(
                "INSERT INTO instances VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (service, id) DO NOTHING", binding: bind) > 0
        guard !isNew else { return false }
        try connection.run(
            """
            UPDATE instances SET incarnation = ?3, attributes = ?4, health = ?5, lease_slot = ?6, lease_generation = ?7, registered = ?8
            WHERE service = ?1 AND id = ?2
            """, binding: bind)
        return true
    }

    private func lastRow() throws(StoreError) -> Int64 {
        try connection.first("SELECT last_insert_rowid()", make: { $0.integer(0) }) ?? 0
    }
}
