import DiscoveryKit
import Logging

/// Is the courier of a home until it is killed: `Processes courier HOME`. Says `running` when it begins to be.
struct Delivering {
    let home: String

    func run() async {
        do {
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: home)
            configuration.logger = Logger(label: "courier") { _ in SwiftLogNoOpLogHandler() }
            let discovery = try Discovery(configuration)
            Line.write("running")
            try await discovery.run()
        } catch {
            Line.write("error \(error)")
        }
    }
}
