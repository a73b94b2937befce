import ArgumentParser
import DiscoveryKit
import Messaging
import Store

struct TopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics", abstract: "Makes the topics of a home, changes, lists, tries and deletes them.",
        discussion: """
            What is published to a topic goes to all who are subscribed to it: see `discovery subscribe` and `discovery publish`. A topic whose
            name ends in .fifo keeps the order within groups and knows duplicates. An address leads to a topic once that is registered:
            `topics create --address` does both, and so does: discovery register 'ais.garden->news' arn:aws:sns:local:000000000000:news

            Examples: discovery topics create news --address 'ais.garden->news'
                      discovery topics subscriptions news
                      discovery topics test news 'it rains' --attribute kind=weather
            """,
        subcommands: [Create.self, Set.self, List.self, Subscriptions.self, Test.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Makes a topic; done also when there is one made just so.",
            discussion: """
                With --address the topic is registered under it as well: an instance of type topic, at arn:aws:sns:local:000000000000:NAME.

                Examples: discovery topics create news --address 'ais.garden->news'
                          discovery topics create orders.fifo --content-deduplication
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: "1 to 256 letters, digits, _ and -; ends in .fifo if it keeps the order.") var name: String
        @OptionGroup var settings: TopicSettings
        @Option(help: ArgumentHelp("Register it under an address.", valueName: "address")) var address: AddressArgument?
        @Option(help: ArgumentHelp("A tag; may be repeated.", valueName: "key=value")) var tag: [String] = []

        func run() async throws {
            let address = try address?.address
            let tags = try parsedAttributes(tag, of: "--tag")
            var configuration = Messaging.TopicConfiguration()
            try settings.changes().apply(to: &configuration)
            let wanted = configuration
            let row = try await common.withDiscovery { discovery in
                let row = try await discovery.withMessages { messaging in
                    let topic = try await messaging.createTopic(name, wanted, tags: tags)
                    return TopicRow(topic, try await messaging.subscriptions(to: name, limit: .max), now: messaging.store.home.now())
                }
                if let address { try await discovery.register(address, .topic(named: name)) }
                return row
            }
            if common.json { return try Output.print(json: row) }
            Output.print("\(name) is a topic" + (address.map { ", and \($0) leads to it" } ?? ""))
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Changes a topic's attributes, for what is published from then on.",
            discussion: """
                Examples: discovery topics set news --display-name 'What grows'
                          discovery topics set orders.fifo --no-content-deduplication
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: TopicArgument.help) var topic: String
        @OptionGroup var settings: TopicSettings

        func run() async throws {
            let changes = try settings.changes()
            let row = try await common.withDiscovery { discovery in
                let name = try await discovery.topicName(topic)
                return try await discovery.withMessages { messaging in
                    let topic = try await messaging.configureTopic(name) { changes.apply(to: &$0) }
                    return TopicRow(topic, try await messaging.subscriptions(to: name, limit: .max), now: messaging.store.home.now())
                }
            }
            if common.json { try Output.print(json: row) } else { Output.print("\(row.topic) is set: \(row.settings)") }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Deletes a topic, its subscriptions, and what waits to be delivered by them.",
            discussion: """
                What has reached a queue stays there.

                Example: discovery topics delete news
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: TopicArgument.help) var topic: String

        func run() async throws {
            struct Report: Encodable { let deleted: String, subscriptions: Int, dropped: Int }
            let report = try await common.withDiscovery { discovery in
                let name = try await discovery.topicName(topic)
                return try await discovery.withMessages { messaging in
                    let rows = try await SubscriptionRow.all(of: name, in: messaging)
                    try await messaging.deleteTopic(name)
                    return Report(deleted: name, subscriptions: rows.count, dropped: rows.reduce(0) { $0 + ($1.waiting ?? 0) })
                }
            }
            if common.json { return try Output.print(json: report) }
            let count = report.subscriptions
            Output.print(
                "\(report.deleted) is deleted"
                    + (count == 0 ? "; it had no subscriptions" : ", with \(count) subscription\(count == 1 ? "" : "s")"))
            SubscriptionRow.complain(ofDropped: report.dropped)
        }
    }
}
