internal import Store

/// A topic and its subscribers, as publishing needs them.
final class KnownTopic {
    private let row: TopicRow
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

    var number: Int64 { row.number }
    var name: String { row.name }
    var configuration: Messaging.TopicConfiguration { row.configuration }
    var isFIFO: Bool { Rules.isFIFO(name) }

    init?(_ name: String, _ connection: Connection) throws {
        guard let row = try connection.topic(name) else { return nil }
        self.row = row
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

    func topic(tags: [String: String]) -> Messaging.Topic { row.topic(tags: tags) }
}
