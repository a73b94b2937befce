import ArgumentParser
import DiscoveryKit
import Foundation

/// The command line: arguments in, one operation, its result or one sentence out.
@main
struct Command: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discovery",
        abstract: "Names functions, queues and topics, calls them by name, and keeps their messages.",
        discussion: """
            An address is `namespace.service->instance`. Names are kept in a home, a directory that any number of processes share:
            --home, else DISCOVERY_HOME, else ~/.local/state/discovery. With DISCOVERY_ENDPOINT=http://127.0.0.1:4580 they are asked of a
            daemon instead: resolve, request, register, deregister, serve, explain and ls work so.

            Example: discovery register 'ais.scheduler->get-job' http://127.0.0.1:8080/
                     discovery request 'ais.scheduler->get-job' '{"id": 7}'

                     discovery queues create jobs --address 'ais.garden->jobs'
                     discovery queue 'ais.garden->jobs' 'water the plants'
                     discovery listen 'ais.garden->jobs' -- ./work.sh

            Exit codes: 0 done; 1 unexpected; 64 wrong usage; 65 malformed address; 66 not found; 67 ambiguous; 68 wrong kind;
            69 unreachable; 70 the function failed; 71 outcome unknown; 72 full; 73 home unusable; 74 damaged; 75 busy; 76 not encodable;
            77 unsupported; 78 configuration; 79 a rule was broken; 80 exists already; 81 too large; 82 lease lost; 124 deadline; 130 cancelled.

            Shell completions: discovery --generate-completion-script [zsh|bash|fish]
            """,
        version: Discovery.version,
        subcommands: [
            RegisterCommand.self, DeregisterCommand.self, ListCommand.self, ResolveCommand.self, ExplainCommand.self, RequestCommand.self,
            ServeCommand.self, QueueCommand.self, ListenCommand.self, QueuesCommand.self, PeekCommand.self, RedriveCommand.self,
            PublishCommand.self, SubscribeCommand.self, UnsubscribeCommand.self, TopicsCommand.self, CourierCommand.self,
            PlanCommand.self, DeployCommand.self, DriftCommand.self, DestroyCommand.self, StacksCommand.self,
            OverrideCommand.self, GenerateCommand.self, InitCommand.self,
            DoctorCommand.self, BackupCommand.self, DemoCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as DiscoveryError {
            Output.complain(error.message)
            Foundation.exit(error.code.exitCode)
        } catch {
            exit(withError: error)
        }
    }
}
