internal import Store

/// A topic and its subscribers, as publishing needs them.
final class KnownTopic {
    private let row: TopicRow
    /// Those who have confirmed.
    let subscribers: [Subscriber]
    private let policies: [Messaging.FilterPolicy?]
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
        policies = try subscriptions.map { try $0.filter() }
        index = policies.contains { $0 != nil } ? FilterIndex(policies.enumerated().map { ($0.offset, $0.element) }) : nil
    }

    /// Who gets a message.
    func subscribers(of subject: Messaging.FilterSubject) -> [Subscriber] {
        guard let index else { return subscribers }
        return index.matches(subject).map { subscribers[$0] }
    }

    /// Whom a message was refused by, of whom those are that get it.
    func refused(_ subject: Messaging.FilterSubject, besides matched: [Subscriber]) -> JourneyEvent.Refused {
        guard matched.count < subscribers.count else { return .none }
        var refused = JourneyEvent.Refused(count: subscribers.count - matched.count)
        refused.subscriptions.reserveCapacity(min(refused.count, JourneyEvent.Refused.limit))
        var next = matched.startIndex
        for (place, subscriber) in subscribers.enumerated() {
            if next < matched.endIndex, matched[next].number == subscriber.number {
                next += 1
                continue
            }
            if matched.isEmpty, refused.reasons.count < JourneyEvent.Refused.reasonLimit, let policy = policies[place] {
                refused.reasons.append(policy.refusal(of: subject)?.description ?? "")
            }
            refused.subscriptions.append(subscriber.number)
            if refused.subscriptions.count == JourneyEvent.Refused.limit { break }
        }
        return refused
    }

    func topic(tags: [String: String]) -> Messaging.Topic { row.topic(tags: tags) }
}
