import ArgumentParser
import DiscoveryKit
import Messaging
import Store

struct SubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscribe", abstract: "Has a queue, a function or a URL get what is published to a topic.",
        discussion: """
            Subscribing twice is as once. A filter is a policy of Amazon SNS: of which values each key must have one, all keys together; it looks
            at a message's attributes, or at its body. A URL gets a token first, and nothing else before that came back: by --confirm, or from
            the endpoint itself.

            Examples: discovery subscribe news jobs
                      discovery subscribe 'ais.garden->news' 'ais.garden->rain' --raw --filter '{"kind": ["weather"]}'
                      discovery subscribe news jobs --filter '{"price": [{"numeric": [">", 7]}]}' --filter-scope MessageBody --replace
                      discovery subscribe news https://example.org/hook --dead-letter dead
                      discovery subscribe news --confirm 0123456789abcdef
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: TopicArgument.help) var topic: String
    @Argument(help: EndpointArgument.help) var endpoint: String?
    @Option(help: ArgumentHelp("Only messages that this policy lets through.", valueName: "json")) var filter: String?
    @Option(help: ArgumentHelp("What the policy looks at: MessageAttributes unless given.", valueName: "MessageAttributes|MessageBody"))
    var filterScope: String?
    @Flag(help: "Messages come as they were published, and not in an envelope that names the topic.") var raw = false
    @Option(help: ArgumentHelp("Where a message goes that cannot be delivered.", valueName: "queue|address")) var deadLetter: String?
    @Flag(help: "Change the subscription that the endpoint has, if it has another.") var replace = false
    @Option(help: ArgumentHelp("Confirm a subscription with the token that its endpoint was sent.", valueName: "token")) var confirm:
        String?

    func validate() throws {
        if confirm != nil {
            guard endpoint == nil, filter == nil, filterScope == nil, !raw, deadLetter == nil, !replace else {
                throw ValidationError("--confirm takes the topic alone: the token says which subscription.")
            }
            return
        }
        guard endpoint != nil else { throw ValidationError("Name who is to get the messages: a queue, a URL, an address or an ARN.") }
        if filterScope != nil, filter == nil { throw ValidationError("--filter-scope needs a --filter.") }
        _ = try scope()
    }

    func run() async throws {
        let namespace = try common.configuration.namespace
        let filter = try policy()
        let row = try await common.withDiscovery { discovery in
            let name = try await discovery.topicName(topic)
            guard let endpoint else { return try await discovery.withMessages { try await confirmed(name, in: $0) } }
            var wanted = Messaging.SubscriptionConfiguration(filter: filter, isRaw: raw)
            if let deadLetter { wanted.deadLetterQueue = try await discovery.queueName(deadLetter) }
            let subscriber = try await EndpointArgument.endpoint(endpoint, in: discovery, namespace: namespace)
            let configuration = wanted
            return try await discovery.withMessages { messaging in
                let subscription = try await subscribed(subscriber, to: name, configuration, in: messaging)
                return SubscriptionRow(subscription, waiting: nil, now: messaging.store.home.now())
            }
        }
        if common.json { return try Output.print(json: row) }
        let who = row.endpoint ?? "a process"
        if row.pending {
            Output.print("\(who) is asked to confirm, and gets nothing of \(row.topic) before: \(row.subscription)")
        } else {
            Output.print("\(who) is subscribed to \(row.topic): \(row.subscription)")
        }
    }

    private func subscribed(
        _ endpoint: Messaging.Subscription.Endpoint, to topic: String, _ wanted: Messaging.SubscriptionConfiguration,
        in messaging: Messaging
    ) async throws -> Messaging.Subscription {
        // Who may write to the home speaks for what is registered in it, and not for whoever has a URL.
        var confirmation = Messaging.Confirmation.waived
        if case .http = endpoint { confirmation = .required(token: Self.token()) }
        do {
            return try await messaging.subscribe(endpoint, to: topic, wanted, confirmation: confirmation)
        } catch let error as MessagingError where error.code == .subscriptionExists {
            guard replace else { throw MessagingError(error.code, error.message + " To change it to this: --replace") }
            let others = try await messaging.subscriptions(to: topic, limit: .max)
            guard let other = others.first(where: { $0.endpoint == endpoint }) else { throw error }
            let changed = try await messaging.configureSubscription(other.id) {
                // How it is delivered is left as it is.
                ($0.filter, $0.isRaw, $0.deadLetterQueue) = (wanted.filter, wanted.isRaw, wanted.deadLetterQueue)
            }
            // Who has not confirmed yet is asked again.
            return try await messaging.subscribe(endpoint, to: topic, changed.configuration, confirmation: confirmation)
        }
    }

    private func confirmed(_ topic: String, in messaging: Messaging) async throws -> SubscriptionRow {
        let subscription = try await messaging.confirmSubscription(to: topic, token: confirm ?? "")
        return SubscriptionRow(subscription, waiting: nil, now: messaging.store.home.now())
    }

    // MARK: Arguments

    private func scope() throws -> Messaging.FilterScope {
        guard let filterScope else { return .attributes }
        guard let scope = Messaging.FilterScope(rawValue: filterScope) else {
            throw ValidationError("--filter-scope is `MessageAttributes` or `MessageBody`, not `\(filterScope)`.")
        }
        return scope
    }

    private func policy() throws -> Messaging.FilterPolicy? {
        let scope = try scope()
        do { return try filter.map { try Messaging.FilterPolicy(parsing: $0, scope: scope) } } catch {
            throw DiscoveryError(wrapping: error)
        }
    }

    /// Not to be guessed.
    private static func token() -> String {
        (0..<4).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }
}

struct UnsubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unsubscribe", abstract: "Ends a subscription, and drops what waits to be delivered by it.",
        discussion: """
            `discovery topics subscriptions` lists their ids.

            Example: discovery unsubscribe 01234567-89ab-8def-8000-000000000001
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The subscription's id.") var id: String

    func validate() throws {
        if Messaging.SubscriptionID(parsing: id) == nil {
            throw ValidationError("`\(id)` is no subscription's id. See them: discovery topics subscriptions")
        }
    }

    func run() async throws {
        guard let id = Messaging.SubscriptionID(parsing: id) else { return }
        let row = try await common.withDiscovery { discovery in
            try await discovery.withMessages { messaging in
                let row = try await SubscriptionRow.row(of: messaging.subscription(id), in: messaging)
                try await messaging.unsubscribe(id)
                return row
            }
        }
        if common.json {
            struct Report: Encodable { let ended: String, dropped: Int }
            return try Output.print(json: Report(ended: id.description, dropped: row?.waiting ?? 0))
        }
        Output.print(row.map { "\($0.endpoint ?? "A process") is subscribed to \($0.topic) no more" } ?? "\(id) is ended")
        SubscriptionRow.complain(ofDropped: row?.waiting ?? 0)
    }
}
