import AddressGenerator
import Foundation

/// What the build-tool plugin runs: `discovery-generate TEMPLATE OUTPUT [OPTIONS]`. For people there is `discovery generate swift`.
///
/// It is built for every build of every package that uses the plugin, so it depends on as little as it can.
@main
struct DiscoveryGenerate {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst().map { $0 }
        guard (2...3).contains(arguments.count) else {
            complain("usage: discovery-generate TEMPLATE OUTPUT [OPTIONS]")
            exit(64)
        }
        do {
            let options = try arguments.dropFirst(2).first.map(options) ?? GenerationOptions()
            let generated = try AddressGenerator(options).swift(from: Array(try contents(of: arguments[0])), named: arguments[0])
            generated.warnings.forEach { complain($0.description) }
            try Data(generated.source.utf8).write(to: URL(fileURLWithPath: arguments[1]), options: .atomic)
        } catch let finding as Finding {
            complain(finding.description)
            exit(1)
        } catch let error as Unreadable {
            complain("\(error.path):1:1: error: \(error.reason)")
            exit(1)
        } catch {
            complain("error: \(arguments[1]) cannot be written: \(error.localizedDescription)")
            exit(1)
        }
    }

    private struct Unreadable: Error {
        let path: String
        let reason: String
    }

    private static func contents(of path: String) throws(Unreadable) -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw Unreadable(path: path, reason: "It cannot be read: \(error.localizedDescription)")
        }
    }

    private static func options(at path: String) throws(Unreadable) -> GenerationOptions {
        let data = try contents(of: path)
        do {
            return try JSONDecoder().decode(GenerationOptions.self, from: data)
        } catch DecodingError.dataCorrupted(let context) {
            throw Unreadable(path: path, reason: context.debugDescription)
        } catch {
            throw Unreadable(
                path: path, reason: #"This is no object such as {"parameters": {"Stage": "prod"}, "enum": "App", "access": "public"}."#)
        }
    }

    private static func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}
