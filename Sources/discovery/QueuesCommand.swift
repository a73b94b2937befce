import ArgumentParser
import DiscoveryKit
import Messaging

struct QueuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues", abstract: "Makes the queues of a home, changes, lists, empties and deletes them.",
        discussion: """
            A queue whose name ends in .fifo keeps the order within groups and knows duplicates. An address leads to a queue once that is
            registered: `queues create --address` does both, and so does: discovery register 'ais.garden->jobs' arn:aws:sqs:local:000000000000:jobs

            Examples: discovery queues create jobs-dead
                      discovery queues create jobs --dead-letter jobs-dead --maximum-receives 3 --address 'ais.garden->jobs'
                      discovery queues ls --watch
            """,
        subcommands: [Create.self, Set.self, List.self, Purge.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Makes a queue; done also when there is one made just so.",
            discussion: """
                With --address the queue is registered under it as well: an instance of type queue, at arn:aws:sqs:local:000000000000:NAME.

                Examples: discovery queues create jobs --address 'ais.garden->jobs'
                          discovery queues create orders.fifo --content-deduplication --visibility 5m
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: "1 to 80 letters, digits, _ and -; ends in .fifo if it keeps the order.") var name: String
        @OptionGroup var settings: QueueSettings
        @Option(help: ArgumentHelp("Register it under an address.", valueName: "address")) var address: AddressArgument?
        @Option(help: ArgumentHelp("A tag; may be repeated.", valueName: "key=value")) var tag: [String] = []

        func validate() throws {
            if settings.maximumReceives != nil, settings.deadLetter == nil {
                throw ValidationError("--maximum-receives needs a --dead-letter queue, where the message goes then.")
            }
        }

        func run() async throws {
            let address = try address?.address
            let tags = try parsedAttributes(tag, of: "--tag")
            let row = try await common.withDiscovery { discovery in
                let changes = try await settings.changes(in: discovery)
                var configuration = Messaging.QueueConfiguration()
                changes.apply(to: &configuration)
                let wanted = configuration
                let row = try await discovery.withMessages { messaging in
                    QueueRow(try await messaging.createQueue(name, wanted, tags: tags), try await messaging.counts(of: name))
                }
                if let address { try await discovery.register(address, .queue(named: name)) }
                return row
            }
            if common.json { return try Output.print(json: row) }
            Output.print("\(name) is a queue" + (address.map { ", and \($0) leads to it" } ?? ""))
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Changes a queue's attributes. The delay of a FIFO queue holds for what is in it, too.",
            discussion: """
                Examples: discovery queues set jobs --visibility 2m --retention 14d
                          discovery queues set jobs --dead-letter jobs-dead --maximum-receives 3
                          discovery queues set jobs --no-dead-letter
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: QueueArgument.help) var queue: String
        @OptionGroup var settings: QueueSettings
        @Flag(help: "Leave messages in the queue, however often they were received.") var noDeadLetter = false

        func validate() throws {
            if noDeadLetter, settings.deadLetter != nil || settings.maximumReceives != nil {
                throw ValidationError("--no-dead-letter and what a dead-letter queue needs exclude each other.")
            }
        }

        func run() async throws {
            let row = try await common.withDiscovery { discovery in
                let name = try await discovery.queueName(queue)
                var read = try await settings.changes(in: discovery)
                read.removesDeadLetter = noDeadLetter
                let changes = read
                return try await discovery.withMessages { messaging in
                    if changes.maximumReceives != nil, changes.deadLetter == nil {
                        guard try await messaging.queue(name).configuration.redrive != nil else {
                            throw DiscoveryError(.invalid, "The queue `\(name)` has no dead-letter queue. Name one with --dead-letter.")
                        }
                    }
                    let queue = try await messaging.configureQueue(name) { changes.apply(to: &$0) }
                    return QueueRow(queue, try await messaging.counts(of: name))
                }
            }
            if common.json { try Output.print(json: row) } else { Output.print("\(row.queue) is set: \(row.settings)") }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "purge", abstract: "Removes all messages of a queue, delayed ones and those in flight as well.",
            discussion: "Example: discovery queues purge jobs-dead")

        @OptionGroup var common: CommonOptions
        @Argument(help: QueueArgument.help) var queue: String

        func run() async throws {
            let (name, count) = try await common.withDiscovery { discovery in
                let name = try await discovery.queueName(queue)
                return try await discovery.withMessages { messaging in
                    let count = try await messaging.counts(of: name).all
                    try await messaging.purgeQueue(name)
                    return (name, count)
                }
            }
            struct Report: Encodable { let purged: String, messages: Int }
            if common.json { return try Output.print(json: Report(purged: name, messages: count)) }
            Output.print("\(name) is empty: \(count) message\(count == 1 ? "" : "s") removed")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Deletes a queue. What is registered under addresses stays: discovery deregister",
            discussion: "Example: discovery queues delete jobs-dead --force")

        @OptionGroup var common: CommonOptions
        @Argument(help: QueueArgument.help) var queue: String
        @Flag(help: "Delete it with the messages that are in it.") var force = false

        func run() async throws {
            let (name, sources) = try await common.withDiscovery { discovery in
                let name = try await discovery.queueName(queue)
                return try await discovery.withMessages { messaging in
                    let count = try await messaging.counts(of: name).all
                    guard force || count == 0 else {
                        throw DiscoveryError(
                            .invalid,
                            "The queue `\(name)` holds \(count) message\(count == 1 ? "" : "s"). To delete it with what is in it: --force")
                    }
                    let sources = try await messaging.deadLetterSources(of: name)
                    try await messaging.deleteQueue(name)
                    return (name, sources)
                }
            }
            if common.json { try Output.print(json: ["deleted": name]) } else { Output.print("\(name) is deleted") }
            if !sources.isEmpty {
                Output.complain("It was the dead-letter queue of \(sources.joined(separator: ", ")): give them another.")
            }
        }
    }
}

extension Messaging.QueueCounts {
    var all: Int { waiting + inFlight + delayed }
}
