internal import Foundation

/// The headers that callers and functions exchange beside those of HTTP.
package enum WireHeader {
    /// Milliseconds that the caller still waits.
    package static let timeout = "discovery-timeout"
    /// The instance that the caller means, where it was registered by a process that serves it.
    package static let address = "discovery-address"
    /// Of a DeregisterInstance: only the registration with this `DISCOVERY_INCARNATION` is meant. AWS ignores it.
    package static let incarnation = "discovery-incarnation"
    /// Lambda's sign that the body is an error: `Handled` or `Unhandled`.
    package static let functionError = "x-amz-function-error"
}

/// A message's attributes as HTTP headers: `discovery-attribute-NAME: String;value`, the value percent-encoded, binary in base64.
///
/// HTTP folds the case of header names, so an attribute's name is percent-encoded with its capitals.
package enum MessageHeaders {
    private static let prefix = "discovery-attribute-"
    private static let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyz0123456789-_.")

    package static func write(_ attributes: [String: Message.Attribute], add: (String, String) -> Void) {
        for (name, attribute) in attributes {
            guard let key = name.addingPercentEncoding(withAllowedCharacters: plain) else { continue }
            switch attribute {
            case .string(let text):
                add(prefix + key, "String;" + (text.addingPercentEncoding(withAllowedCharacters: .urlQueryAllowed) ?? ""))
            case .number(let text):
                add(prefix + key, "Number;" + (text.addingPercentEncoding(withAllowedCharacters: .urlQueryAllowed) ?? ""))
            case .binary(let bytes): add(prefix + key, "Binary;" + Data(bytes).base64EncodedString())
            }
        }
    }

    /// What cannot be read is not an attribute of ours.
    package static func read(_ headers: some Sequence<(String, String)>) -> [String: Message.Attribute] {
        var attributes: [String: Message.Attribute] = [:]
        for (header, value) in headers {
            // Most headers are not ours: tell by length and first letter before folding case.
            guard header.utf8.count > prefix.utf8.count, header.utf8.first.map({ $0 | 0x20 }) == UInt8(ascii: "d"),
                header.prefix(prefix.count).lowercased() == prefix,
                let name = String(header.dropFirst(prefix.count)).lowercased().removingPercentEncoding,
                let separator = value.firstIndex(of: ";")
            else { continue }
            let text = String(value[value.index(after: separator)...])
            switch value[..<separator] {
            case "String": attributes[name] = text.removingPercentEncoding.map { .string($0) }
            case "Number": attributes[name] = text.removingPercentEncoding.map { .number($0) }
            case "Binary": attributes[name] = Data(base64Encoded: text).map { .binary(Array($0)) }
            default: continue
            }
        }
        return attributes
    }
}
