import ArgumentParser
import DiscoveryKit
import Messaging
import Store

extension TopicsCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Lists topics: how many subscriptions each has, and how many of them are to be confirmed yet.",
            discussion: """
                Examples: discovery topics ls
                          discovery topics ls news --json
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: "Only topics whose names begin so.") var prefix = ""

        func run() async throws {
            let rows = try await common.withDiscovery { discovery in
                try await discovery.withMessages { try await listed(in: $0) }
            }
            if common.json { return try Output.print(json: rows) }
            if rows.isEmpty {
                return Output.print(
                    prefix.isEmpty ? "There is no topic yet. Make one: discovery topics create --help" : "No topic's name begins so.")
            }
            Output.print(
                Output.table(
                    ["TOPIC", "SUBSCRIPTIONS", "PENDING", "CREATED"],
                    rows.map { [$0.topic, String($0.subscriptions), String($0.pending), $0.created] }))
        }

        private func listed(in messaging: Messaging) async throws -> [TopicRow] {
            var topics: [Messaging.Topic] = []
            while true {
                let page = try await messaging.topics(prefix: prefix, after: topics.last?.name)
                topics += page
                if page.isEmpty { break }
            }
            let subscriptions = Dictionary(grouping: try await messaging.subscriptions(limit: .max), by: \.topic)
            let now = messaging.store.home.now()
            return topics.map { TopicRow($0, subscriptions[$0.name] ?? [], now: now) }
        }
    }

    struct Subscriptions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "subscriptions",
            abstract: "Lists who is subscribed to a topic, or to any, in the order in which they were.",
            discussion: """
                WAITING are messages that are to be delivered yet: those for a queue are in the queue. A subscription that is pending gets
                nothing before its endpoint has confirmed.

                Examples: discovery topics subscriptions
                          discovery topics subscriptions 'ais.garden->news' --json
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: TopicArgument.help) var topic: String?

        func run() async throws {
            let (name, rows) = try await common.withDiscovery { discovery in
                var name: String?
                if let topic { name = try await discovery.topicName(topic) }
                let wanted = name
                return (wanted, try await discovery.withMessages { try await SubscriptionRow.all(of: wanted, in: $0) })
            }
            if common.json { return try Output.print(json: rows) }
            if rows.isEmpty {
                return Output.print("Nobody is subscribed\(name.map { " to \($0)" } ?? "") yet. Subscribe: discovery subscribe --help")
            }
            Output.print(
                Output.table(
                    ["SUBSCRIPTION", "TOPIC", "PROTOCOL", "ENDPOINT", "FORM", "STATE", "WAITING", "DEAD LETTERS", "FILTER"],
                    rows.map { row in
                        [
                            row.subscription, row.topic, row.protocol, row.endpoint ?? "a listening process",
                            row.raw ? "raw" : "enveloped", row.pending ? "pending" : "confirmed", row.waiting.map { String($0) } ?? "-",
                            row.deadLetterQueue ?? "-", row.filter.map { "\(row.filterScope ?? "") \(Output.excerpt($0))" } ?? "-",
                        ]
                    }))
        }
    }
}

/// A topic in a list.
struct TopicRow: Encodable {
    let topic: String
    let subscriptions: Int
    /// Of the subscriptions, those that are to be confirmed.
    let pending: Int
    let created: String
    let displayName: String
    let contentDeduplication: Bool
    /// `nil` of a topic that knows no duplicates.
    let deduplicationScope: String?
    let tags: [String: String]

    init(_ topic: Messaging.Topic, _ subscriptions: [Messaging.Subscription], now: HomeTime) {
        self.topic = topic.name
        self.subscriptions = subscriptions.count
        pending = subscriptions.count(where: \.isPending)
        created = topic.created.date(now: now).timestamp
        displayName = topic.configuration.displayName
        contentDeduplication = topic.configuration.contentBasedDeduplication
        deduplicationScope = topic.isFIFO ? (topic.configuration.deduplicationScope == .group ? "group" : "topic") : nil
        tags = topic.tags
    }

    /// How it is configured, in a sentence.
    var settings: String {
        var parts = [displayName.isEmpty ? "no display name" : "display name `\(displayName)`"]
        if let deduplicationScope { parts.append("duplicates looked for within the \(deduplicationScope)") }
        if contentDeduplication { parts.append("known by their content") }
        return parts.joined(separator: ", ")
    }
}

/// A subscription in a list.
struct SubscriptionRow: Encodable {
    let subscription: String
    let topic: String
    let `protocol`: String
    /// `nil` of a process.
    let endpoint: String?
    let raw: Bool
    let filter: String?
    let filterScope: String?
    let deadLetterQueue: String?
    /// To be delivered yet; `nil` of a queue, where they are the queue's.
    let waiting: Int?
    let pending: Bool
    let created: String

    init(_ subscription: Messaging.Subscription, waiting: Int?, now: HomeTime) {
        self.subscription = subscription.id.description
        topic = subscription.topic
        `protocol` = subscription.endpoint.protocolName
        endpoint = subscription.endpoint.name
        let configuration = subscription.configuration
        raw = configuration.isRaw
        filter = configuration.filter?.text
        filterScope = configuration.filter?.scope.rawValue
        deadLetterQueue = configuration.deadLetterQueue
        self.waiting = waiting
        pending = subscription.isPending
        created = subscription.created.date(now: now).timestamp
    }

    /// A subscription, with what waits to be delivered by it.
    ///
    /// - Returns: `nil` when it has ended since it was looked up.
    static func row(of subscription: Messaging.Subscription, in messaging: Messaging) async throws -> SubscriptionRow? {
        let now = messaging.store.home.now()
        if case .queue = subscription.endpoint { return SubscriptionRow(subscription, waiting: nil, now: now) }
        do {
            return SubscriptionRow(subscription, waiting: try await messaging.counts(of: subscription.queue).all, now: now)
        } catch let error as MessagingError where error.code == .queueDoesNotExist {
            return nil
        }
    }

    /// Those of a topic, or all.
    static func all(of topic: String?, in messaging: Messaging) async throws -> [SubscriptionRow] {
        var rows: [SubscriptionRow] = []
        for subscription in try await messaging.subscriptions(to: topic, limit: .max) {
            if let row = try await row(of: subscription, in: messaging) { rows.append(row) }
        }
        return rows
    }

    /// Says what was lost with subscriptions, if anything was.
    static func complain(ofDropped count: Int) {
        guard count > 0 else { return }
        Output.complain("\(count) message\(count == 1 ? "" : "s") that waited to be delivered \(count == 1 ? "is" : "are") dropped.")
    }
}
