import ArgumentParser
import DiscoveryKit
import Foundation
import Messaging
import Store

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Says how an address resolves, or what happened to a message.",
        discussion: """
            Of an address: who was considered, who was left out and why, who was chosen, and what waits for the courier there.

            Of a message, with --message: its journey. By whom it was sent or published, which subscriptions got it and which refused it, who
            received it, how often, and what became of it. What is known reaches back four days, and 8 MiB of journeys; DISCOVERY_JOURNEYS=false
            has processes note none.

            Examples: discovery explain 'corp.worker[stage=prod]->*'
                      discovery explain --message 01234567-89ab-8cde-8f01-23456789abcd
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument?
    @Option(help: ArgumentHelp("Of a message: what happened to it.", valueName: "id")) var message: String?

    func validate() throws {
        guard (address == nil) != (message == nil) else { throw ValidationError("Name an address, or a message by --message.") }
        if let message, Messaging.MessageID(parsing: message) == nil { throw ValidationError("`\(message)` is no message's id.") }
    }

    func run() async throws {
        if let id = message.flatMap({ Messaging.MessageID(parsing: $0) }) { return try await explain(id) }
        guard let address = try address?.address else { return }
        try await common.withDiscovery { discovery in
            let explanation = try await discovery.explain(address)
            let waiting = try await waiting(for: explanation, discovery)
            if common.json {
                struct Report: Encodable {
                    let explanation: Explanation, courier: String?, backlog: [Discovery.Backlog]

                    func encode(to encoder: any Encoder) throws {
                        try explanation.encode(to: encoder)
                        var container = encoder.container(keyedBy: Key.self)
                        try container.encodeIfPresent(courier, forKey: .courier)
                        try container.encode(backlog, forKey: .backlog)
                    }

                    enum Key: CodingKey { case courier, backlog }
                }
                return try Output.print(
                    json: Report(explanation: explanation, courier: waiting?.courier?.description, backlog: waiting?.backlog ?? []))
            }
            Output.print(explanation.description)
            if let waiting { for line in Output.lines(waiting.backlog, courier: waiting.courier) { Output.print("  \(line)") } }
        }
    }

    /// What waits for the courier at an address; `nil` where nothing is ever delivered later.
    private func waiting(
        for explanation: Explanation, _ discovery: Discovery
    ) async throws -> (backlog: [Discovery.Backlog], courier: Election.Holder?)? {
        let kind = explanation.kind.map { Resource.Kind($0) }
        // Asking would make the queues of a home that has none.
        guard kind == nil || kind == .function || kind == .topic,
            let home = try common.knownHomePath,
            FileManager.default.fileExists(atPath: home + "/\(Messaging.schema.name.rawValue).sqlite")
        else { return nil }
        var (backlog, courier) = try await discovery.backlog()
        let topic = explanation.location.flatMap { kind == .topic ? Resource(.topic, at: $0).topicName : nil }
        let names = [explanation.address, "\(explanation.namespace).\(explanation.address)", explanation.chosen]
        backlog = backlog.filter { names.contains($0.endpoint) || (topic != nil && $0.topic == topic) }
        return backlog.isEmpty ? nil : (backlog, courier)
    }

    private func explain(_ id: Messaging.MessageID) async throws {
        try await common.withDiscovery { discovery in
            let (journey, clock) = try await discovery.withMessages { messaging in
                (try await messaging.journey(of: id), HomeClock(messaging.store.home.now()))
            }
            guard let journey else {
                throw DiscoveryError(
                    .notFound,
                    "Nothing is known of a message \(id) in this home. Journeys are kept for four days, and 8 MiB of them, unless DISCOVERY_JOURNEYS is false."
                )
            }
            let report = JourneyReport(journey, clock)
            if common.json { try Output.print(json: report) } else { Output.print(report.lines.joined(separator: "\n")) }
        }
    }
}
