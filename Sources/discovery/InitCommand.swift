import ArgumentParser
import DiscoveryKit
import Foundation

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Starts a project: a package with an application, and the template of what it uses.",
        discussion: """
            Makes the folder NAME here. It holds a template, as it is in the folder Templates of this project, a program that serves and
            handles what the template names, and a README with the three commands that run it. The names begin with NAME.

            Templates: \(ReadyTemplate.names.joined(separator: ", ")).

            Examples: discovery init shop
                      discovery init ledger --template fifo-queue
            """)

    @Argument(help: "The project's name, and its folder's: a letter, then letters, digits and hyphens, up to 40.") var name: String
    @Option(help: ArgumentHelp("Which template.", valueName: "name"), completion: .list(ReadyTemplate.names)) var template = "whole-app"
    @Option(
        help: ArgumentHelp(
            "The folder of the package `discovery`; DISCOVERY_PACKAGE, else the one that this program was built in.",
            valueName: "directory"),
        completion: .directory)
    var packagePath: String?

    func validate() throws {
        guard Project.isName(name) else {
            throw ValidationError(
                "A project's name is a letter, then letters, digits and hyphens, up to 40, and no module's of ours; \(name.debugDescription) is not."
            )
        }
        guard ReadyTemplate.named(template) != nil else {
            throw ValidationError(
                "There is no template \(template.debugDescription). There are \(ReadyTemplate.names.joined(separator: ", ")).")
        }
    }

    func run() throws {
        guard let template = ReadyTemplate.named(template) else { return }
        let project = Project(name: name, template: template, package: try package())
        try project.write()
        Output.print("\(name) is made. It is run by:\n")
        Output.print("cd \(name)")
        for command in project.commands { Output.print(command) }
    }

    private func package() throws(DiscoveryError) -> String {
        if let named = packagePath ?? ProcessInfo.processInfo.environment["DISCOVERY_PACKAGE"], !named.isEmpty {
            let folder = URL(fileURLWithPath: named, isDirectory: true).standardizedFileURL
            guard Self.isPackage(folder) else {
                throw DiscoveryError(
                    .configuration, "`\(named)` is not the folder of the package `discovery`: it has no such Package.swift.")
            }
            return folder.path
        }
        var folder = URL(fileURLWithPath: Bundle.main.executablePath ?? "/").resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            if Self.isPackage(folder) { return folder.path }
        }
        throw DiscoveryError(
            .configuration,
            "This program is not where it was built, so it does not know the package that the project needs. Say where that is: --package-path."
        )
    }

    private static func isPackage(_ folder: URL) -> Bool {
        let manifest = try? String(contentsOf: folder.appendingPathComponent("Package.swift"), encoding: .utf8)
        return manifest?.contains("name: \"discovery\",\n") == true
    }
}
