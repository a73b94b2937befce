internal import Store

extension Messaging {
    /// Makes a topic, or finds the one that was made just so.
    ///
    /// - Throws: `.topicNameExists` when there is one of another configuration or other tags; `.invalidParameterValue`.
    package func createTopic(
        _ name: String, _ configuration: TopicConfiguration = .init(), tags: [String: String] = [:]
    ) async throws -> Topic {
        try Rules.checkTopic(name: name)
        try Rules.check(configuration, for: name)
        try Rules.check(tags: tags)
        return try await write { work in
            if let old = try work.memo.topic(name, work.connection) {
                let oldTags = try work.connection.tags(of: old.number)
                guard old.configuration == configuration, oldTags == tags else {
                    throw MessagingError(
                        .topicNameExists,
                        "There is a topic \(Rules.quoted(name)) with other attributes or tags. Change it, or take another name.")
                }
                return old.topic(tags: oldTags)
            }
            let number = try work.nextNumber()
            try work.connection.run(
                "INSERT INTO topics VALUES (?, ?, ?, ?, ?, ?)", .integer(number), .text(name),
                .text(configuration.displayName), .integer(configuration.contentBasedDeduplication ? 1 : 0),
                .text(configuration.deduplicationScope.rawValue), .integer(work.now))
            try work.put(tags, number)
            try work.changedCatalog()
            return try work.topic(name).topic(tags: tags)
        }
    }

    /// Changes a topic's attributes, for what is published from then on.
    ///
    /// - Throws: `.topicDoesNotExist`, `.invalidParameterValue`.
    package func configureTopic(
        _ name: String, _ change: @escaping @Sendable (inout TopicConfiguration) -> Void
    ) async throws -> Topic {
        try await write { work in
            let topic = try work.topic(name)
            var configuration = topic.configuration
            change(&configuration)
            try Rules.check(configuration, for: name)
            try work.connection.run(
                "UPDATE topics SET display_name = ?, deduplicates_content = ?, deduplication_scope = ? WHERE number = ?",
                .text(configuration.displayName), .integer(configuration.contentBasedDeduplication ? 1 : 0),
                .text(configuration.deduplicationScope.rawValue), .integer(topic.number))
            try work.changedCatalog()
            return try work.topic(name).topic(tags: work.connection.tags(of: topic.number))
        }
    }

    /// - Throws: `.topicDoesNotExist`.
    package func topic(_ name: String) async throws -> Topic {
        try await store.read { connection in
            let row = try connection.existingTopic(name)
            return row.topic(tags: try connection.tags(of: row.number))
        }
    }

    /// The topics whose names start with `prefix`, by name.
    ///
    /// - Parameter after: the last name of the page before.
    package func topics(prefix: String = "", after: String? = nil, limit: Int = 100) async throws -> [Topic] {
        try await store.read { connection in
            let rows = try connection.all(
                """
                SELECT * FROM topics WHERE name >= ?1 AND name > coalesce(?2, '') AND substr(name, 1, length(?1)) = ?1 ORDER BY name LIMIT ?3
                """, .text(prefix), .optional(after), .integer(limit)
            ) { TopicRow($0) }
            return try rows.map { $0.topic(tags: try connection.tags(of: $0.number)) }
        }
    }

    /// Deletes a topic and its subscriptions, with what waits to be delivered by them. A topic that is not there is deleted already.
    package func deleteTopic(_ name: String) async throws {
        try await write(reclaims: true) { work in
            guard let topic = try work.memo.topic(name, work.connection) else { return }
            let rows = try work.connection.all("SELECT * FROM subscriptions WHERE topic = ?", .integer(topic.number)) {
                SubscriptionRow($0)
            }
            for row in rows where row.protocolName != "sqs" {
                if let queue = try work.memo.queue(row.queue(isFIFO: topic.isFIFO), work.connection) { try work.delete(queue) }
            }
            try work.connection.run("DELETE FROM subscriptions WHERE topic = ?", .integer(topic.number))
            try work.connection.run("DELETE FROM topics WHERE number = ?", .integer(topic.number))
            try work.connection.run("DELETE FROM tags WHERE owner = ?", .integer(topic.number))
            try work.changedCatalog()
        }
        try await emptyTrash()
    }

    /// - Throws: `.topicDoesNotExist`, `.invalidParameterValue`.
    package func tagTopic(_ name: String, _ tags: [String: String], removing keys: [String] = []) async throws {
        try await write { work in
            let topic = try work.topic(name)
            var all = try work.connection.tags(of: topic.number).merging(tags) { $1 }
            for key in keys { all[key] = nil }
            try Rules.check(tags: all)
            try work.connection.run("DELETE FROM tags WHERE owner = ?", .integer(topic.number))
            try work.put(all, topic.number)
        }
    }

    // MARK: Publishing

    /// Publishes messages, in order: when this returns, each is durable in the queues of all who get it, or has an error of its own and is in
    /// none of them.
    ///
    /// A message of a FIFO topic whose deduplication id was used within five minutes is not published: the result is the earlier one's. More
    /// than a thousand messages or a MiB go in several transactions.
    ///
    /// - Throws: `.topicDoesNotExist`. A `StoreError` from a later transaction leaves what earlier ones published.
    package func publish(_ messages: [Publication], to topic: String) async throws -> [Result<Published, MessagingError>] {
        let isFIFO = Rules.isFIFO(topic)
        let prepared = messages.map { message in
            Result { () throws(MessagingError) in try PreparedPublication(message, isFIFO: isFIFO) }
        }
        return try await inParts(prepared, size: \.size) { work, part in
            let topic = try work.topic(topic)
            return try Self.each(part) { try work.publish($0, to: topic) }
        }
    }
}

extension Connection {
    func topic(_ name: String) throws(StoreError) -> TopicRow? {
        try first("SELECT * FROM topics WHERE name = ?", binding: { $0.set(1, name) }, make: { TopicRow($0) })
    }

    func existingTopic(_ name: String) throws -> TopicRow {
        guard let row = try topic(name) else { throw MessagingError.noTopic(name) }
        return row
    }
}
