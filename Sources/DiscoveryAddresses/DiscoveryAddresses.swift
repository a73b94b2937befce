import Foundation
import PackagePlugin

/// Generates the addresses of every template of a target, before it is built.
///
/// A template is a file of the target whose name ends in `.template.yaml`, `.template.yml` or `.template.json`. Its parameters, and what else
/// `discovery generate swift` takes as options, are in the file `discovery-addresses.json` of the same folder, if there is one:
/// `{"parameters": {"Stage": "prod"}, "enum": "App"}`. The keys are `parameters`, `stackName`, `namespaces`, `enum` and `access`.
@main
struct DiscoveryAddresses: BuildToolPlugin {
    private static let endings = [".template.yaml", ".template.yml", ".template.json"]

    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let target = target as? any SourceModuleTarget else { return [] }
        let files = target.sourceFiles.map(\.url)
        let tool = try context.tool(named: "discovery-generate")
        let folder = target.directoryURL.path
        return files.compactMap { template in
            guard Self.endings.contains(where: template.lastPathComponent.hasSuffix) else { return nil }
            let options = template.deletingLastPathComponent().appending(path: "discovery-addresses.json")
            let inputs = [template] + files.filter { $0.path == options.path }
            // Two templates of one name may be in two folders.
            let place = template.path.hasPrefix(folder) ? String(template.path.dropFirst(folder.count)) : template.lastPathComponent
            let name = place.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }.joined(separator: ".")
            let output = context.pluginWorkDirectoryURL.appending(path: "\(name).swift")
            return .buildCommand(
                displayName: "Generating the addresses of \(template.lastPathComponent)", executable: tool.url,
                arguments: [template.path, output.path] + inputs.dropFirst().map(\.path), inputFiles: inputs, outputFiles: [output])
        }
    }
}
