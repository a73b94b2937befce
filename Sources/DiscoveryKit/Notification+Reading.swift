internal import Foundation
internal import Messaging

extension Notification {
    /// The longest envelope that is read: one of the greatest message, each byte of it escaped as six.
    static let longestEnvelope = 2 << 20

    /// Reads an envelope, SNS's own included; `nil` for any other text. Signatures are not looked at, and the subscription is not known.
    init?(envelope: [UInt8]) {
        // Most texts are told by their first byte.
        let start = envelope.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard start == UInt8(ascii: "{"), envelope.count <= Self.longestEnvelope,
            let parts = try? JSONDecoder().decode(Envelope.self, from: Data(envelope)),
            let topic = Self.topic(arn: parts.TopicArn), let published = Date(timestamp: parts.Timestamp)
        else { return nil }
        var attributes: [String: Messaging.Attribute] = [:]
        for (name, part) in parts.MessageAttributes ?? [:] {
            guard let attribute = part.attribute else { return nil }
            attributes[name] = attribute
        }
        self.init(
            parts.Type, topic: topic, id: parts.MessageId, sequence: parts.SequenceNumber, subject: parts.Subject, published: published,
            body: Array(parts.Message.utf8), attributes: attributes, token: parts.Token, subscribeURL: parts.SubscribeURL,
            unsubscribeURL: parts.UnsubscribeURL)
    }

    /// The name in an ARN of any region and account.
    private static func topic(arn: String) -> String? {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "sns", !parts[5].isEmpty else { return nil }
        return String(parts[5])
    }

    /// Named as on the wire.
    private struct Envelope: Decodable {
        let `Type`: Kind
        let MessageId: String
        let SequenceNumber: String?
        let Token: String?
        let TopicArn: String
        let Subject: String?
        let Message: String
        let SubscribeURL: String?
        let Timestamp: String
        let UnsubscribeURL: String?
        let MessageAttributes: [String: Attribute]?
    }

    private struct Attribute: Decodable {
        let `Type`: String
        let Value: String

        /// `nil` when it is of no type that SNS has, or not what its type says.
        var attribute: Messaging.Attribute? {
            let parts = self.Type.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            let label = parts.count > 1 ? String(parts[1]) : nil
            switch parts.first {
            case "String": return .init(.string(Value), label: label)
            case "Number": return .init(.number(Value), label: label)
            case "Binary": return Data(base64Encoded: Value).map { .init(.binary(Array($0)), label: label) }
            default: return nil
            }
        }
    }
}
