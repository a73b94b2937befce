internal import Store

extension Messaging {
    /// Subscribes an endpoint to a topic, or finds the subscription that was made just so.
    ///
    /// - Parameter confirmation: a pending subscription that is asked for again is sent its new token.
    /// - Throws: `.topicDoesNotExist`; `.queueDoesNotExist` for a queue, or dead-letter queue, that is not there; `.subscriptionExists` when
    ///   the endpoint is subscribed with other attributes; `.invalidParameterValue`.
    package func subscribe(
        _ endpoint: Subscription.Endpoint, to topic: String, _ configuration: SubscriptionConfiguration = .init(),
        confirmation: Confirmation = .waived
    ) async throws -> Subscription {
        try Rules.check(endpoint, isFIFO: Rules.isFIFO(topic))
        if case .required(let token) = confirmation { try Rules.checkToken(token) }
        return try await write { work in
            let known = try work.topic(topic)
            if let old = try work.subscription(of: endpoint, to: known) {
                let subscription = try old.subscription(of: topic, salt: work.secrets().salt)
                guard subscription.configuration == configuration else {
                    throw MessagingError(
                        .subscriptionExists,
                        "This endpoint is subscribed to \(Rules.quoted(topic)) with other attributes. Change the subscription \(subscription.id), or end it first."
                    )
                }
                if old.isPending { try work.confirm(confirmation, old.number, queue: subscription.queue, of: known) }
                return try work.subscription(old.number, of: known)
            }
            return try work.subscribe(endpoint, to: known, configuration, confirmation)
        }
    }

    /// Ends a subscription; what waited to be delivered by it is dropped.
    ///
    /// - Throws: `.subscriptionDoesNotExist`.
    package func unsubscribe(_ id: SubscriptionID) async throws {
        try await write(reclaims: true) { work in
            let (row, topic) = try work.connection.subscription(id, salt: work.secrets().salt)
            try work.unsubscribe(row.number, queue: row.queue(isFIFO: Rules.isFIFO(topic)))
        }
        try await emptyTrash()
    }

    /// Confirms the subscription that a token was sent for. Doing it again changes nothing.
    ///
    /// - Throws: `.topicDoesNotExist`; `.tokenIsInvalid` for one that is made up, or older than two days.
    package func confirmSubscription(to topic: String, token: String) async throws -> Subscription {
        try await write { work in
            let known = try work.topic(topic)
            let row = try work.connection.first(
                "SELECT * FROM subscriptions WHERE topic = ? AND token = ?", .integer(known.number), .text(token),
                make: { SubscriptionRow($0) })
            guard let row, !row.isPending || row.tokenExpires > work.now else {
                throw MessagingError(
                    .tokenIsInvalid,
                    "The token is not one of \(Rules.quoted(topic)), or older than two days. Subscribe again to get another.")
            }
            if row.isPending { try work.confirm(.waived, row.number, queue: "", of: known) }
            return try work.subscription(row.number, of: known)
        }
    }

    /// Changes a subscription's attributes, for what is published from then on.
    ///
    /// - Throws: `.subscriptionDoesNotExist`, `.queueDoesNotExist`, `.invalidParameterValue`.
    package func configureSubscription(
        _ id: SubscriptionID, _ change: @escaping @Sendable (inout SubscriptionConfiguration) -> Void
    ) async throws -> Subscription {
        try await write { work in
            let (row, name) = try work.connection.subscription(id, salt: work.secrets().salt)
            let old = try row.subscription(of: name, salt: work.secrets().salt)
            var configuration = old.configuration
            change(&configuration)
            let topic = try work.topic(name)
            try work.checkDeadLetter(of: configuration, in: topic)
            try work.connection.run(
                "UPDATE subscriptions SET is_raw = ?, filter = ?, filter_scope = ?, dead_letter = ?, delivery = ? WHERE number = ?",
                .integer(configuration.isRaw ? 1 : 0), .optional(configuration.filter?.text),
                .optional(configuration.filter?.scope.rawValue), .optional(configuration.deadLetterQueue),
                .optional(configuration.delivery?.json), .integer(row.number))
            if old.queue.hasPrefix(Self.hidden) {
                try work.put(.delivering(configuration, isHere: row.lease != nil), work.queue(old.queue).number)
            }
            try work.changedCatalog()
            return try work.subscription(row.number, of: topic)
        }
    }

    /// - Throws: `.subscriptionDoesNotExist`.
    package func subscription(_ id: SubscriptionID) async throws -> Subscription {
        try await store.read { connection in
            let salt = try Secrets(connection).salt
            let (row, topic) = try connection.subscription(id, salt: salt)
            return try row.subscription(of: topic, salt: salt)
        }
    }

    /// Subscriptions in the order they were made, of one topic or all; those of processes that have ended are left out.
    ///
    /// - Parameter after: the last of the page before.
    /// - Throws: `.topicDoesNotExist`.
    package func subscriptions(to topic: String? = nil, after: SubscriptionID? = nil, limit: Int = 100) async throws -> [Subscription] {
        let home = store.home
        return try await store.read { connection in
            let salt = try Secrets(connection).salt
            let number = try topic.map { try connection.existingTopic($0).number }
            var found: [Subscription] = []
            var last = after?.id.number ?? 0
            while found.count < limit {
                let rows = try connection.all(
                    """
                    SELECT s.*, t.name FROM subscriptions s JOIN topics t ON t.number = s.topic
                    WHERE (?1 IS NULL OR s.topic = ?1) AND s.number > ?2 ORDER BY s.number LIMIT ?3
                    """, .optional(number), .integer(last), .integer(limit - found.count)
                ) { (row: SubscriptionRow($0), topic: $0.text(SubscriptionRow.columns)) }
                guard let end = rows.last?.row.number else { break }
                last = end
                for row in rows where row.row.lease.map(home.isAlive) ?? true {
                    found.append(try row.row.subscription(of: row.topic, salt: salt))
                }
            }
            return found
        }
    }
}

extension MessageTransaction {
    fileprivate func subscription(_ number: Int64, of topic: KnownTopic) throws -> Messaging.Subscription {
        guard
            let row = try connection.first("SELECT * FROM subscriptions WHERE number = ?", .integer(number), make: { SubscriptionRow($0) })
        else { throw MessagingError.noSubscription(.init(salt: try secrets().salt, number: number)) }
        return try row.subscription(of: topic.name, salt: secrets().salt)
    }

    fileprivate func subscription(of endpoint: Messaging.Subscription.Endpoint, to topic: KnownTopic) throws -> SubscriptionRow? {
        guard let text = endpoint.name else { return nil }
        return try connection.first(
            "SELECT * FROM subscriptions WHERE topic = ? AND protocol = ? AND endpoint = ?", .integer(topic.number),
            .text(endpoint.protocolName), .text(text), make: { SubscriptionRow($0) })
    }

    fileprivate func subscribe(
        _ endpoint: Messaging.Subscription.Endpoint, to topic: KnownTopic, _ configuration: Messaging.SubscriptionConfiguration,
        _ confirmation: Messaging.Confirmation
    ) throws -> Messaging.Subscription {
        try checkDeadLetter(of: configuration, in: topic)
        if case .queue(let name) = endpoint { _ = try queue(name) }
        if case .process = endpoint {
            // No publish may ever come by that would notice.
            for subscriber in topic.subscribers.lazy.filter({ $0.lease.map { !memo.isAlive($0) } ?? false }).prefix(100) {
                try unsubscribe(subscriber.number, queue: subscriber.queue)
            }
        }
        let number = try nextNumber()
        var lease: Lease?
        if case .process(let holder) = endpoint { lease = holder }
        try connection.run(
            "INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, 0, ?, ?, ?)", .integer(number),
            .integer(topic.number),
            .text(endpoint.protocolName), .text(endpoint.name ?? String(number)), .integer(configuration.isRaw ? 1 : 0),
            .optional(configuration.filter?.text), .optional(configuration.filter?.scope.rawValue),
            .optional(configuration.deadLetterQueue), .optional(configuration.delivery?.json), .optional(lease.map { Int64($0.slot) }),
            .optional(lease?.generation), .integer(now))
        let subscription = try subscription(number, of: topic)
        if endpoint.protocolName != "sqs" { _ = try create(subscription.queue, .delivering(configuration, isHere: lease != nil)) }
        try confirm(confirmation, number, queue: subscription.queue, of: topic)
        return try self.subscription(number, of: topic)
    }

    /// Makes a subscription a confirmed one, or a pending one with a message on its way that asks the endpoint.
    fileprivate func confirm(_ confirmation: Messaging.Confirmation, _ number: Int64, queue: String, of topic: KnownTopic) throws {
        switch confirmation {
        case .waived: try connection.run("UPDATE subscriptions SET is_pending = 0 WHERE number = ?", .integer(number))
        case .required(let token):
            try connection.run(
                "UPDATE subscriptions SET is_pending = 1, token = ?, token_expires = ? WHERE number = ?", .text(token),
                .integer(now + Rules.confirmationTime), .integer(number))
            let question = try nextNumber()
            let attributes = AttributeCoding.encode([Messaging.confirmationToken: .init(.string(token))])
            try connection.run(
                "INSERT INTO bodies (number, uses, body, attributes, topic) VALUES (?, 1, ?, ?, ?)", .integer(question),
                .bytes(
                    Array(
                        "You have chosen to subscribe to the topic \(topic.name). To confirm, visit the SubscribeURL or give the Token back."
                            .utf8)),
                .bytes(attributes), .text(topic.name))
            try place(
                Placement(number: question, due: now, group: nil, deduplication: nil, subscription: number), in: self.queue(queue))
            transaction.ring(Messaging.courierBell)
        }
        try changedCatalog()
    }

    func unsubscribe(_ number: Int64, queue name: String) throws(StoreError) {
        try connection.run("DELETE FROM subscriptions WHERE number = ?", .integer(number))
        if name.hasPrefix(Messaging.hidden), let queue = try memo.queue(name, connection) { try delete(queue) }
        try changedCatalog()
    }

    fileprivate func checkDeadLetter(of configuration: Messaging.SubscriptionConfiguration, in topic: KnownTopic) throws {
        guard let name = configuration.deadLetterQueue else { return }
        guard try queue(name).isFIFO == topic.isFIFO else {
            throw Rules.invalid("The dead-letter queue of a subscription to a FIFO topic is a FIFO queue, else a standard one.")
        }
    }
}

extension Messaging.QueueConfiguration {
    /// Of a queue from which messages are delivered. To how often a message is tried the courier's policy sees; a closure's is tried ten times.
    static func delivering(_ subscription: Messaging.SubscriptionConfiguration, isHere: Bool) -> Self {
        let redrive = subscription.deadLetterQueue.map {
            Messaging.RedrivePolicy(deadLetterQueue: $0, maximumReceives: isHere ? 10 : 1_000)
        }
        return Self(retention: .seconds(1_209_600), visibility: .seconds(60), redrive: redrive)
    }
}

extension Connection {
    func subscription(_ id: Messaging.SubscriptionID, salt: UInt64) throws -> (row: SubscriptionRow, topic: String) {
        let found = try first(
            "SELECT s.*, coalesce(t.name, '') FROM subscriptions s LEFT JOIN topics t ON t.number = s.topic WHERE s.number = ?",
            .integer(id.id.number),
            make: { (row: SubscriptionRow($0), topic: $0.text(SubscriptionRow.columns)) })
        guard let found, id == .init(salt: salt, number: found.row.number) else { throw MessagingError.noSubscription(id) }
        return found
    }
}
