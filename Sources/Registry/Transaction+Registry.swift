internal import Store

/// The registry's writes, each part of a transaction that others share.
extension Transaction {
    func insertNamespace(_ name: String, _ kind: Registry.Namespace.Kind, _ description: String?, _ creator: String?) throws(StoreError)
        -> NamespaceRow
    {
        var generator = SystemRandomNumberGenerator()
        let id = Identifier.namespace(using: &generator)
        try connection.run(
            "INSERT INTO namespaces (id, name, http_name, kind, description, creator, created) VALUES (?, ?, ?, ?, ?, ?, ?)", .text(id),
            .text(name), .text(name), .text(kind.rawValue), .optional(description), .optional(creator), .integer(now.milliseconds))
        return NamespaceRow(
            number: try lastRow(),
            value: Registry.Namespace(
                id: id, name: name, httpName: name, kind: kind, description: description, creatorRequestID: creator,
                created: now.milliseconds))
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

    /// Writes a service's revision, counts the change, and wakes those who watch it.
    func changed(_ service: ServiceRow) throws(StoreError) {
        try connection.run(
            "UPDATE services SET revision = ?, changes = changes + 1 WHERE number = ?", .integer(service.revision), .integer(service.number)
        )
        ring(service.bell)
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

    func sweep(_ service: inout ServiceRow, unlessSwept memo: TransactionMemo, isAlive: (Lease) -> Bool) throws(StoreError) {
        guard memo.isFirstSweep(of: service.number, in: self) else { return }
        try sweep(&service, isAlive: isAlive)
    }

    private func lastRow() throws(StoreError) -> Int64 {
        try connection.first("SELECT last_insert_rowid()", make: { $0.integer(0) }) ?? 0
    }
}
