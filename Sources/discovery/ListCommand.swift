import ArgumentParser
import DiscoveryKit
import Registry

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Lists services, or the instances of one.",
        discussion: """
            Examples: discovery ls
                      discovery ls ais.scheduler
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: ArgumentHelp("A service, as `namespace.service`; all services unless given.", valueName: "service")) var service:
        AddressArgument?

    func run() async throws {
        guard let service else { return try await listServices() }
        let address = try service.address
        guard address.filters.isEmpty else {
            throw ValidationError("ls lists all instances of a service: leave the filters out, or use explain.")
        }
        let rows = try await common.withDiscovery { discovery in
            let rows = try await discovery.instances(of: address)
            // One that was asked for by its id and is not there is an error, with the names that are near.
            if rows.isEmpty, case .id = address.instance { _ = try await discovery.resolve(address) }
            return rows
        }
        if common.json { return try Output.print(json: rows) }
        if rows.isEmpty { return Output.print("\(address) has no instances.") }
        Output.print(
            Output.table(
                ["INSTANCE", "KIND", "LOCATION", "HEALTH", "LEASE", "ATTRIBUTES"],
                rows.map { row in
                    let rest = row.attributes.filter { !["type", "url", "arn", "rid", "id"].contains($0.key) }
                    return [
                        row.instance, row.kind ?? "-", row.location ?? row.problem ?? "-", row.health, row.lease,
                        rest.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "),
                    ]
                }))
    }

    private func listServices() async throws {
        let rows = try await common.withDiscovery { try await $0.services() }
        if common.json { return try Output.print(json: rows) }
        if rows.isEmpty { return Output.print("Nothing is registered yet. Register something: discovery register --help") }
        Output.print(
            Output.table(
                ["SERVICE", "INSTANCES", "REVISION"],
                rows.map { [$0.service, String($0.instances), $0.revision.map { String($0) } ?? "-"] }))
    }
}
