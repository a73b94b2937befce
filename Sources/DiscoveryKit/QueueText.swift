internal import Foundation
internal import Messaging

/// What a queue of texts carries of a message: SQS's queues, and so those of a home, take one character or more, of those that XML allows.
/// Any other body goes in base 64, which an attribute says.
enum QueueText {
    static let attribute = "discovery-encoding"

    /// A body as a text, and the value of ``attribute`` where it is not the text itself.
    static func encode(_ body: [UInt8]) -> (body: [UInt8], encoding: String?) {
        if body.isEmpty { return (Array("-".utf8), "empty") }
        return Messaging.isText(body) ? (body, nil) : (Array(Data(body).base64EncodedString().utf8), "base64")
    }

    /// The body that was sent. What is encoded in no way that we know is left as it came.
    static func decode(_ body: [UInt8], _ encoding: Message.Attribute?) -> [UInt8] {
        switch encoding {
        case .string("empty"): []
        case .string("base64"): Data(base64Encoded: Data(body)).map(Array.init) ?? body
        default: body
        }
    }

    /// The trace's headers as `name=value;…`, percent-encoded where a trace header could not hold them; without those that make it too long, as
    /// no message is worth less than its trace.
    static func trace(_ headers: [String: String]) -> String? {
        var trace = ""
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            guard let name = name.addingPercentEncoding(withAllowedCharacters: plain),
                let value = value.addingPercentEncoding(withAllowedCharacters: plain)
            else { continue }
            let part = "\(trace.isEmpty ? "" : ";")\(name)=\(value)"
            if trace.utf8.count + part.utf8.count <= longestTrace { trace += part }
        }
        return trace.isEmpty ? nil : trace
    }

    /// The headers of a trace; none of one that another kind of sender wrote.
    static func headers(_ trace: String?) -> [String: String] {
        var headers: [String: String] = [:]
        for part in (trace ?? "").split(separator: ";" as Character) {
            guard let equals = part.firstIndex(of: "="), let name = part[..<equals].removingPercentEncoding,
                let value = part[equals...].dropFirst().removingPercentEncoding
            else { continue }
            headers[name] = value
        }
        return headers
    }

    /// What a trace header of SQS may have in all, in bytes.
    private static let longestTrace = 1_024
    private static let plain = CharacterSet(charactersIn: "!"..."~").subtracting(CharacterSet(charactersIn: "%;="))
}
