internal import Foundation

/// What a queue of texts carries of a message: SQS's queues, and so those of a home, take one character or more, of those that XML allows.
/// Any other body goes in base 64, which an attribute says; the trace goes as lines `name: value`.
enum QueueText {
    static let attribute = "discovery-encoding"

    /// A body as a text, and the value of ``attribute`` where it is not the text itself.
    static func encode(_ body: [UInt8]) -> (body: [UInt8], encoding: String?) {
        if body.isEmpty { return (Array("-".utf8), "empty") }
        return isText(body) ? (body, nil) : (Array(Data(body).base64EncodedString().utf8), "base64")
    }

    /// The body that was sent. What is encoded in no way that we know is left as it came.
    static func decode(_ body: [UInt8], _ encoding: Message.Attribute?) -> [UInt8] {
        switch encoding {
        case .string("empty"): []
        case .string("base64"): Data(base64Encoded: Data(body)).map(Array.init) ?? body
        default: body
        }
    }

    static func trace(_ headers: [String: String]) -> String? {
        headers.isEmpty ? nil : headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    }

    static func headers(_ trace: String?) -> [String: String] {
        var headers: [String: String] = [:]
        for line in (trace ?? "").split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[String(line[..<colon])] = String(line[colon...].dropFirst(2))
        }
        return headers
    }

    /// Whether bytes are UTF-8 of the characters that SQS allows.
    private static func isText(_ body: [UInt8]) -> Bool {
        let isPlain = body.allSatisfy { (0x20..<0x80).contains($0) || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        if isPlain { return true }
        guard let text = String(validating: body, as: UTF8.self) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
            default: false
            }
        }
    }
}
