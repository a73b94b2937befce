package import Store

/// What Cloud Map does in its own time.
extension Registry {
    /// Rung when there is something new to do at some time: an operation or a health that is pending, a registration with a heartbeat.
    package static let keeperBell = Bell(for: "\u{0}registry keeper")

    /// Accepts a change.
    ///
    /// Without a delay it is made, and its record written, in one transaction before this returns. With one it is written down, and made by
    /// ``finishOperations()`` when it is due. A request that is repeated is not done twice: while it is pending it is refused with the id of
    /// its operation; afterwards a registration that still stands, and the update of a namespace, gets that id again. A registration with a
    /// heartbeat is renewed by a repeat, and so done each time.
    ///
    /// - Parameter requestID: the creator's or updater's id of the request, at most 64 characters.
    /// - Returns: the id of the operation, which may have failed nonetheless.
    /// - Throws: `.invalidInput`, `.tooManyTags`; what is `…NotFound`, `…AlreadyExists` or `.resourceInUse`; `.duplicateRequest` with the
    ///   id of the pending operation; `.resourceLimitExceeded`.
    package func submit(_ change: Change, requestID: String? = nil, fidelity: Fidelity = .instant) async throws -> String {
        try Rules.check(change)
        try Rules.checkText(requestID, of: "The id of a request", limit: 64)
        let reclaims =
            switch change {
            case .deregisterInstance, .deleteNamespace: true
            default: false
            }
        return try await store.write(bytes: change.size + 512, reclaims: reclaims) { transaction in
            // A registration looks at no revision: many of a transaction write it once.
            if change.kind != .registerInstance { try self.memo.flush(in: transaction) }
            let connection = transaction.connection
            if let id = try connection.repeated(change, requestID) { return id }
            let decision: Decision
            do { decision = try connection.decide(change, fidelity.quotas, isAlive: self.store.home.isAlive) } catch {
                // Of what is not there the one that is pending is told: it is what will make or unmake it.
                if let target = change.target, let id = try connection.pending(target) { throw Self.duplicate(id) }
                throw error
            }
            if let id = try connection.pending(decision.target) { throw Self.duplicate(id) }
            let isDelayed = fidelity.operationDelay > .zero
            let failure = isDelayed ? nil : try self.perform(decision, requestID, transaction)
            return try transaction.record(
                change, decision, requestID, due: isDelayed ? transaction.now + fidelity.operationDelay : nil, failure)
        }
    }

    private static func duplicate(_ id: String) -> RegistryError {
        RegistryError(.duplicateRequest, "The operation \(id) is pending for the same. Wait until it is done.", existingID: id)
    }

    /// Makes the changes that are due, the earliest first, and lets the health count that is.
    ///
    /// What breaks a rule by now, or meets damage, fails alone.
    ///
    /// - Returns: when to come again, at once when more was due than a transaction should hold; `nil` when nothing is pending. Who waits
    ///   at ``keeperBell`` too misses nothing.
    package func finishOperations() async throws -> HomeTime? {
        let next = try await store.read { connection in try connection.nextDue() }
        guard let next, next <= store.home.now() else { return next }
        return try await store.write { transaction in
            for operation in try transaction.connection.operations(due: transaction.now) {
                try self.memo.flush(in: transaction)
                let failure: Operation.Failure?
                switch try transaction.connection.decide(operation, isAlive: self.store.home.isAlive) {
                case .success(let decision): failure = try self.perform(decision, operation.request, transaction)
                case .failure(let reason): failure = reason
                }
                try transaction.finish(operation, failure)
            }
            try self.memo.flush(in: transaction)
            try transaction.settleHealth()
            self.memo.forget()
            return try transaction.connection.nextDue()
        }
    }

    /// Does what was decided in this transaction.
    ///
    /// - Returns: why it could not be done after all.
    private func perform(_ decision: Decision, _ requestID: String?, _ transaction: Transaction) throws -> Operation.Failure? {
        switch decision.work {
        case .insert(let draft, let isReused):
            var generator = SystemRandomNumberGenerator()
            let httpName = isReused ? draft.name + Identifier.suffix(using: &generator) : draft.name
            try transaction.insertNamespace(draft, id: decision.namespaceID, httpName: httpName, creator: requestID)
        case .delete(let row): try transaction.delete(row)
        case .update(let row, let update): try transaction.update(row, update)
        case .configure(let row, let configuration):
            try transaction.update(row, configuration)
            memo.forget()
        case .register(let row, let attributes):
            let known = try service(.id(row.id), creating: false, in: transaction) { _, _ throws(RegistryError) in }
            let health = Rules.initialHealth(attributes, for: row.configuration)
            let id = decision.instanceID ?? ""
            _ = try put(id, in: known, text: attributes.text, health: health, lease: nil, transaction)
            if let requestID { try transaction.putCreator(requestID, of: id, in: known.row) }
            if let seconds = try Rules.heartbeat(attributes) { try transaction.putHeartbeat(id, in: known.row, seconds) }
        case .deregister(let row, let incarnation):
            try deregister(decision.instanceID ?? "", from: .id(row.id), incarnation: incarnation, transaction)
        case .fail(let failure): return failure
        }
        return nil
    }

    // MARK: Their records

    /// - Throws: `.operationNotFound`, also when the record is so old that it was removed; `.invalidInput`.
    package func operation(_ id: String) async throws -> Operation {
        try Rules.checkText(id, of: "The id of an operation", limit: 255)
        return try await store.read { connection in
            guard let operation = try connection.operation(id) else {
                throw RegistryError(.operationNotFound, "There is no operation \(Rules.quoted(id)); records are kept for 30 days.")
            }
            return operation
        }
    }

    /// Operations, the newest first.
    ///
    /// - Parameter filters: on NAMESPACE_ID, SERVICE_ID, STATUS, TYPE and UPDATE_DATE.
    /// - Throws: `.invalidInput`.
    package func operations(_ filters: [Filter] = [], page: PageRequest = .init()) async throws -> Page<Operation> {
        let filters = try Filters(filters, Filters.operations)
        let (limit, before) = (try page.size(), try page.numberedStart(of: "operations"))
        return try await store.read { connection in
            let rows = try connection.operations(before: before, limit: limit + 1)
            return Page(rows, limit: limit, of: "operations") { "\($0.number)" }.compactMap { filters.match($0.value) ? $0.value : nil }
        }
    }
}

extension Registry.Change {
    /// Roughly what it writes, in bytes.
    fileprivate var size: Int {
        switch self {
        case .createNamespace(let draft):
            draft.name.utf8.count + (draft.description?.utf8.count ?? 0)
                + draft.tags.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        case .registerInstance(_, _, let attributes): attributes.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        default: 1_024
        }
    }

    /// What an instance's changes exclude one another by, as far as it can be told without a look.
    fileprivate var target: String? {
        switch self {
        case .registerInstance(let id, let service, _), .deregisterInstance(let id, let service, _):
            (try? Identifier.service(in: service)).map { "\($0)/\(id)" }
        default: nil
        }
    }
}
