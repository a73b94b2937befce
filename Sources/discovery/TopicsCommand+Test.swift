import ArgumentParser
import DiscoveryKit
import Messaging

extension TopicsCommand {
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Says who would get a message, and of all others why not. Publishes nothing.",
            discussion: """
                Of a subscription whose filter refuses the message, it says which part of the policy does, and what it found.

                Examples: discovery topics test news '{"store": {"city": "Paris"}}'
                          discovery topics test 'ais.garden->news' 'it rains' --attribute kind=weather --number millimetres=7
                """)

        @OptionGroup var common: CommonOptions
        @Argument(help: TopicArgument.help) var topic: String
        @OptionGroup var publication: PublicationOptions

        func run() async throws {
            let wanted = Messaging.Publication(try publication.message(), subject: publication.subject)
            let (name, rows) = try await common.withDiscovery { discovery in
                let name = try await discovery.topicName(topic)
                let verdicts = try await discovery.withMessages { try await $0.verdicts(on: wanted, to: name) }
                return (name, verdicts.map { VerdictRow($0.subscription, $0.verdict) })
            }
            if common.json { return try Output.print(json: rows) }
            if rows.isEmpty { return Output.print("Nobody is subscribed to \(name) yet: nobody would get it.") }
            Output.print(
                Output.table(
                    ["SUBSCRIPTION", "ENDPOINT", "GETS IT", "WHY NOT"],
                    rows.map { [$0.subscription, $0.endpoint ?? "a listening process", $0.accepted ? "yes" : "no", $0.reason ?? "-"] }))
        }
    }
}

/// What would become of a message at a subscription, in a list.
private struct VerdictRow: Encodable {
    let subscription: String
    let `protocol`: String
    let endpoint: String?
    let accepted: Bool
    /// `accepted`, `pending`, `refused` or `undeliverable`.
    let verdict: String
    /// The keys of the part of the policy that refused it.
    let path: [String]?
    let reason: String?

    init(_ subscription: Messaging.Subscription, _ verdict: Messaging.Verdict) {
        self.subscription = subscription.id.description
        `protocol` = subscription.endpoint.protocolName
        endpoint = subscription.endpoint.name
        accepted = verdict == .accepted
        (self.verdict, path, reason) =
            switch verdict {
            case .accepted: ("accepted", nil, nil)
            case .pending: ("pending", nil, "The endpoint has not confirmed yet.")
            case .refused(let refusal):
                (
                    "refused", refusal.path,
                    "refused by its filter of \(subscription.configuration.filter?.scope.rawValue ?? "messages"): \(refusal)"
                )
            case .undeliverable(let obstacle):
                (
                    "undeliverable", nil,
                    obstacle + (subscription.configuration.deadLetterQueue.map { " It would go to \($0)." } ?? " It would be dropped.")
                )
            }
    }
}
