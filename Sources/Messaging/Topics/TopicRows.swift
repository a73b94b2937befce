internal import Store

/// A row of `topics`.
struct TopicRow {
    let number: Int64
    let name: String
    let configuration: Messaging.TopicConfiguration
    let created: Int64

    init(_ row: Row) {
        number = row.integer(0)
        name = row.text(1)
        configuration = Messaging.TopicConfiguration(
            displayName: row.text(2), contentBasedDeduplication: row.integer(3) != 0,
            deduplicationScope: .init(rawValue: row.text(4)) ?? .queue)
        created = row.integer(5)
    }

    func topic(tags: [String: String]) -> Messaging.Topic {
        Messaging.Topic(name: name, configuration: configuration, tags: tags, created: HomeTime(milliseconds: created))
    }
}

/// A row of `subscriptions`.
struct SubscriptionRow {
    let number: Int64
    let topic: Int64
    let protocolName: String
    let endpoint: String
    let isRaw: Bool
    let filterText: String?
    let filterScope: String?
    let deadLetterQueue: String?
    let delivery: String?
    let token: String?
    let tokenExpires: Int64
    let isPending: Bool
    let lease: Lease?
    let created: Int64

    init(_ row: Row) {
        number = row.integer(0)
        topic = row.integer(1)
        protocolName = row.text(2)
        endpoint = row.text(3)
        isRaw = row.integer(4) != 0
        filterText = row.optionalText(5)
        filterScope = row.optionalText(6)
        deadLetterQueue = row.optionalText(7)
        delivery = row.optionalText(8)
        token = row.optionalText(9)
        tokenExpires = row.integer(10)
        isPending = row.integer(11) != 0
        lease = row.optionalInteger(12).map { Lease(slot: Int(clamping: $0), generation: row.integer(13)) }
        created = row.integer(14)
    }

    /// The first column behind them.
    static let columns: Int32 = 15

    /// The protocol of calls that are made later, to no topic.
    static let call = "call"

    func filter() throws -> Messaging.FilterPolicy? {
        guard let filterText, let scope = filterScope.flatMap(Messaging.FilterScope.init(rawValue:)) else { return nil }
        do { return try Messaging.FilterPolicy(parsing: filterText, scope: scope) } catch {
            throw StoreError(.damaged, "The filter policy of a subscription is not what was written. Run `discovery doctor`.")
        }
    }

    func queue(isFIFO: Bool) -> String {
        protocolName == "sqs" ? endpoint : Messaging.deliveryQueue(of: number, isFIFO: isFIFO)
    }

    func subscriber(isFIFO: Bool) -> KnownTopic.Subscriber {
        KnownTopic.Subscriber(
            number: number, protocolName: protocolName, queue: queue(isFIFO: isFIFO), lease: lease, isRaw: isRaw,
            deadLetterQueue: deadLetterQueue)
    }

    /// Who gets the messages.
    var to: Messaging.Subscription.Endpoint {
        switch protocolName {
        case "sqs": .queue(endpoint)
        case "lambda": .function(endpoint)
        case "process": .process(lease ?? Lease(slot: 0, generation: 0))
        case Self.call: .call(endpoint)
        default: .http(endpoint)
        }
    }

    func subscription(of topic: String, salt: UInt64) throws -> Messaging.Subscription {
        return Messaging.Subscription(
            id: .init(salt: salt, number: number), topic: topic, endpoint: to,
            configuration: .init(
                filter: try filter(), isRaw: isRaw, deadLetterQueue: deadLetterQueue,
                delivery: delivery.flatMap { try? Messaging.DeliveryPolicy(json: $0) }), isPending: isPending,
            created: HomeTime(milliseconds: created), queue: queue(isFIFO: Rules.isFIFO(topic)))
    }
}
