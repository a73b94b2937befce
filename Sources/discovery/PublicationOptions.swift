import ArgumentParser
import DiscoveryKit
import Foundation

/// A message to a topic, as arguments.
struct PublicationOptions: ParsableArguments {
    @Argument(help: "The body; read from standard input when it is - or left out.") var body: String?
    @OptionGroup var attributes: AttributeOptions
    @Option(help: ArgumentHelp("What it is about: 1 to 99 printable ASCII characters.", valueName: "text")) var subject: String?

    func message() throws -> Message {
        let attributes = try attributes.attributes()
        if let body, body != "-" { return .text(body, attributes: attributes) }
        do {
            return .bytes(try FileHandle.standardInput.readToEnd() ?? Data(), attributes: attributes)
        } catch {
            throw ValidationError("Standard input cannot be read: \(error.localizedDescription)")
        }
    }
}
