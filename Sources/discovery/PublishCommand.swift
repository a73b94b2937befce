import ArgumentParser
import DiscoveryKit

struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Publishes a message to a topic, and prints its id once it is on the disk for all who get it.",
        discussion: """
            All who are subscribed get it, but those whose filter refuses it: `discovery topics test` says who that would be. The body is sent
            as it is. For a FIFO topic, a message without --group is of the group `default`.

            To queues it comes at once. To HTTP endpoints and functions the home's courier takes it: a process that serves, listens, or runs
            `discovery courier`, or this one with --deliver.

            Examples: discovery publish 'ais.garden->news' 'it rains' --attribute kind=weather
                      discovery publish 'ais.garden->orders' - --group roses --deduplication-id 7 <order.json
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument
    @OptionGroup var publication: PublicationOptions
    @Option(help: ArgumentHelp("The group: FIFO topics and queues keep the order in it, others are fair to it.", valueName: "text"))
    var group: String?
    @Option(
        name: [.customLong("deduplication-id"), .customLong("deduplication")],
        help: ArgumentHelp("FIFO topics: two messages with the same text, within 5 minutes, are one.", valueName: "text"))
    var deduplication: String?

    @Flag(help: "Deliver what waits for HTTP endpoints and functions, retries included, if no courier runs.") var deliver = false

    func run() async throws {
        let address = try address.address
        let message = try publication.message()
        var options = SendOptions()
        options.subject = publication.subject
        options.group = group
        options.deduplication = deduplication
        let wanted = options
        try await common.withDiscovery { discovery in
            let id = try await discovery.publish(address, message, options: wanted)
            if common.json { try Output.print(json: ["id": id.description]) } else { Output.print(id.description) }
            if deliver { return try await discovery.deliver() }
            try await Output.complainWithoutCourier(discovery, advice: "publish with --deliver")
        }
    }
}
