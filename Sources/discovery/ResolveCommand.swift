import ArgumentParser
import DiscoveryKit

struct ResolveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Prints where an address leads now.",
        discussion: "Example: discovery resolve 'ais.scheduler->get-job'")

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument

    func run() async throws {
        let address = try address.address
        let resource = try await common.withDiscovery { try await $0.resolve(address) }
        if common.json {
            try Output.print(json: ResourceReport(address, resource))
        } else {
            Output.print(Output.table(["KIND", "LOCATION"], [[resource.kind.description, resource.location]]))
        }
    }
}
