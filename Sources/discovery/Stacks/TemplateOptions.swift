import ArgumentParser
import CloudFormation
import Deployment
import DiscoveryKit
import Foundation

/// A stack, its template and what that is deployed with, as arguments.
struct TemplateOptions: ParsableArguments {
    @Argument(help: "The stack's name.") var stack: String
    @Argument(help: "A template of CloudFormation, YAML or JSON, or a serverless.yml.", completion: .file()) var template: String
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A parameter; may be repeated. Of a serverless.yml, what ${opt:name} means.", valueName: "name=value"))
    var parameter: [String] = []
    @Flag(help: "Leave out resources of types that are AWS's alone, instead of refusing the template.") var skipUnsupported = false

    var request: Deployment.Request {
        get throws {
            let parameters = try parsedAttributes(parameter, of: "--parameter")
            let bytes: [UInt8]
            do { bytes = try Array(Data(contentsOf: URL(fileURLWithPath: template))) } catch {
                guard FileManager.default.fileExists(atPath: template) else { throw ValidationError("There is no file \(template).") }
                throw ValidationError("\(template) cannot be read: \(error.localizedDescription)")
            }
            let name = URL(fileURLWithPath: template).lastPathComponent
            return try explained {
                guard name.hasPrefix("serverless.") else {
                    return Deployment.Request(
                        stack: stack, template: try Template(parsing: bytes, name: template), parameters: parameters,
                        skipsUnsupported: skipUnsupported)
                }
                let file = try ServerlessFile(parsing: bytes, name: template)
                let variables = ServerlessFile.Variables(options: parameters, environment: ProcessInfo.processInfo.environment)
                return Deployment.Request(
                    stack: stack, template: try file.template(variables), skipsUnsupported: skipUnsupported, adoptsNamespaces: true)
            }
        }
    }
}

/// Gives what is wrong with a template the form of the command's errors: where it is comes first.
func explained<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as TemplateError { throw DiscoveryError(.invalid, error.description) }
}

func explained<Value>(_ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch let error as TemplateError { throw DiscoveryError(.invalid, error.description) }
}
