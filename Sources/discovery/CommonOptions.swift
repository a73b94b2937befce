import ArgumentParser
import DiscoveryKit
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The home directory; unless given the daemon of DISCOVERY_ENDPOINT, else DISCOVERY_HOME.", valueName: "directory"),
        completion: .directory)
    var home: String?

    @Flag(help: "Print JSON, for programs.")
    var json = false

    @Flag(name: .shortAndLong, help: "Log what the library does, to standard error.")
    var verbose = false

    var configuration: Discovery.Configuration {
        get throws {
            var configuration = try Discovery.Configuration.fromEnvironment()
            if let home {
                guard !home.isEmpty else { throw ValidationError("--home is empty: name a directory.") }
                configuration.backend = configuration.backend.moved(to: home)
            }
            configuration.logger = Logger(label: "discovery") { StreamLogHandler.standardError(label: $0) }
            configuration.logger.logLevel = verbose ? .trace : .notice
            return configuration
        }
    }

    /// The home's path, for commands that work on its files.
    var homePath: String {
        get throws {
            guard let path = try knownHomePath else {
                throw DiscoveryError(
                    .unsupported,
                    "This works on the files of a home, and DISCOVERY_ENDPOINT names a daemon. Name its home by --home, on its machine.")
            }
            return path
        }
    }

    /// `nil` where a daemon has it.
    var knownHomePath: String? {
        get throws {
            let path = try configuration.backend.homePath
            return path.isEmpty ? nil : path
        }
    }

    /// Runs one operation on a client and ends the client.
    func withDiscovery<Value>(_ body: (Discovery) async throws -> Value) async throws -> Value {
        let discovery = try Discovery(configuration)
        do {
            let value = try await body(discovery)
            await discovery.shutdown()
            return value
        } catch {
            await discovery.shutdown()
            throw error
        }
    }

    /// Runs a service until it ends by itself, or SIGTERM or Control-C has it end.
    func run(_ service: some Service) async throws {
        var logger = Logger(label: "discovery.lifecycle") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .error
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}

/// An address as an argument: a malformed one is told by the library's own sentence and exit code.
struct AddressArgument: ExpressibleByArgument {
    let text: String

    init(argument: String) { text = argument }

    var address: Address {
        get throws(DiscoveryError) { try Address(parsing: text) }
    }

    static let help: ArgumentHelp = ArgumentHelp(
        "`namespace.service->instance`, in quotes: a shell takes > for itself.", valueName: "address")
}

/// The attributes that options spell as `key=value`; of a key given twice the last counts.
func parsedAttributes(_ pairs: [String], of option: String = "--attribute") throws -> [String: String] {
    var attributes: [String: String] = [:]
    for pair in pairs {
        guard let equals = pair.firstIndex(of: "="), equals != pair.startIndex else {
            throw ValidationError("\(option) takes key=value, not `\(pair)`.")
        }
        attributes[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
    }
    return attributes
}
