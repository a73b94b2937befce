import ArgumentParser
import DiscoveryKit
import Foundation

/// The typed attributes of a message as options.
struct AttributeOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("An attribute, a text; may be repeated.", valueName: "key=value")) var attribute:
        [String] = []
    @Option(help: ArgumentHelp("An attribute, a number; may be repeated.", valueName: "key=value")) var number: [String] = []
    @Option(help: ArgumentHelp("An attribute, bytes in base 64; may be repeated.", valueName: "key=value")) var binary: [String] = []

    func validate() throws { _ = try attributes() }

    func attributes() throws -> [String: Message.Attribute] {
        var attributes = try parsedAttributes(attribute).mapValues { Message.Attribute.string($0) }
        for (key, value) in try parsedAttributes(number, of: "--number") { attributes[key] = .number(value) }
        for (key, value) in try parsedAttributes(binary, of: "--binary") {
            guard let data = Data(base64Encoded: value) else {
                throw ValidationError("--binary takes bytes in base 64; those of `\(key)` are not.")
            }
            attributes[key] = .binary(Array(data))
        }
        return attributes
    }
}
