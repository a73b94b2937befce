import ArgumentParser
import Configuration
import DiscoveryKit
import DiscoveryServer
import Foundation
import HTTPServing
import Logging
import Metrics
import ServiceLifecycle
import Store
import UnixSignals

/// The daemon: arguments, environment and a file in, a server that runs until it is told to end.
@main
struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discoveryd",
        abstract: "Serves a home over the network: AWS's own protocols for every AWS SDK, and addresses over plain HTTP.",
        discussion: """
            What is registered, queued and published through it lies in the home, beside what other processes of this machine put there.
            Settings come from options, then from the environment (DISCOVERY_HOME, DISCOVERY_LISTEN, DISCOVERY_KEYS, …), then from the file of
            --config, in JSON or YAML. Without keys it listens on loopback only. SIGTERM, Control-C and a terminal that closes end it
            when all that was accepted is answered.

            Examples: discoveryd
                      discoveryd --home /var/lib/discovery --listen 127.0.0.1:4580
                      discoveryd --listen 0.0.0.0:4580 --keys /etc/discovery/keys.json --tls-certificate chain.pem --tls-key key.pem

                      curl -d '{"id": 7}' 'http://127.0.0.1:4580/_discovery/request/ais.scheduler->get-job'
            """,
        version: Discovery.version)

    @Option(
        help: ArgumentHelp("The home directory; ~/.local/state/discovery unless given.", valueName: "directory"), completion: .directory)
    var home: String?
    @Option(help: ArgumentHelp("Where to listen; 127.0.0.1:4580 unless given. Port 0 takes any that is free.", valueName: "host:port"))
    var listen: String?
    @Option(help: ArgumentHelp("A file of settings, in JSON or YAML.", valueName: "file"), completion: .file()) var config: String?
    @Option(help: ArgumentHelp("The file of keys; it is read again when it changes.", valueName: "file"), completion: .file()) var keys:
        String?
    @Option(help: ArgumentHelp("The certificate chain for TLS, in PEM; it is read again when it changes.", valueName: "file"))
    var tlsCertificate: String?
    @Option(help: ArgumentHelp("The private key for TLS, in PEM.", valueName: "file")) var tlsKey: String?
    @Option(help: "The namespace of addresses that name none; `default` unless given.") var namespace: String?
    @Option(help: "The region of unsigned requests; us-east-1 unless given.") var region: String?
    @Flag(help: "Keep AWS's delays, limits and quotas.") var faithful = false
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical; info unless given.", valueName: "level"))
    var logLevel: String?
    @Option(help: ArgumentHelp("text or json; text unless given.", valueName: "form")) var logFormat: String?
    @Flag(help: "Check the settings and the files that they name, print them, and end.") var check = false

    func run() async throws {
        do {
            let file = try config.map { path throws(ServerError) in try SettingsFile(path) }
            let asked = AskedSettings()
            let reader = reader(file, asked)
            let logger = try logger(reader)
            var settings = try ServerConfiguration(
                reader, defaultHome: Home.defaultPath(environment: ProcessInfo.processInfo.environment),
                whenAllIsRead: { () throws(ServerError) in try file?.check(asked) })
            settings.logger = logger
            if check {
                try await Server.check(settings)
                return print(settings.summary)
            }
            let room = DescriptorLimit.raise(forConnections: settings.maximumConnections)
            if room < settings.maximumConnections {
                logger.warning(
                    "fewer connections fit than are configured: this process may not have more files open",
                    metadata: ["discovery.connections": .stringConvertible(room)])
                settings.maximumConnections = max(1, room)
            }
            let metrics = PrometheusMetrics()
            MetricsSystem.bootstrap(metrics)
            let region = settings.region
            let server = Server(settings, metrics: metrics) { listening in print(Self.greeting(listening, region)) }
            try await serve(server, logger)
        } catch let error as ServerError {
            complain(error.description, exitCode: error.code == .configuration ? 78 : error.code == .isServed ? 75 : 73)
        } catch let error as DiscoveryError {
            complain(error.message, exitCode: error.code.exitCode)
        }
    }

    private func serve(_ server: Server, _ logger: Logger) async throws {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint, .sighup], logger: quiet))
        try await group.run()
        logger.info("ended")
    }

    /// What a shell needs to have AWS's own clients ask this daemon.
    private static func greeting(_ listening: Server.Listening, _ region: String) -> String {
        var lines = [
            "discoveryd \(Discovery.version) serves \(listening.home) at \(listening.url)", "",
            "  export DISCOVERY_ENDPOINT=\(listening.url)", "  export AWS_ENDPOINT_URL=\(listening.url)",
            "  export AWS_DISABLE_HOST_PREFIX_INJECTION=true  # or SDKs look for data-\(listening.host)",
            // boto3 and the AWS CLI v1 know the second only, other SDKs the first.
            "  export AWS_REGION=\(region) AWS_DEFAULT_REGION=\(region)",
        ]
        if !listening.hasKeys { lines.append("  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local") }
        return lines.joined(separator: "\n") + "\n"
    }

    private func complain(_ text: String, exitCode: Int32) -> Never {
        try? FileHandle.standardError.write(contentsOf: Data("discoveryd: \(text)\n".utf8))
        Foundation.exit(exitCode)
    }

    private func print(_ text: String) {
        Self.print(text)
    }

    /// Whoever started it may read its output through a pipe: at once, or not at all.
    private static func print(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }
}
