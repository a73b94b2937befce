import ArgumentParser
import DiscoveryKit

struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Registers where something is, or moves it: callers go there from their next call on.",
        discussion: """
            Examples: discovery register 'ais.scheduler->get-job' http://127.0.0.1:8080/
                      discovery register 'corp.worker->a' --type function -a AWS_INSTANCE_IPV4=10.0.0.7 -a AWS_INSTANCE_PORT=8080
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument
    @Argument(help: "A URL, an ARN or a name; may be left out when attributes say it.") var location: String?
    @Option(name: .shortAndLong, help: "function, queue, topic, workflow or script; unless given, what the location implies.") var type:
        String?
    @Option(name: .shortAndLong, help: ArgumentHelp("An attribute; may be repeated.", valueName: "key=value")) var attribute: [String] = []

    func run() async throws {
        let address = try address.address
        var attributes = try parsedAttributes(attribute)
        if let type { attributes["type"] = type }
        if let location {
            guard attributes["rid"] == nil else { throw ValidationError("Give the location once: as an argument or as the attribute rid.") }
            attributes["rid"] = location
        }
        let resource = try Resource.resource(from: attributes).resource
        if location != nil { attributes["rid"] = nil }
        let registered = Resource(resource.kind, at: resource.location, attributes: attributes)
        try await common.withDiscovery { try await $0.register(address, registered) }
        if common.json {
            try Output.print(json: ResourceReport(address, registered))
        } else {
            Output.print("\(address) is the \(registered.kind) at \(registered.location)")
        }
    }
}

struct DeregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deregister", abstract: "Removes what is registered under an address.",
        discussion: "Example: discovery deregister 'ais.scheduler->get-job'")

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument

    func run() async throws {
        let address = try address.address
        try await common.withDiscovery { try await $0.deregister(address) }
        if common.json {
            try Output.print(json: ["deregistered": address.description])
        } else {
            Output.print("\(address) is registered no more")
        }
    }
}
