import ArgumentParser
import DiscoveryKit
import Foundation
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Makes any program a function: body on its standard input, answer from its standard output.",
        discussion: """
            The program is started for each call, with DISCOVERY_ADDRESS and DISCOVERY_TIMEOUT_MS in its environment. Exit code 0 is success; any
            other fails the call with what it wrote to standard error. Ends on SIGTERM and Control-C: it deregisters, answers what has begun,
            and goes. When it is killed, its registration is gone at the next look.

            Examples: discovery serve 'ais.scheduler->get-job' -- jq '.id + 1'
                      discovery serve 'corp.worker->*' --concurrency 8 -- ./worker.py
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: AddressArgument.help) var address: AddressArgument
    @Option(help: ArgumentHelp("The address to listen on; callers must be able to reach it.", valueName: "host")) var host: String?
    @Option(help: "The port; any that is free unless given.") var port: Int?
    @Option(help: "How many programs run at once; as many as there are cores unless given.") var concurrency: Int?
    @Option(help: ArgumentHelp("Seconds after which a program is ended; the caller's deadline unless given.", valueName: "seconds"))
    var timeout: Double?
    @Option(name: .shortAndLong, help: ArgumentHelp("An attribute to register; may be repeated.", valueName: "key=value")) var attribute:
        [String] = []
    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command: [String]

    func validate() throws {
        if command.isEmpty { throw ValidationError("Name the program after --, as in: discovery serve 'ais.scheduler->get-job' -- cat") }
        if let port, !(0...65_535).contains(port) { throw ValidationError("--port is 0 to 65535.") }
        if let concurrency, !(1...1_024).contains(concurrency) { throw ValidationError("--concurrency is 1 to 1024.") }
        if let timeout, !(timeout > 0 && timeout <= 86_400) { throw ValidationError("--timeout is above 0 and up to 86400 seconds.") }
    }

    func run() async throws {
        var options = ServeOptions()
        options.host = host
        options.port = port
        options.attributes = try parsedAttributes(attribute)
        let places = concurrency ?? max(2, ProcessInfo.processInfo.activeProcessorCount)
        // Calls wait for a place in the pool, boundedly: beyond, the server says 503: not started.
        options.concurrency = places * 8
        let program = try await ServedProgram(
            command, home: try common.knownHomePath, places: places, timeout: timeout.map { .seconds($0) })
        let service = Service(
            discovery: try Discovery(common.configuration), address: try address.address, options: options, program: program,
            json: common.json)
        try await common.run(service)
    }

    private struct Service: ServiceLifecycle.Service {
        let discovery: Discovery
        let address: Address
        let options: ServeOptions
        let program: ServedProgram
        let json: Bool

        func run() async throws {
            try await discovery.serve(
                address, options: options,
                whenServing: { serving in
                    if json {
                        try? Output.print(json: ["address": serving.address.description, "url": serving.url])
                    } else {
                        Output.print(
                            "serving \(serving.address) at \(serving.url)" + (serving.replaced ? ", in place of who served it before" : ""))
                    }
                },
                handler: { try await program.answer($0) })
            await discovery.shutdown()
        }
    }
}
