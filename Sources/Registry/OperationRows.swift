internal import Store

struct OperationRow {
    let number: Int64
    let value: Registry.Operation

    /// From `number, id, kind, status, namespace, service, instance, failure, message, created, updated`.
    init(_ row: Row) throws(StoreError) {
        number = row.integer(0)
        guard let kind = Registry.Operation.Kind(rawValue: row.text(2)), let status = Registry.Operation.Status(rawValue: row.text(3))
        else {
            throw StoreError(.damaged, "The registry holds an operation that it did not write (\(row.text(2))). Run `discovery doctor`.")
        }
        let (namespace, service, instance) = (row.optionalText(4), row.optionalText(5), row.optionalText(6))
        var targets: [Registry.Operation.Target: String] = [:]
        if service == nil { targets[.namespace] = namespace }
        targets[.service] = service
        targets[.instance] = instance
        let code = row.optionalText(7).map { Registry.Operation.Failure.Code(rawValue: $0) ?? .internalFailure }
        value = Registry.Operation(
            id: row.text(1), kind: kind, status: status,
            failure: code.map { Registry.Operation.Failure(code: $0, message: row.optionalText(8) ?? "") }, targets: targets,
            namespaceID: namespace, serviceID: service, created: row.integer(9), updated: row.integer(10))
    }
}

/// An operation that is to be done.
struct PendingOperation {
    let number: Int64
    let change: String
    let request: String?
    let namespaceID: String?
}

extension Connection {
    func operation(_ id: String) throws(StoreError) -> Registry.Operation? {
        try first(
            """
            SELECT number, id, kind, status, namespace, service, instance, failure, message, created, updated FROM operations WHERE id = ?
            """, .text(id)
        ) { row throws(StoreError) in try OperationRow(row).value }
    }

    func operations(before number: Int64?, limit: Int) throws(StoreError) -> [OperationRow] {
        try all(
            """
            SELECT number, id, kind, status, namespace, service, instance, failure, message, created, updated FROM operations
            WHERE number < ? ORDER BY number DESC LIMIT ?
            """, .integer(number ?? .max), .integer(limit)
        ) { row throws(StoreError) in try OperationRow(row) }
    }

    /// The operation that is pending for a target.
    func pending(_ target: String) throws(StoreError) -> String? {
        try first("SELECT id FROM operations WHERE target = ? AND due IS NOT NULL", .text(target), make: { $0.text(0) })
    }

    /// Those to be done by `now`, at most as many as a transaction should hold.
    func operations(due now: HomeTime) throws(StoreError) -> [PendingOperation] {
        try all(
            "SELECT number, change, request, namespace FROM operations WHERE due <= ? ORDER BY due, number LIMIT 256",
            .integer(now.milliseconds)
        ) {
            PendingOperation(number: $0.integer(0), change: $0.text(1), request: $0.optionalText(2), namespaceID: $0.optionalText(3))
        }
    }

    /// When the next operation, or the next health, is due.
    func nextDue() throws(StoreError) -> HomeTime? {
        try first(
            """
            SELECT min(due) FROM (SELECT min(due) AS due FROM operations WHERE due IS NOT NULL
                UNION ALL SELECT min(due) FROM pending_health)
            """
        ) { $0.optionalInteger(0) }?.map { HomeTime(milliseconds: $0) }
    }

    /// The operation of a request that has succeeded before, if what it did still stands.
    func repeated(_ change: Registry.Change, _ request: String?) throws -> String? {
        guard let request else { return nil }
        switch change {
        case .registerInstance(let id, let service, let attributes):
            // To register again what has a heartbeat is to renew it.
            guard attributes[Registry.Heartbeat.attribute] == nil else { return nil }
            let serviceID = try Identifier.service(in: service)
            let stands = try first(
                """
                SELECT 1 FROM services s JOIN creators c ON c.service = s.number
                    JOIN instances i ON i.service = c.service AND i.id = c.id AND i.incarnation = c.incarnation
                WHERE s.id = ? AND c.id = ? AND c.request = ? AND i.attributes = ?
                """, .text(serviceID), .text(id), .text(request), .text(Registry.Attributes(attributes).text), make: { _ in true })
            guard stands == true else { return nil }
            return try succeeded(request, "\(serviceID)/\(id)", nil)
        case .updateNamespace(let id, _, _):
            return try succeeded(request, Identifier.namespace(in: id), StoredJSON.encode(change))
        default: return nil
        }
    }

    private func succeeded(_ request: String, _ target: String, _ change: String?) throws(StoreError) -> String? {
        try first(
            """
            SELECT id FROM operations WHERE request = ?1 AND target = ?2 AND (?3 IS NULL OR change = ?3) AND status = 'SUCCESS'
            ORDER BY number DESC LIMIT 1
            """, .text(request), .text(target), .optional(change), make: { $0.text(0) })
    }
}

extension Transaction {
    /// Writes an operation's record, and removes some that are old.
    func record(
        _ change: Registry.Change, _ decision: Decision, _ request: String?, due: HomeTime?, _ failure: Registry.Operation.Failure?
    ) throws(StoreError) -> String {
        var generator = SystemRandomNumberGenerator()
        let id = Identifier.operation(using: &generator)
        let status: Registry.Operation.Status = due != nil ? .pending : failure == nil ? .success : .failed
        let isKept =
            switch change {
            case .updateNamespace: true
            default: due != nil
            }
        try connection.run(
            """
            INSERT INTO operations (id, kind, status, namespace, service, instance, target, request, change, failure, message, created,
                updated, due)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(id), .text(change.kind.rawValue), .text(status.rawValue), .optional(decision.namespaceID),
            .optional(decision.serviceID), .optional(decision.instanceID), .text(decision.target), .optional(request),
            .optional(isKept ? StoredJSON.encode(change) : nil), .optional(failure?.code.rawValue), .optional(failure?.message),
            .integer(now.milliseconds), .integer(now.milliseconds), .optional(due?.milliseconds))
        // A few each time: more go than come, and nobody waits for a great cleaning.
        try connection.run(
            """
            DELETE FROM operations WHERE number IN (SELECT number FROM operations ORDER BY number LIMIT 4) AND due IS NULL
                AND (number <= (SELECT max(number) FROM operations) - ? OR updated < ?)
            """, .integer(Registry.Operation.maximumCount),
            .integer(now.milliseconds - Registry.Operation.maximumAge.components.seconds * 1_000)
        )
        if due != nil { ring(Registry.keeperBell) }
        return id
    }

    func finish(_ operation: PendingOperation, _ failure: Registry.Operation.Failure?) throws(StoreError) {
        try connection.run(
            """
            UPDATE operations SET status = ?, failure = ?, message = ?, updated = ?, due = NULL,
                change = CASE kind WHEN 'UPDATE_NAMESPACE' THEN change END
            WHERE number = ?
            """, .text((failure == nil ? Registry.Operation.Status.success : .failed).rawValue), .optional(failure?.code.rawValue),
            .optional(failure?.message), .integer(now.milliseconds), .integer(operation.number))
    }
}
