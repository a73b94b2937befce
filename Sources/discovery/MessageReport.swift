import DiscoveryKit
import Foundation

/// A message as JSON, after what else is said of it: `body` where that is text, else `base64`.
struct MessageReport<Fields: Encodable>: Encodable {
    private struct Content: Encodable {
        struct Attribute: Encodable { let type: String, value: String }

        let body: String?
        let base64: String?
        let attributes: [String: Attribute]
    }

    private let fields: Fields
    private let content: Content

    init(_ fields: Fields, _ message: Message) {
        self.fields = fields
        let text = String(validating: message.body, as: UTF8.self)
        content = Content(
            body: text, base64: text == nil ? Data(message.body).base64EncodedString() : nil,
            attributes: message.attributes.mapValues { .init(type: $0.type, value: $0.text) })
    }

    func encode(to encoder: any Encoder) throws {
        try fields.encode(to: encoder)
        try content.encode(to: encoder)
    }
}

extension Message.Attribute {
    /// As a text: bytes in base 64.
    var text: String {
        switch self {
        case .string(let text), .number(let text): text
        case .binary(let bytes): Data(bytes).base64EncodedString()
        }
    }

    var type: String {
        switch self {
        case .string: "String"
        case .number: "Number"
        case .binary: "Binary"
        }
    }
}
