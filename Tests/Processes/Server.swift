import DiscoveryKit
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Serves one address until SIGTERM and answers every call with its name: `serving URL` once callers can reach it, `ended` when it has
/// drained.
struct Server {
    let home: String
    let address: String
    let name: String

    func run() async {
        do {
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: home)
            configuration.logger = Logger(label: "server") { _ in SwiftLogNoOpLogHandler() }
            let service = Function(discovery: try Discovery(configuration), address: try Address(parsing: address), name: name)
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                    gracefulShutdownSignals: [.sigterm], logger: configuration.logger))
            try await group.run()
            Line.write("ended")
        } catch {
            Line.write("error \(error)")
        }
    }

    private struct Function: Service {
        let discovery: Discovery
        let address: Address
        let name: String

        func run() async throws {
            try await discovery.serve(address, whenServing: { Line.write("serving \($0.url)") }) { [name] _ in .text(name) }
            await discovery.shutdown()
        }
    }
}
