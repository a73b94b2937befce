internal import Store

/// A topic and its subscribers, as publishing needs them.
final class KnownTopic {
    let number: Int64
    let name: String
    let version: Int64
    let configuration: Messaging.TopicConfiguration
    let created: Int64
    /// Those who have confirmed.
    let subscribers: [Subscriber]
    private let index: FilterIndex<Int>?

    struct Subscriber {
        let number: Int64
        let protocolName: String
        /// Where its messages go.
        let queue: String
        let lease: Lease?
        let isRaw: Bool
        let deadLetterQueue: String?

        /// Whether the courier takes them from there.
        var isDeferred: Bool { protocolName != "sqs" && protocolName != "process" }
    }

    var isFIFO: Bool { Rules.isFIFO(name) }

    init?(_ name: String, _ connection: Connection) throws {
        let row = try connection.first("SELECT * FROM topics WHERE name = ?", binding: { $0.set(1, name) }, make: { TopicRow($0) })
        guard let row else { return nil }
        number = row.number
        self.name = row.name
        version = row.version
        configuration = row.configuration
        created = row.created
        let subscriptions = try connection.all(
            "SELECT * FROM subscriptions WHERE topic = ? AND is_pending = 0 ORDER BY number", .integer(row.number)
        ) { SubscriptionRow($0) }
        let isFIFO = Rules.isFIFO(row.name)
        subscribers = subscriptions.map { $0.subscriber(isFIFO: isFIFO) }
        let policies = try subscriptions.map { try $0.filter() }
        index = policies.contains { $0 != nil } ? FilterIndex(policies.enumerated().map { ($0.offset, $0.element) }) : nil
    }

    /// Who gets a message.
    func subscribers(of message: Messaging.Publication) -> [Subscriber] {
        guard let index else { return subscribers }
        return index.matches(.init(body: message.body, attributes: message.attributes)).map { subscribers[$0] }
    }

    func topic(tags: [String: String]) -> Messaging.Topic {
        Messaging.Topic(name: name, configuration: configuration, tags: tags, created: HomeTime(milliseconds: created))
    }
}

/// What the writer's thread keeps of topics: within a transaction by name, and from one to the next while their versions stay.
final class TopicMemo {
    /// Subscribers kept in memory, of all topics.
    private static let limit = 20_000

    private var current: [String: KnownTopic] = [:]
    private var kept: [Int64: KnownTopic] = [:]
    private var size = 0

    /// At the start of a transaction, and after topics were written.
    func forget() { current.removeAll(keepingCapacity: true) }

    /// - Parameter isSettled: whether a version will not be undone.
    func topic(_ name: String, _ connection: Connection, isSettled: (Int64) -> Bool) throws -> KnownTopic? {
        if let topic = current[name] { return topic }
        let row = try connection.first(
            "SELECT number, version FROM topics WHERE name = ?", binding: { $0.set(1, name) },
            make: { (number: $0.integer(0), version: $0.integer(1)) })
        guard let row else { return nil }
        if let known = kept[row.number], known.version == row.version {
            current[name] = known
            return known
        }
        guard let topic = try KnownTopic(name, connection) else { return nil }
        current[name] = topic
        if isSettled(row.version) { keep(topic) }
        return topic
    }

    private func keep(_ topic: KnownTopic) {
        if let old = kept.removeValue(forKey: topic.number) { size -= old.subscribers.count + 1 }
        let added = topic.subscribers.count + 1
        if size + added > Self.limit {
            kept = [:]
            size = 0
        }
        kept[topic.number] = topic
        size += added
    }
}
