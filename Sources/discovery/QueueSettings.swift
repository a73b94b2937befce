import ArgumentParser
import DiscoveryKit
import Messaging

/// A queue as an argument: by its name, or by an address.
enum QueueArgument {
    static let help = ArgumentHelp(
        "A queue's name, or an address in quotes. What has no dot but that of `.fifo` is a name.", valueName: "queue|address")
}

/// The attributes of a queue as options; what is not given is left as it is.
struct QueueSettings: ParsableArguments {
    @Option(
        help: ArgumentHelp("For how long nobody else gets a message that was received: 0s to 12h; 30s at first.", valueName: "duration"))
    var visibility: String?
    @Option(help: ArgumentHelp("How long each message waits before it can be received: 0s to 15m.", valueName: "duration")) var delay:
        String?
    @Option(help: ArgumentHelp("For how long messages are kept: 1m to 14d; 4d at first.", valueName: "duration")) var retention: String?
    @Option(help: ArgumentHelp("The largest message: 1024 to 1048576, which is so at first.", valueName: "bytes")) var maximumSize: Int?
    @Option(help: ArgumentHelp("Where a message goes that was received too often.", valueName: "queue|address")) var deadLetter: String?
    @Option(help: ArgumentHelp("How often a message is received before it goes there: 1 to 1000; 10 at first.", valueName: "number"))
    var maximumReceives: Int?
    @Option(
        help: ArgumentHelp(
            "Who may make this their dead-letter queue: all, none, or up to 10 names, with commas.", valueName: "all|none|names"))
    var allowRedrive: String?
    @Flag(inversion: .prefixedNo, help: "FIFO queues: messages with equal bodies, within 5 minutes, are one.") var contentDeduplication:
        Bool?
    @Option(help: ArgumentHelp("FIFO queues: within what duplicates are looked for.", valueName: "queue|group")) var deduplicationScope:
        String?

    func validate() throws { _ = try changes() }

    /// What the options say, read.
    struct Changes: Sendable {
        fileprivate(set) var visibility: Duration?, delay: Duration?, retention: Duration?
        fileprivate(set) var maximumSize: Int?, maximumReceives: Int?
        fileprivate(set) var redriveAllow: Messaging.RedriveAllowPolicy?
        fileprivate(set) var contentDeduplication: Bool?
        fileprivate(set) var deduplicationScope: Messaging.DeduplicationScope?
        /// The dead-letter queue's name.
        var deadLetter: String?
        var removesDeadLetter = false

        func apply(to configuration: inout Messaging.QueueConfiguration) {
            configuration.visibility = visibility ?? configuration.visibility
            configuration.delay = delay ?? configuration.delay
            configuration.retention = retention ?? configuration.retention
            configuration.maximumMessageSize = maximumSize ?? configuration.maximumMessageSize
            if let deadLetter {
                let receives = maximumReceives ?? configuration.redrive?.maximumReceives ?? 10
                configuration.redrive = .init(deadLetterQueue: deadLetter, maximumReceives: receives)
            } else if let maximumReceives {
                configuration.redrive?.maximumReceives = maximumReceives
            }
            if removesDeadLetter { configuration.redrive = nil }
            configuration.redriveAllow = redriveAllow ?? configuration.redriveAllow
            configuration.contentBasedDeduplication = contentDeduplication ?? configuration.contentBasedDeduplication
            configuration.deduplicationScope = deduplicationScope ?? configuration.deduplicationScope
        }
    }

    func changes() throws -> Changes {
        var changes = Changes()
        changes.visibility = try DurationArgument.duration(visibility, of: "--visibility")
        changes.delay = try DurationArgument.duration(delay, of: "--delay")
        changes.retention = try DurationArgument.duration(retention, of: "--retention")
        changes.maximumSize = maximumSize
        changes.maximumReceives = maximumReceives
        changes.contentDeduplication = contentDeduplication
        changes.redriveAllow =
            switch allowRedrive {
            case nil: nil
            case "all": .all
            case "none": Messaging.RedriveAllowPolicy.none
            case .some(let names): .queues(names.split(separator: ",").map(String.init))
            }
        switch deduplicationScope {
        case nil: break
        case "queue": changes.deduplicationScope = .queue
        case "group": changes.deduplicationScope = .group
        case .some(let other): throw ValidationError("--deduplication-scope is `queue` or `group`, not `\(other)`.")
        }
        return changes
    }

    /// The same, with the dead-letter queue's name looked up.
    func changes(in discovery: Discovery) async throws -> Changes {
        var changes = try changes()
        if let deadLetter { changes.deadLetter = try await discovery.queueName(deadLetter) }
        return changes
    }
}
