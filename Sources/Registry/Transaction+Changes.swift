internal import Store

/// What changes write.
extension Transaction {
    /// Removes a namespace that has no services.
    func delete(_ namespace: NamespaceRow) throws(StoreError) {
        try connection.run("DELETE FROM namespaces WHERE number = ?", .integer(namespace.number))
        try connection.run("DELETE FROM tags WHERE resource = ?", .text(namespace.value.id))
    }

    func update(_ namespace: NamespaceRow, _ update: Registry.NamespaceUpdate) throws(StoreError) {
        try connection.run(
            "UPDATE namespaces SET description = coalesce(?, description), soa = coalesce(?, soa) WHERE number = ?",
            .optional(update.description), .optional(update.soaTTL.map { Int64($0) }), .integer(namespace.number))
    }

    func update(_ service: ServiceRow, _ configuration: Registry.Service.Configuration) throws(StoreError) {
        let text = configuration == .init() ? "{}" : StoredJSON.encode(configuration)
        try connection.run("UPDATE services SET configuration = ? WHERE number = ?", .text(text), .integer(service.number))
        if configuration.hasHealth != service.configuration.hasHealth {
            // Without a check no health is known, with a new one all is well until it says otherwise.
            let health = configuration.hasHealth ? Registry.Health.healthy : .unknown
            try connection.run("UPDATE instances SET health = ? WHERE service = ?", .text(health.rawValue), .integer(service.number))
        }
        if configuration.healthCheck != nil { ring(Registry.checksBell) }
        try changed(service)
    }

    // MARK: What few instances have; the incarnation is the service's revision

    func putCreator(_ request: String, of id: String, in service: ServiceRow) throws(StoreError) {
        try connection.run(
            "INSERT OR REPLACE INTO creators VALUES (?, ?, ?, ?)", .integer(service.number), .text(id), .integer(service.revision),
            .text(request))
    }

    func putHeartbeat(_ id: String, in service: ServiceRow, _ seconds: Int) throws(StoreError) {
        try connection.run(
            "INSERT OR REPLACE INTO heartbeats (service, id, incarnation, seconds) VALUES (?, ?, ?, ?)", .integer(service.number),
            .text(id),
            .integer(service.revision), .integer(seconds))
        ring(Registry.keeperBell)
    }

    /// - Parameter incarnation: the instance's.
    func putPending(_ pending: Registry.PendingHealth?, of id: String, _ incarnation: Int64, in service: ServiceRow) throws(StoreError) {
        guard let pending else {
            try connection.run("DELETE FROM pending_health WHERE service = ? AND id = ?", .integer(service.number), .text(id))
            return
        }
        try connection.run(
            "INSERT OR REPLACE INTO pending_health VALUES (?, ?, ?, ?, ?)", .integer(service.number), .text(id), .integer(incarnation),
            .text(pending.health.rawValue), .integer(pending.due.milliseconds))
        ring(Registry.keeperBell)
    }

    // MARK: Tags

    func putTags(_ tags: [String: String], on resource: String) throws(StoreError) {
        for (key, value) in tags {
            try connection.run("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", .text(resource), .text(key), .text(value))
        }
    }
}
