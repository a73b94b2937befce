internal import Synchronization
package import Store

extension Registry {
    /// What a registration came to.
    package struct Registered: Sendable, Hashable {
        package let incarnation: Int64
        /// Whether an earlier registration of the same id was replaced.
        package let replaced: Bool
    }

    /// Registers an instance, or replaces the one that has its id: attributes, health and lease are all new.
    ///
    /// - Parameters:
    ///   - service: by name, a missing namespace or service is made when `creating`.
    ///   - lease: the instance lives only as long as the process that holds it.
    /// - Throws: `.invalidInput`; `.namespaceNotFound` and `.serviceNotFound`.
    package func register(
        _ id: String, in service: ServiceName, attributes: [String: String], lease: Lease? = nil, creating: Bool = false
    ) async throws -> Registered {
        try Rules.checkInstance(id: id)
        if creating, case .name(let namespace, let service) = service {
            try Rules.checkNamespace(name: namespace, kind: .http)
            try Rules.checkService(name: service)
        }
        // Checked and encoded here as far as can be, and not in the transaction: callers do it side by side.
        try Rules.checkSizes(attributes)
        let text = StoredJSON.encode(attributes)
        return try await store.write(bytes: text.utf8.count + 256) { transaction in
            var row = try self.service(service, creating: creating, in: transaction) { configuration, kind throws(RegistryError) in
                try Rules.checkNeeds(attributes, for: configuration, in: kind)
            }
            try transaction.sweep(&row, unlessSwept: self.memo, isAlive: self.store.home.isAlive)
            let old = try transaction.connection.first(
                "SELECT incarnation FROM instances WHERE service = ? AND id = ?", .integer(row.number), .text(id), make: { $0.integer(0) })
            row.revision += 1
            try transaction.connection.run(
                "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?)", .integer(row.number), .text(id), .integer(row.revision),
                .text(text), .text(Rules.initialHealth(attributes, for: row.configuration).rawValue),
                .optional(lease.map { Int64($0.slot) }),
                .optional(lease?.generation), .integer(transaction.now.milliseconds))
            self.memo.changed(row, as: service, in: transaction)
            return Registered(incarnation: row.revision, replaced: old != nil)
        }
    }

    /// Removes an instance.
    ///
    /// - Parameter incarnation: remove only this registration, not a successor's; then it is no error if it is gone already.
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, `.instanceNotFound`.
    package func deregister(_ id: String, from service: ServiceName, incarnation: Int64? = nil) async throws {
        try await store.write(reclaims: true) { transaction in
            try self.memo.flush(in: transaction)
            let connection = transaction.connection
            var row: ServiceRow
            do { row = try connection.service(service) } catch  where incarnation != nil && error is RegistryError { return }
            let removed = try connection.run(
                "DELETE FROM instances WHERE service = ?1 AND id = ?2 AND (?3 IS NULL OR incarnation = ?3)", .integer(row.number),
                .text(id),
                .optional(incarnation))
            guard removed > 0 else {
                if incarnation != nil { return }
                throw try connection.missing(instance: id, of: row, isAlive: self.store.home.isAlive)
            }
            row.revision += 1
            try transaction.changed(row)
            try transaction.sweep(&row, isAlive: self.store.home.isAlive)
            self.memo.forget()
        }
    }

    /// Sets the health of an instance of a service with custom health.
    ///
    /// - Throws: `.customHealthNotFound` when the service has none; `.serviceNotFound`, `.instanceNotFound`.
    package func setHealth(_ health: Health, of id: String, in service: ServiceName) async throws {
        guard health != .unknown else { throw Rules.invalid("Health is HEALTHY or UNHEALTHY.") }
        try await store.write { transaction in
            try self.memo.flush(in: transaction)
            let row = try transaction.connection.service(service)
            guard row.configuration.hasCustomHealth else {
                throw RegistryError(.customHealthNotFound, "The service \(Rules.quoted(row.name)) was made without custom health.")
            }
            let changed = try transaction.connection.run(
                "UPDATE instances SET health = ? WHERE service = ? AND id = ?", .text(health.rawValue), .integer(row.number), .text(id))
            guard changed > 0 else { throw try transaction.connection.missing(instance: id, of: row, isAlive: self.store.home.isAlive) }
            try transaction.changed(row)
        }
    }

    /// The service, made when it is missing: after `check`, since what breaks a rule is to have written nothing.
    private func service(
        _ name: ServiceName, creating: Bool, in transaction: Transaction,
        check: (Service.Configuration, Namespace.Kind) throws(RegistryError) -> Void
    ) throws -> ServiceRow {
        if let known = memo.recall(name, in: transaction) {
            try check(known.configuration, known.kind)
            return known
        }
        try memo.flush(in: transaction)
        guard creating, case .name(let namespaceName, let serviceName) = name else {
            let row = try transaction.connection.service(name)
            try check(row.configuration, row.kind)
            return row
        }
        let namespace = try transaction.connection.namespace(httpName: namespaceName)
        if let namespace, let row = try transaction.connection.service(serviceName, in: namespace) {
            try check(row.configuration, row.kind)
            return row
        }
        try check(.init(), namespace?.value.kind ?? .http)
        return try transaction.insertService(
            serviceName, in: namespace ?? transaction.insertNamespace(namespaceName, .http, nil, nil), .init(), nil)
    }
}

/// What the writer's thread knows about services for the length of one transaction: a thousand registrations in it look a service up once,
/// and write its revision once, at the end. Who reads a service's row from the database within the transaction calls `flush` first.
final class TransactionMemo: Sendable {
    private struct State {
        var transaction: UInt64 = 0
        var numbers: [Registry.ServiceName: Int64] = [:]
        /// By number: a service can be named in several ways and has one revision.
        var services: [Int64: ServiceRow] = [:]
        var swept: Set<Int64> = []
        /// Changes since the row was last written, by number.
        var unwritten: [Int64: Int64] = [:]
        var willFlush = false
    }

    private let state = Mutex(State())

    func recall(_ name: Registry.ServiceName, in transaction: Transaction) -> ServiceRow? {
        state.withLock { state in
            guard state.transaction == transaction.number, let number = state.numbers[name] else { return nil }
            return state.services[number]
        }
    }

    /// Notes a service's new revision, to be written before the commit, and wakes those who watch it.
    func changed(_ row: ServiceRow, as name: Registry.ServiceName, in transaction: Transaction) {
        let isFirst = state.withLock { state in
            Self.enter(transaction, &state)
            state.numbers[name] = row.number
            state.services[row.number] = row
            state.unwritten[row.number, default: 0] += 1
            defer { state.willFlush = true }
            return !state.willFlush
        }
        if isFirst { transaction.beforeCommit { transaction throws(StoreError) in try self.flush(in: transaction) } }
        transaction.ring(row.bell)
    }

    /// Writes what was noted.
    func flush(in transaction: Transaction) throws(StoreError) {
        let rows = state.withLock { state in
            Self.enter(transaction, &state)
            defer { state.unwritten = [:] }
            return state.unwritten.map { (number: $0.key, revision: state.services[$0.key]?.revision ?? 0, changes: $0.value) }
        }
        guard !rows.isEmpty else { return }
        try transaction.settle { () throws(StoreError) in try write(rows, transaction) }
    }

    private func write(_ rows: [(number: Int64, revision: Int64, changes: Int64)], _ transaction: Transaction) throws(StoreError) {
        for row in rows {
            try transaction.connection.run(
                "UPDATE services SET revision = max(revision, ?), changes = changes + ? WHERE number = ?", .integer(row.revision),
                .integer(row.changes), .integer(row.number))
        }
    }

    func isFirstSweep(of service: Int64, in transaction: Transaction) -> Bool {
        state.withLock { state in
            Self.enter(transaction, &state)
            return state.swept.insert(service).inserted
        }
    }

    /// After a change that was written at once.
    func forget() {
        state.withLock { state in
            let willFlush = state.willFlush
            state = State(transaction: state.transaction)
            state.willFlush = willFlush
        }
    }

    private static func enter(_ transaction: Transaction, _ state: inout State) {
        if state.transaction != transaction.number { state = State(transaction: transaction.number) }
    }
}
