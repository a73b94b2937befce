internal import Store

extension Registry {
    /// Reports the health of an instance of a service with custom health; of one with a heartbeat, in any service, it is a renewal, which
    /// the keeper of ``Heartbeats`` is to be told too.
    ///
    /// A report that changes nothing commits nothing. With a delay the health counts when that has passed, by ``finishOperations()``.
    ///
    /// - Throws: `.customHealthNotFound` when the service has none; `.serviceNotFound`, `.instanceNotFound`, `.invalidInput`.
    package func setHealth(_ health: Health, of id: String, in service: ServiceName, fidelity: Fidelity = .instant) async throws {
        guard health != .unknown else { throw Rules.invalid("Health is HEALTHY or UNHEALTHY.") }
        try Rules.checkQuestion(instance: id)
        try await store.write { transaction in
            try self.memo.flush(in: transaction)
            let connection = transaction.connection
            let row = try connection.service(service)
            let condition = try connection.condition(of: id, in: row.number)
            guard row.configuration.hasCustomHealth else {
                if condition?.hasHeartbeat == true { return }
                throw RegistryError(.customHealthNotFound, "The service \(Rules.quoted(row.name)) was made without custom health.")
            }
            guard let condition else { throw try connection.missing(instance: id, of: row, isAlive: self.store.home.isAlive) }
            let next = PendingHealth.reported(
                health, of: condition.health, pending: condition.pending, at: transaction.now, delay: fidelity.healthDelay)
            if next.pending != condition.pending { try transaction.putPending(next.pending, of: id, condition.incarnation, in: row) }
            guard next.health != condition.health else { return }
            _ = try transaction.setHealth(next.health, of: id, condition.incarnation, in: row)
            self.memo.forget()
        }
    }

    /// The health of instances, by id.
    ///
    /// - Parameter ids: at most 100; all of the service's when `nil`.
    /// - Throws: `.instanceNotFound` when one is not there; `.serviceNotFound`, `.invalidInput`.
    package func healthStatus(
        of ids: [String]? = nil, in service: ServiceName, page: PageRequest = .init()
    ) async throws -> Page<(id: String, health: Health)> {
        guard (1...100).contains(ids?.count ?? 1) else { throw Rules.invalid("Ask for 1 to 100 instances, or for all.") }
        guard let ids else { return try await instances(of: service, page: page).compactMap { ($0.id, $0.health) } }
        for id in ids { try Rules.checkQuestion(instance: id) }
        let home = store.home
        let limit = try page.size()
        return try await store.read { connection in
            let row = try connection.service(service)
            let list = "instances of \(row.id)"
            let start = try page.start(of: list)
            var rows: [(id: String, health: Health)] = []
            for id in Set(ids).sorted() {
                guard let instance = try connection.instance(id, of: row.number), instance.lease.map(home.isAlive) ?? true else {
                    throw try connection.missing(instance: id, of: row, isAlive: home.isAlive)
                }
                if start.map({ id > $0 }) ?? true { rows.append((id, instance.health)) }
            }
            return Page(rows, limit: limit, of: list) { $0.id }
        }
    }

    // MARK: Heartbeats

    /// The id of a service in what a caller gave for one: an id or an ARN.
    ///
    /// - Throws: `.invalidInput`.
    package static func serviceID(in text: String) throws(RegistryError) -> String { try Identifier.service(in: text) }

    /// Registrations with a heartbeat that are newer than `number`, in the order of their making: what a keeper of ``Heartbeats`` reads when
    /// it starts, from 0, and whenever ``keeperBell`` rings.
    ///
    /// - Returns: them, those of them that are unhealthy, and from where to go on.
    package func heartbeats(
        after number: Int64 = 0
    ) async throws -> (heartbeats: [Heartbeat], unhealthy: Set<Heartbeat>, last: Int64) {
        try await store.read { connection in
            let rows = try connection.all(
                """
                SELECT h.number, s.id, h.id, h.incarnation, h.seconds, i.health FROM heartbeats h
                    JOIN services s ON s.number = h.service
                    JOIN instances i ON i.service = h.service AND i.id = h.id AND i.incarnation = h.incarnation
                WHERE h.number > ? ORDER BY h.number
                """, .integer(number)
            ) { row in
                (
                    number: row.integer(0),
                    heartbeat: Heartbeat(
                        serviceID: row.text(1), instanceID: row.text(2), incarnation: row.integer(3), term: .seconds(row.integer(4))),
                    health: row.text(5)
                )
            }
            let unhealthy = rows.lazy.filter { $0.health == Health.unhealthy.rawValue }.map(\.heartbeat)
            return (rows.map(\.heartbeat), Set(unhealthy), rows.last?.number ?? number)
        }
    }

    /// Does what ``Heartbeats`` says, to exactly those registrations: a successor, and what is gone, is left alone. Health is written only
    /// where the service has any. One whose service is damaged is passed over, so that the others are not kept from what is theirs.
    ///
    /// - Parameter isWanted: asked in the transaction of each: what has become of it meanwhile counts.
    /// - Returns: what became of each.
    @discardableResult
    package func apply(
        _ actions: [Heartbeats.Action], isWanted: @escaping @Sendable (Heartbeats.Action) -> Bool = { _ in true }
    ) async throws -> [Heartbeats.Outcome] {
        var outcomes: [Heartbeats.Outcome] = []
        // In parts, so that others need not wait for all of them.
        for start in stride(from: 0, to: actions.count, by: 256) {
            let part = actions[start..<min(start + 256, actions.count)]
            outcomes += try await store.write(reclaims: true) { transaction in
                try self.memo.flush(in: transaction)
                let outcomes = try part.map { isWanted($0) ? try self.apply($0, transaction) : .dropped }
                self.memo.forget()
                return outcomes
            }
        }
        return outcomes
    }

    private func apply(_ action: Heartbeats.Action, _ transaction: Transaction) throws -> Heartbeats.Outcome {
        let (id, incarnation) = (action.heartbeat.instanceID, action.heartbeat.incarnation)
        guard let row = try transaction.connection.soundService(action.heartbeat.serviceID),
            try transaction.connection.condition(of: id, in: row.number)?.incarnation == incarnation
        else { return .gone }
        let health: Health
        switch action {
        case .healthy: health = .healthy
        case .unhealthy: health = .unhealthy
        case .remove:
            try deregister(id, from: .id(row.id), incarnation: incarnation, transaction)
            return .written
        }
        guard row.configuration.hasHealth, try transaction.setHealth(health, of: id, incarnation, in: row) else { return .kept }
        try transaction.putPending(nil, of: id, incarnation, in: row)
        return .written
    }

    /// Makes sure that a registration is there once all is written that was begun before.
    ///
    /// - Throws: `.serviceNotFound`; `.instanceNotFound` when it is gone, or another has its id.
    package func confirm(_ id: String, in service: ServiceName, incarnation: Int64) async throws {
        try await store.write { transaction in
            try self.memo.flush(in: transaction)
            let row = try transaction.connection.service(service)
            guard try transaction.connection.condition(of: id, in: row.number)?.incarnation == incarnation else {
                throw RegistryError(.instanceNotFound, "That registration of the instance \(Rules.quoted(id)) is gone. Register it again.")
            }
        }
    }
}

/// How an instance is, and what of that is about to change.
private struct Condition {
    let incarnation: Int64
    let health: Registry.Health
    let pending: Registry.PendingHealth?
    let hasHeartbeat: Bool
}

extension Connection {
    /// A service, unless it is gone or damaged.
    func soundService(_ id: String) throws -> ServiceRow? {
        do { return try unlessDamaged { try service(.id(id)) } } catch is RegistryError { return nil }
    }

    /// What is read, unless it is damaged.
    func unlessDamaged<Value>(_ read: () throws -> Value) throws -> Value? {
        do { return try read() } catch let error as StoreError where error.code == .damaged { return nil }
    }

    fileprivate func condition(of id: String, in service: Int64) throws(StoreError) -> Condition? {
        try first(
            """
            SELECT i.incarnation, i.health, p.health, p.due, h.number FROM instances i
                LEFT JOIN pending_health p ON p.service = i.service AND p.id = i.id AND p.incarnation = i.incarnation
                LEFT JOIN heartbeats h ON h.service = i.service AND h.id = i.id AND h.incarnation = i.incarnation
            WHERE i.service = ? AND i.id = ?
            """, .integer(service), .text(id)
        ) { row in
            let pending = row.optionalText(2).map {
                Registry.PendingHealth(.init(rawValue: $0) ?? .unknown, due: HomeTime(milliseconds: row.integer(3)))
            }
            return Condition(
                incarnation: row.integer(0), health: .init(rawValue: row.text(1)) ?? .unknown, pending: pending,
                hasHeartbeat: !row.isNull(4))
        }
    }
}

extension Transaction {
    /// - Parameter byCheck: whether who makes the checks says so, and need not hear it.
    /// - Returns: whether that registration is there, and was otherwise.
    func setHealth(
        _ health: Registry.Health, of id: String, _ incarnation: Int64, in service: ServiceRow, byCheck: Bool = false
    ) throws(StoreError) -> Bool {
        let changed = try connection.run(
            "UPDATE instances SET health = ?1 WHERE service = ?2 AND id = ?3 AND incarnation = ?4 AND health <> ?1", .text(health.rawValue),
            .integer(service.number), .text(id), .integer(incarnation))
        if changed > 0 { try self.changed(service, byCheck: byCheck) }
        return changed > 0
    }

    /// Lets the health count that is due.
    func settleHealth() throws {
        let due = try connection.all(
            """
            SELECT p.service, p.id, p.incarnation, p.health, s.id FROM pending_health p LEFT JOIN services s ON s.number = p.service
            WHERE p.due <= ? ORDER BY p.due LIMIT 256
            """, .integer(now.milliseconds)
        ) { (service: $0.integer(0), id: $0.text(1), incarnation: $0.integer(2), health: $0.text(3), serviceID: $0.optionalText(4)) }
        for report in due {
            try connection.run("DELETE FROM pending_health WHERE service = ? AND id = ?", .integer(report.service), .text(report.id))
            // One whose service is gone would be due for ever.
            guard let serviceID = report.serviceID, let row = try connection.soundService(serviceID), row.configuration.hasCustomHealth
            else { continue }
            _ = try setHealth(.init(rawValue: report.health) ?? .healthy, of: report.id, report.incarnation, in: row)
        }
    }
}
