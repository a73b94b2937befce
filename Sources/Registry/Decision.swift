internal import Store

/// What a change comes to: decided against what there is, and nothing written yet.
struct Decision {
    /// The same for changes that exclude one another.
    let target: String
    var namespaceID: String?
    var serviceID: String?
    var instanceID: String?
    let work: Work

    enum Work {
        case insert(Registry.NamespaceDraft, isReused: Bool)
        case delete(NamespaceRow)
        case update(NamespaceRow, Registry.NamespaceUpdate)
        case configure(ServiceRow, Registry.Service.Configuration)
        case register(ServiceRow, Registry.Attributes)
        case deregister(ServiceRow, incarnation: Int64?)
        case fail(Registry.Operation.Failure)
    }
}

extension Connection {
    /// Decides a change that keeps ``Rules``.
    ///
    /// - Throws: what Cloud Map answers at once. Whether the same is pending is not looked at.
    func decide(_ change: Registry.Change, _ quotas: Registry.Quotas?, isAlive: (Lease) -> Bool) throws -> Decision {
        switch change {
        case .createNamespace(let draft): return try decide(draft, quotas)
        case .deleteNamespace(let id):
            let row = try emptyNamespace(id: id)
            return Decision(target: row.value.id, namespaceID: row.value.id, work: .delete(row))
        case .updateNamespace(let id, let kind, let update):
            let row = try namespace(id: id)
            guard row.value.kind == kind else {
                throw Rules.invalid("The namespace \(row.value.id) is \(row.value.kind.rawValue), not \(kind.rawValue).")
            }
            return Decision(target: row.value.id, namespaceID: row.value.id, work: .update(row, update))
        case .updateService(let id, let update):
            let row = try service(.id(id))
            let configuration = try Rules.updated(row.configuration, by: update, in: row.kind)
            try check(configuration, for: row)
            return Decision(target: row.id, namespaceID: row.namespaceID, serviceID: row.id, work: .configure(row, configuration))
        case .registerInstance(let id, let service, let attributes):
            let row = try self.service(.id(service))
            let attributes = Registry.Attributes(attributes)
            try Rules.checkNeeds(attributes, for: row.configuration, in: row.kind)
            if let quotas { try check(quotas, for: id, in: row) }
            return Decision(
                target: "\(row.id)/\(id)", namespaceID: row.namespaceID, serviceID: row.id, instanceID: id, work: .register(row, attributes)
            )
        case .deregisterInstance(let id, let service, let incarnation):
            let row = try self.service(.id(service))
            let instance = try instance(id, of: row.number)
            guard incarnation != nil || instance != nil else { throw try missing(instance: id, of: row, isAlive: isAlive) }
            return Decision(
                target: "\(row.id)/\(id)", namespaceID: row.namespaceID, serviceID: row.id, instanceID: id,
                work: .deregister(row, incarnation: incarnation))
        }
    }

    /// Decides a change that was accepted before, and says what keeps it from being made now.
    func decide(_ operation: PendingOperation, isAlive: (Lease) -> Bool) throws -> Result<Decision, Registry.Operation.Failure> {
        do {
            let change: Registry.Change? = try StoredJSON.decode(operation.change)
            guard let change else { throw RegistryError(.invalidInput, "What was to be done is not known any more.") }
            var decision = try decide(change, nil, isAlive: isAlive)
            // As was answered when it was accepted.
            decision.namespaceID = operation.namespaceID ?? decision.namespaceID
            return .success(decision)
        } catch let error as RegistryError {
            return .failure(Registry.Operation.Failure(code: .internalFailure, message: error.message))
        } catch let error as StoreError where error.code == .damaged {
            return .failure(Registry.Operation.Failure(code: .internalFailure, message: error.message))
        }
    }

    /// A name is used again only by private DNS namespaces, each for a network of its own.
    private func decide(_ draft: Registry.NamespaceDraft, _ quotas: Registry.Quotas?) throws -> Decision {
        let same = try namespaces(named: draft.name, draft.kind)
        if let other = same.first(where: { draft.kind != .privateDNS || $0.kind != .privateDNS }) { throw Registry.exists(other) }
        if let quotas {
            let count = try self.count("SELECT count(*) FROM namespaces")
            let pending = try self.count("SELECT count(*) FROM operations WHERE due IS NOT NULL AND kind = 'CREATE_NAMESPACE'")
            try Self.check(count + pending, quotas.namespaces, "namespaces")
        }
        let name = draft.kind == .http ? draft.name : draft.name.lowercased()
        let target = "namespace \(draft.vpc ?? "") \(name)"
        if let conflict = same.first(where: { $0.vpc == draft.vpc }) {
            let failure = Registry.Operation.Failure(
                code: .cannotCreateHostedZone,
                message:
                    "ConflictingDomainExists: the VPC \(draft.vpc ?? "") is associated with the zone of \(Rules.quoted(conflict.name)) already (\(conflict.id)). Take another name or another VPC."
            )
            return Decision(target: target, work: .fail(failure))
        }
        var generator = SystemRandomNumberGenerator()
        return Decision(
            target: target, namespaceID: Identifier.namespace(using: &generator), work: .insert(draft, isReused: !same.isEmpty))
    }

    // MARK: What changes need

    /// - Throws: `.namespaceNotFound`; `.resourceInUse` while it has services.
    func emptyNamespace(id: String) throws -> NamespaceRow {
        let row = try namespace(id: id)
        guard row.value.serviceCount == 0 else {
            throw RegistryError(
                .resourceInUse,
                "The namespace \(Rules.quoted(row.value.id)) still has \(row.value.serviceCount) services. Delete them first.")
        }
        return row
    }

    /// Whether a service and its instances can be so.
    func check(_ configuration: Registry.Service.Configuration, for row: ServiceRow) throws {
        try Rules.check(configuration, in: row.kind)
        guard configuration.hasNeeds else { return }
        let instances = try all("SELECT attributes FROM instances WHERE service = ?", .integer(row.number)) { row throws(StoreError) in
            try StoredJSON.decode(row.text(0)) ?? [:] as [String: String]
        }
        for attributes in instances { try Rules.checkNeeds(Registry.Attributes(attributes), for: configuration, in: row.kind) }
    }

    func instanceCount(of service: Int64) throws(StoreError) -> Int {
        Int(try first("SELECT count(*) FROM instances WHERE service = ?", .integer(service), make: { $0.integer(0) }) ?? 0)
    }

    private func check(_ quotas: Registry.Quotas, for id: String, in service: ServiceRow) throws {
        // One that is replaced is counted already; so is, of those that are pending, each that will replace one.
        guard try instance(id, of: service.number) == nil else { return }
        let inService = try first(
            """
            SELECT count(*) FROM operations o WHERE due IS NOT NULL AND kind = 'REGISTER_INSTANCE' AND service = ?1
                AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.service = ?2 AND i.id = o.instance)
            """, .text(service.id), .integer(service.number), make: { Int($0.integer(0)) })
        try Self.check(try instanceCount(of: service.number) + (inService ?? 0), quotas.instancesPerService, "instances in a service")
        let all = try first(
            """
            SELECT (SELECT count(*) FROM instances i JOIN services s ON s.number = i.service JOIN namespaces n ON n.number = s.namespace
                WHERE n.id = ?1)
                + (SELECT count(*) FROM operations o WHERE due IS NOT NULL AND kind = 'REGISTER_INSTANCE' AND namespace = ?1
                    AND NOT EXISTS (SELECT 1 FROM services s JOIN instances i ON i.service = s.number AND i.id = o.instance
                        WHERE s.id = o.service))
            """, .text(service.namespaceID), make: { Int($0.integer(0)) })
        try Self.check(all ?? 0, quotas.instancesPerNamespace, "instances in a namespace")
    }

    private func count(_ sql: StaticString) throws(StoreError) -> Int { Int(try first(sql, make: { $0.integer(0) }) ?? 0) }

    private static func check(_ count: Int, _ quota: Int, _ what: String) throws(RegistryError) {
        guard count >= quota else { return }
        throw RegistryError(.resourceLimitExceeded, "There are \(count) \(what), as many as the quota allows (\(quota)). Remove some.")
    }
}
