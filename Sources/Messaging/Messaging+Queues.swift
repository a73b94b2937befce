internal import Store

extension Messaging {
    /// Makes a queue, or finds the one that was made just so.
    ///
    /// - Throws: `.queueNameExists` when there is one of another configuration or other tags; `.invalidParameterValue`,
    ///   `.invalidAttributeValue`.
    package func createQueue(
        _ name: String, _ configuration: QueueConfiguration = .init(), tags: [String: String] = [:]
    ) async throws -> Queue {
        try Rules.checkQueue(name: name)
        try Rules.check(configuration, for: name)
        try Rules.check(tags: tags)
        return try await write { work in
            let connection = work.connection
            if let old = try work.memo.queue(name, connection) {
                let oldTags = try connection.tags(of: old.number)
                guard old.configuration == configuration, oldTags == tags else {
                    throw MessagingError(
                        .queueNameExists,
                        "There is a queue \(Rules.quoted(name)) with other attributes or tags. Change it, or take another name.")
                }
                return old.queue(tags: oldTags)
            }
            try work.checkDeadLetter(of: configuration, for: name)
            return try work.create(name, configuration, tags).queue(tags: tags)
        }
    }

    /// Changes a queue's attributes. The delay of a FIFO queue holds for the messages in it as well; everything else is for what comes.
    ///
    /// - Throws: `.queueDoesNotExist`, `.invalidAttributeValue`.
    package func configureQueue(
        _ name: String, _ change: @escaping @Sendable (inout QueueConfiguration) -> Void
    ) async throws -> Queue {
        try await write { work in
            let old = try work.queue(name)
            var configuration = old.configuration
            change(&configuration)
            try Rules.check(configuration, for: name)
            if configuration.redrive != old.configuration.redrive { try work.checkDeadLetter(of: configuration, for: name) }
            try work.put(configuration, old.number)
            try work.changedCatalog()
            let queue = try work.queue(name)
            if queue.isFIFO, queue.delay != old.delay {
                // To be looked at anew, each lane when its turn comes.
                try work.connection.run(
                    "UPDATE lanes SET next = ? WHERE epoch = ? AND next > ?", .integer(Lane.start(of: work.now)), .integer(queue.epoch),
                    .integer(Lane.start(of: work.now)))
            }
            work.transaction.ring(queue.bell)
            return queue.queue(tags: try work.connection.tags(of: queue.number))
        }
    }

    /// - Throws: `.queueDoesNotExist`.
    package func queue(_ name: String) async throws -> Queue {
        try await store.read { connection in
            guard let queue = try connection.knownQueue(name: name) else { throw MessagingError.noQueue(name) }
            return queue.queue(tags: try connection.tags(of: queue.number))
        }
    }

    /// The queues whose names start with `prefix`, by name.
    ///
    /// - Parameter after: the last name of the page before.
    package func queues(prefix: String = "", after: String? = nil, limit: Int = 1_000) async throws -> [Queue] {
        try await store.read { connection in
            let queues = try connection.all(
                """
                SELECT * FROM queues WHERE name >= ?1 AND name > coalesce(?2, '') AND substr(name, 1, length(?1)) = ?1
                    AND name < ?4 ORDER BY name LIMIT ?3
                """, .text(prefix),
                .optional(after), .integer(limit), .text(Self.hidden)
            ) { KnownQueue($0) }
            return try queues.map { $0.queue(tags: try connection.tags(of: $0.number)) }
        }
    }

    /// Deletes a queue and all its messages, and ends those who wait at it. Seen by everybody at once; the room on the disk is given
    /// back in small steps.
    ///
    /// - Throws: `.queueDoesNotExist`.
    package func deleteQueue(_ name: String) async throws {
        try await write(reclaims: true) { work in
            try work.delete(work.queue(name))
        }
        try await emptyTrash()
    }

    /// Removes all messages of a queue, delayed ones and those in flight as well. Seen by everybody at once.
    ///
    /// - Throws: `.queueDoesNotExist`.
    package func purgeQueue(_ name: String) async throws {
        try await write(reclaims: true) { work in
            let queue = try work.queue(name)
            try work.connection.run(
                "UPDATE queues SET epoch = ?, has_groups = ? WHERE number = ?", .integer(try work.nextNumber()),
                .integer(queue.isFIFO ? 1 : 0), .integer(queue.number))
            try work.connection.run("INSERT INTO trash VALUES (?)", .integer(queue.epoch))
            try work.changedCatalog()
            work.transaction.ring(queue.bell)
        }
        try await emptyTrash()
    }

    /// In steps that others' work goes between. What a caller that was cancelled leaves is swept with the work of others.
    func emptyTrash() async throws {
        while !Task.isCancelled {
            let isLeft: Bool
            do {
                isLeft = try await write(.ordered, reclaims: true) { work in try work.sweepTrash(limit: 500) }
            } catch let error as StoreError where error.code == .cancelled || error.code == .closed {
                return
            }
            if !isLeft { return }
        }
    }

    // MARK: Tags and dead letters

    /// - Throws: `.queueDoesNotExist`, `.invalidParameterValue`.
    package func tagQueue(_ name: String, _ tags: [String: String]) async throws {
        try await write { work in
            let queue = try work.queue(name)
            try Rules.check(tags: try work.connection.tags(of: queue.number).merging(tags) { $1 })
            try work.put(tags, queue.number)
        }
    }

    /// - Throws: `.queueDoesNotExist`.
    package func untagQueue(_ name: String, _ keys: [String]) async throws {
        try await write(reclaims: true) { work in
            let queue = try work.queue(name)
            for key in keys {
                try work.connection.run("DELETE FROM tags WHERE owner = ? AND key = ?", .integer(queue.number), .text(key))
            }
        }
    }

    /// The queues that have this one for their dead-letter queue.
    ///
    /// - Throws: `.queueDoesNotExist`.
    package func deadLetterSources(of name: String) async throws -> [String] {
        try await store.read { connection in
            guard try connection.knownQueue(name: name) != nil else { throw MessagingError.noQueue(name) }
            return try connection.all("SELECT name FROM queues WHERE dead_letter = ? ORDER BY name", .text(name)) { $0.text(0) }
        }
    }

    /// How much there is in a queue: in proportion to that.
    ///
    /// - Throws: `.queueDoesNotExist`.
    package func counts(of name: String) async throws -> QueueCounts {
        let now = store.home.now().milliseconds
        return try await store.read { connection in
            guard let queue = try connection.knownQueue(name: name) else { throw MessagingError.noQueue(name) }
            var counts = try connection.counts(in: queue, now: now)
            counts.oldestAge = try connection.oldest(in: queue, now: now).map { .milliseconds(now - $0) }
            return counts
        }
    }
}

extension MessageTransaction {
    /// Makes a queue that is checked, and that there is not.
    func create(
        _ name: String, _ configuration: Messaging.QueueConfiguration, _ tags: [String: String] = [:]
    ) throws -> KnownQueue {
        let number = try nextNumber()
        try connection.run(
            """
            INSERT INTO queues VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, NULL, NULL, NULL, 0, '', '', ?, 0)
            """, .integer(number), .text(name), .integer(try nextNumber()), .integer(Rules.isFIFO(name) ? 1 : 0), .integer(now))
        try put(configuration, number)
        try put(tags, number)
        try changedCatalog()
        let queue = try queue(name)
        transaction.ring(queue.bell)
        return queue
    }

    /// Deletes a queue and ends those who wait at it; its messages are swept later.
    func delete(_ queue: KnownQueue) throws(StoreError) {
        try connection.run("DELETE FROM queues WHERE number = ?", .integer(queue.number))
        try connection.run("DELETE FROM tags WHERE owner = ?", .integer(queue.number))
        try connection.run("DELETE FROM moves WHERE source_number = ?", .integer(queue.number))
        try connection.run("INSERT INTO trash VALUES (?)", .integer(queue.epoch))
        try changedCatalog()
        transaction.ring(queue.bell)
    }

    fileprivate func checkDeadLetter(of configuration: Messaging.QueueConfiguration, for name: String) throws {
        guard let redrive = configuration.redrive else { return }
        try Rules.checkDeadLetter(
            from: name, to: try memo.queue(redrive.deadLetterQueue, connection)?.queue(tags: [:]), named: redrive.deadLetterQueue)
    }

    func put(_ configuration: Messaging.QueueConfiguration, _ number: Int64) throws(StoreError) {
        try connection.run(
            """
            UPDATE queues SET delay = ?, maximum_size = ?, retention = ?, wait = ?, visibility = ?, dead_letter = ?, maximum_receives = ?,
                redrive_allow = ?, deduplicates_content = ?, deduplication_scope = ?, throughput_limit = ?, changed = ?
            WHERE number = ?
            """, .integer(configuration.delay.milliseconds), .integer(configuration.maximumMessageSize),
            .integer(configuration.retention.milliseconds), .integer(configuration.wait.milliseconds),
            .integer(configuration.visibility.milliseconds), .optional(configuration.redrive?.deadLetterQueue),
            .optional(configuration.redrive.map { Int64($0.maximumReceives) }), .optional(configuration.redriveAllow.stored),
            .integer(configuration.contentBasedDeduplication ? 1 : 0), .text(configuration.deduplicationScope.rawValue),
            .text(configuration.throughputLimit.rawValue), .integer(now), .integer(number))
    }

    func put(_ tags: [String: String], _ number: Int64) throws(StoreError) {
        for (key, value) in tags {
            try connection.run("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", .integer(number), .text(key), .text(value))
        }
    }
}
