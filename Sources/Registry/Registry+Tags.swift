internal import Store

/// Tags of namespaces and services, and attributes of services: texts that only their users read. They go with what they are on.
extension Registry {
    /// - Parameter arn: of a namespace or a service; region and account are not looked at.
    /// - Throws: `.resourceNotFound`; `.invalidInput` for what is no ARN.
    package func tags(of arn: String) async throws -> [String: String] {
        try await store.read { connection in try connection.tags(of: connection.taggable(arn)) }
    }

    /// Adds tags, or replaces those of the same keys.
    ///
    /// - Throws: `.resourceNotFound`; `.tooManyTags`, `.invalidInput`.
    package func tag(_ arn: String, _ tags: [String: String]) async throws {
        try Rules.checkTags(tags)
        try await store.write(bytes: tags.reduce(256) { $0 + $1.key.utf8.count + $1.value.utf8.count }) { transaction in
            let resource = try transaction.connection.taggable(arn)
            // By bytes, as the table does: to Swift two spellings of one text are equal.
            let known = try transaction.connection.all("SELECT key FROM tags WHERE resource = ?", .text(resource)) { $0.text(0) }
            let count = Set((known + tags.keys).map { Array($0.utf8) }).count
            guard count <= Rules.maximumTags else { throw Rules.tooManyTags(count) }
            try transaction.putTags(tags, on: resource)
        }
    }

    /// Removes tags; those that are not there are no error.
    ///
    /// - Throws: `.resourceNotFound`, `.invalidInput`.
    package func untag(_ arn: String, _ keys: [String]) async throws {
        try Rules.checkTags(keys: keys)
        try await store.write(reclaims: true) { transaction in
            let resource = try transaction.connection.taggable(arn)
            for key in keys {
                try transaction.connection.run("DELETE FROM tags WHERE resource = ? AND key = ?", .text(resource), .text(key))
            }
        }
    }

    // MARK: Attributes of a service

    /// - Throws: `.serviceNotFound`.
    package func serviceAttributes(_ id: String) async throws -> (serviceID: String, attributes: [String: String]) {
        try await store.read { connection in
            let row = try connection.service(.id(id))
            return (row.id, try connection.attributes(of: row.number))
        }
    }

    /// Adds attributes to a service, or replaces those of the same keys.
    ///
    /// - Throws: `.serviceNotFound`, `.invalidInput`, `.serviceAttributesLimitExceeded`.
    package func updateServiceAttributes(_ id: String, _ attributes: [String: String]) async throws {
        guard !attributes.isEmpty else { throw Rules.invalid("There are no attributes to set.") }
        try Rules.checkServiceAttributes(attributes)
        try await store.write(bytes: attributes.reduce(256) { $0 + $1.key.utf8.count + $1.value.utf8.count }) { transaction in
            try self.memo.flush(in: transaction)
            let row = try transaction.connection.service(.id(id))
            let merged = try transaction.connection.attributes(of: row.number).merging(attributes) { $1 }
            guard merged.count <= Rules.maximumServiceAttributes else {
                throw RegistryError(
                    .serviceAttributesLimitExceeded,
                    "A service has at most \(Rules.maximumServiceAttributes) attributes, this one would have \(merged.count).")
            }
            try transaction.put(merged, on: row.number)
        }
    }

    /// Removes attributes of a service; those that are not there are no error.
    ///
    /// - Throws: `.serviceNotFound`, `.invalidInput`.
    package func deleteServiceAttributes(_ id: String, _ keys: [String]) async throws {
        try Rules.checkServiceAttributes(keys: keys)
        try await store.write(reclaims: true) { transaction in
            let row = try transaction.connection.service(.id(id))
            let old = try transaction.connection.attributes(of: row.number)
            let left = old.filter { !keys.contains($0.key) }
            if left.count < old.count { try transaction.put(left, on: row.number) }
        }
    }
}

extension Connection {
    /// The id of what can have tags.
    fileprivate func taggable(_ arn: String) throws -> String {
        guard arn.hasPrefix("arn:"), arn.utf8.count <= 1_011 else { throw Rules.invalid("\(Rules.quoted(arn)) is no ARN.") }
        let resource = Identifier.tagged(in: arn)
        if let resource {
            let isThere = try first(
                "SELECT 1 FROM namespaces WHERE id = ?1 AND ?2 = 'namespace' UNION ALL SELECT 1 FROM services WHERE id = ?1 AND ?2 = 'service'",
                .text(resource.id), .text(resource.kind), make: { _ in true })
            if isThere == true { return resource.id }
        }
        let name = resource.map { "\($0.kind)/\($0.id)" } ?? arn
        throw RegistryError(.resourceNotFound, "There is no namespace and no service \(Rules.quoted(name)).")
    }

    fileprivate func tags(of resource: String) throws(StoreError) -> [String: String] {
        let rows = try all("SELECT key, value FROM tags WHERE resource = ?", .text(resource)) { ($0.text(0), $0.text(1)) }
        return Dictionary(rows) { $1 }
    }

    fileprivate func attributes(of service: Int64) throws(StoreError) -> [String: String] {
        let text = try first("SELECT attributes FROM services WHERE number = ?", .integer(service), make: { $0.optionalText(0) })
        return try (text ?? nil).flatMap { text throws(StoreError) in try StoredJSON.decode(text) } ?? [:]
    }
}

extension Transaction {
    fileprivate func put(_ attributes: [String: String], on service: Int64) throws(StoreError) {
        try connection.run(
            "UPDATE services SET attributes = ? WHERE number = ?", .text(attributes.isEmpty ? "{}" : StoredJSON.encode(attributes)),
            .integer(service))
    }
}
