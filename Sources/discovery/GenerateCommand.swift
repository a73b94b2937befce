import AddressGenerator
import ArgumentParser
import DiscoveryKit
import Foundation

struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Makes source of a template.", subcommands: [GenerateSwiftCommand.self])
}

struct GenerateSwiftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swift",
        abstract: "Makes Swift constants of the addresses in a template, of the types that their kinds have.",
        discussion: """
            With them, a wrong name does not compile, nor does a request to a queue. Each instance of the template becomes a constant, in enums
            of its namespace and service; one whose name is known only once it is deployed is told on standard error, and left out.

            Examples: discovery generate swift scheduler.template.yaml --parameter Stage=prod --enum App --output Addresses.swift

            In a package, the build-tool plugin DiscoveryAddresses does it for each build.
            """)

    @Argument(help: ArgumentHelp("A CloudFormation template, YAML or JSON.", valueName: "template"), completion: .file()) var template:
        String
    @Option(name: .shortAndLong, help: ArgumentHelp("A parameter of the template; may be repeated.", valueName: "name=value"))
    var parameter: [String] = []
    @Option(help: "What AWS::StackName is.") var stackName: String?
    @Option(
        help: ArgumentHelp("The name of a namespace that the template only has the id of; may be repeated.", valueName: "id=name"))
    var namespace: [String] = []
    @Option(help: ArgumentHelp("An enum to hold all others.", valueName: "name")) var `enum`: String?
    @Option(help: "internal, package or public.") var access: GenerationOptions.Access = .internal
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where to write; standard output unless given.", valueName: "file"), completion: .file())
    var output: String?

    func run() throws {
        let options = GenerationOptions(
            parameters: try parsedAttributes(parameter, of: "--parameter"), stackName: stackName,
            namespaces: try parsedAttributes(namespace, of: "--namespace"), enclosingEnum: `enum`, access: access)
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: template))
        } catch {
            throw ValidationError("`\(template)` cannot be read: \(error.localizedDescription)")
        }
        let generated: AddressGenerator.Generated
        do {
            generated = try AddressGenerator(options).swift(from: Array(bytes), named: template)
        } catch {
            throw DiscoveryError(.invalid, error.description, cause: error)
        }
        for warning in generated.warnings { Output.complain(warning.description) }
        guard let output else { return Output.write(Array(generated.source.utf8)) }
        do {
            try Data(generated.source.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw ValidationError("`\(output)` cannot be written: \(error.localizedDescription)")
        }
    }
}

extension GenerationOptions.Access: ExpressibleByArgument {}
