import DiscoveryKit
import Foundation

/// A package of an application that uses a template: its files, and where they go.
struct Project {
    let name: String
    let template: ReadyTemplate
    /// The folder of this package, which the application depends on.
    let package: String

    /// What a stack, a namespace, a folder and a Swift module may all be called.
    static func isName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (1...40).contains(bytes.count), let first = bytes.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20) else {
            return false
        }
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-")
        }
        return isPlain && !taken.contains(name.lowercased())
    }

    /// Modules that the application imports, or that those import.
    private static let taken: Set<String> = [
        "discovery", "discoverykit", "swift", "foundation", "registry", "messaging", "store", "httpserving",
    ]

    /// Paths within the project's folder, with their texts.
    var files: [(path: String, text: String)] {
        [
            ("Package.swift", manifest), ("README.md", readme), (".gitignore", ".build/\n"),
            ("Templates/\(template.name).yaml", template.text),
            ("Sources/\(name)/App.swift", program),
        ]
    }

    /// Writes the files into a folder that is not there yet.
    ///
    /// - Throws: `.alreadyExists` for one that is; `.configuration` where nothing can be written. Then nothing is left.
    func write() throws(DiscoveryError) {
        let folder = URL(fileURLWithPath: name, isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        } catch {
            if (try? FileManager.default.attributesOfItem(atPath: name)) != nil {
                throw DiscoveryError(.alreadyExists, "There is a `\(name)` already. Take another name, or move it away.", cause: error)
            }
            throw DiscoveryError(.configuration, "The folder `\(name)` cannot be made: \(error.localizedDescription)", cause: error)
        }
        do {
            for (path, text) in files {
                let file = folder.appendingPathComponent(path)
                try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw DiscoveryError(.configuration, "The project cannot be written: \(error.localizedDescription)", cause: error)
        }
    }

    // MARK: Commands

    /// What makes the resources, runs the application, and has it do something.
    var commands: [String] {
        let address = "\(template.namespace(of: name)).\(template.trial.name)"
        return [
            "discovery deploy \(name) Templates/\(template.name).yaml --parameter \(template.parameter(of: name))",
            "swift run \(name)",
            "discovery \(template.trial.verb) '\(address)' '{\"name\": \"Ada\"}'",
        ]
    }

    private func addresses(_ names: [String]) -> [String] { names.map { "\(template.namespace(of: name)).\($0)" } }
}

// MARK: Texts

extension Project {
    private var manifest: String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "\(name)",
            platforms: [.macOS(.v15)],
            dependencies: [.package(name: "discovery", path: \(Self.literal(package)))],
            targets: [.executableTarget(name: "\(name)", dependencies: [.product(name: "DiscoveryKit", package: "discovery")])],
            swiftLanguageModes: [.v6]
        )

        """
    }

    /// A path may hold quotes.
    private static func literal(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }

    private var readme: String {
        """
        # \(name)

        \(sentence) What it uses is described in [Templates/\(template.name).yaml](Templates/\(template.name).yaml), which AWS takes as it is.

        ```sh
        \(commands[0])
        \(commands[1])
        ```

        and, in another terminal:

        ```sh
        \(commands[2])
        ```

        `discovery ls` shows the names there are; `discovery explain` where one leads.

        """
    }

    private var sentence: String {
        let functions = addresses(template.functions).map { "answers calls of `\($0)`" }
        let queues = addresses(template.queues).map { "does the jobs of `\($0)`" }
        return "An application that " + (functions + queues).joined(separator: " and ") + "."
    }

    private var program: String {
        let functions = addresses(template.functions).map { address in
            """
                        group.addTask {
                            try await Discovery.serve("\(address)") { (person: Person) in Greeting(text: "Good day, \\(person.name)!") }
                        }

            """
        }
        let queues = addresses(template.queues).map { address in
            """
                        group.addTask {
                            // Returning finishes the message, throwing has it come again.
                            try await Discovery.listen("\(address)") { (person: Person) in print("a job for \\(person.name)") }
                        }

            """
        }
        let greeting = functions.isEmpty ? "" : "    struct Greeting: Codable, Sendable { var text: String }\n"
        return """
            import DiscoveryKit

            /// \(sentence)
            @main
            struct App {
                struct Person: Codable, Sendable { var name: String }
            \(greeting)
                static func main() async throws {
                    try await withThrowingTaskGroup(of: Void.self) { group in
            \((functions + queues).joined())            // The first that fails ends the others.
                        for try await _ in group {}
                    }
                }
            }

            """
    }
}
