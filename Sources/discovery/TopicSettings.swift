import ArgumentParser
import DiscoveryKit
import Messaging

/// A topic as an argument: by its name or ARN, or by an address.
enum TopicArgument {
    static let help = ArgumentHelp(
        "A topic's name or ARN, or an address in quotes. What has no dot but that of `.fifo` is a name.", valueName: "topic|address")
}

/// The attributes of a topic as options; what is not given is left as it is.
struct TopicSettings: ParsableArguments {
    @Option(help: ArgumentHelp("A name for people, of at most 100 characters.", valueName: "text")) var displayName: String?
    @Flag(inversion: .prefixedNo, help: "FIFO topics: messages with equal bodies, within 5 minutes, are one.") var contentDeduplication:
        Bool?
    @Option(help: ArgumentHelp("FIFO topics: within what duplicates are looked for.", valueName: "topic|group")) var deduplicationScope:
        String?

    func validate() throws { _ = try changes() }

    /// What the options say, read.
    struct Changes: Sendable {
        fileprivate let displayName: String?
        fileprivate let contentDeduplication: Bool?
        fileprivate let deduplicationScope: Messaging.DeduplicationScope?

        func apply(to configuration: inout Messaging.TopicConfiguration) {
            configuration.displayName = displayName ?? configuration.displayName
            configuration.contentBasedDeduplication = contentDeduplication ?? configuration.contentBasedDeduplication
            configuration.deduplicationScope = deduplicationScope ?? configuration.deduplicationScope
        }
    }

    func changes() throws -> Changes {
        let scope: Messaging.DeduplicationScope? =
            switch deduplicationScope {
            case nil: nil
            case "topic": .queue
            case "group": .group
            case .some(let other): throw ValidationError("--deduplication-scope is `topic` or `group`, not `\(other)`.")
            }
        return Changes(displayName: displayName, contentDeduplication: contentDeduplication, deduplicationScope: scope)
    }
}
