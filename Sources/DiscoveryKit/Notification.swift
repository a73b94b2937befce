internal import Foundation
internal import Messaging

/// A message of a topic on its way to one subscription, in the forms that SNS gives it.
///
/// Nothing is signed yet: envelopes have no SignatureVersion, Signature and SigningCertURL, so a receiver that checks them refuses ours.
struct Notification: Sendable, Hashable {
    /// What a POST is for; SNS's names.
    enum Kind: String, Sendable, Codable {
        case notification = "Notification"
        case subscriptionConfirmation = "SubscriptionConfirmation"
        case unsubscribeConfirmation = "UnsubscribeConfirmation"
    }

    var kind: Kind
    /// The topic's name.
    var topic: String
    /// The publication's id: the same for every subscription, and for every try.
    var id: String
    /// Of a FIFO topic.
    var sequence: String?
    var subject: String?
    /// When it was published, to the millisecond.
    var published: Date
    /// Text in UTF-8, as messages of topics are; what is no text is shown as well as it can be.
    var body: [UInt8]
    var attributes: [String: Messaging.Attribute]
    /// The subscription's id; unknown to whoever reads an envelope.
    var subscription: String?
    /// What a confirmation is answered with, and where.
    var token: String?
    var subscribeURL: String?
    var unsubscribeURL: String?

    init(
        _ kind: Kind = .notification, topic: String, id: String, sequence: String? = nil, subject: String? = nil, published: Date,
        body: [UInt8], attributes: [String: Messaging.Attribute] = [:], subscription: String? = nil, token: String? = nil,
        subscribeURL: String? = nil, unsubscribeURL: String? = nil
    ) {
        self.kind = kind
        self.topic = topic
        self.id = id
        self.sequence = sequence
        self.subject = subject
        self.published = published
        self.body = body
        self.attributes = attributes
        self.subscription = subscription
        self.token = token
        self.subscribeURL = subscribeURL
        self.unsubscribeURL = unsubscribeURL
    }

    var topicARN: String { LocalTopic.arn(topic) }

    var subscriptionARN: String? { subscription.map { "\(topicARN):\($0)" } }

    /// SNS's form: with milliseconds, whatever they are.
    private var timestamp: String {
        let text = published.timestamp
        return text.contains(".") ? text : text.dropLast() + ".000Z"
    }

    // MARK: Forms

    /// The JSON that a subscription has that did not ask for raw messages; its keys in SNS's order.
    func envelope() -> [UInt8] {
        var writer = NotificationWriter(capacity: body.count + 1_024)
        writer.object {
            writeHead(to: &$0)
            if let subject { $0.member("Subject", subject) }
            $0.member("Message", body)
            if let subscribeURL { $0.member("SubscribeURL", subscribeURL) }
            $0.member("Timestamp", timestamp)
            if let unsubscribeURL { $0.member("UnsubscribeURL", unsubscribeURL) }
            if !attributes.isEmpty { writeAttributes(to: &$0) }
        }
        return writer.bytes
    }

    /// The event that a function is invoked with.
    ///
    /// Unlike an envelope it has every key: programs that read such events with declared types require them. Those of the signature are empty.
    func event() -> [UInt8] {
        var writer = NotificationWriter(capacity: body.count + 1_024)
        writer.object {
            $0.key("Records")
            $0.list {
                $0.object {
                    $0.member("EventSource", "aws:sns")
                    $0.member("EventVersion", "1.0")
                    $0.member("EventSubscriptionArn", subscriptionARN ?? topicARN)
                    $0.key("Sns")
                    $0.object {
                        writeHead(to: &$0)
                        $0.member("Subject", subject)
                        $0.member("Message", body)
                        $0.member("Timestamp", timestamp)
                        $0.member("SignatureVersion", "1")
                        $0.member("Signature", "")
                        $0.member("SigningCertUrl", "")
                        $0.member("UnsubscribeUrl", unsubscribeURL ?? "")
                        writeAttributes(to: &$0)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// What a POST says beside its body.
    ///
    /// - Parameter contentType: the subscription's own, if it has one.
    func headers(isRaw: Bool, contentType: String? = nil) -> [(name: String, value: String)] {
        var headers = [
            ("x-amz-sns-message-type", kind.rawValue), ("x-amz-sns-message-id", id), ("x-amz-sns-topic-arn", topicARN),
            ("content-type", contentType ?? "text/plain; charset=UTF-8"), ("user-agent", "Amazon Simple Notification Service Agent"),
        ]
        // A subscription has no ARN before it is confirmed.
        if kind != .subscriptionConfirmation, let subscriptionARN { headers.append(("x-amz-sns-subscription-arn", subscriptionARN)) }
        if isRaw { headers.append(("x-amz-sns-rawdelivery", "true")) }
        return headers
    }

    private func writeHead(to writer: inout NotificationWriter) {
        writer.member("Type", kind.rawValue)
        writer.member("MessageId", id)
        if let sequence { writer.member("SequenceNumber", sequence) }
        if let token { writer.member("Token", token) }
        writer.member("TopicArn", topicARN)
    }

    private func writeAttributes(to writer: inout NotificationWriter) {
        writer.key("MessageAttributes")
        writer.object {
            for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
                $0.key(name)
                $0.object {
                    $0.member("Type", attribute.type)
                    switch attribute.value {
                    case .string(let text), .number(let text): $0.member("Value", text)
                    case .binary(let bytes): $0.member("Value", Data(bytes).base64EncodedString())
                    }
                }
            }
        }
    }
}

extension Messaging.Attribute {
    /// The type as SNS writes it: `String`, `Number.float`, `String.Array`.
    fileprivate var type: String {
        let kind =
            switch value {
            case .string: "String"
            case .number: "Number"
            case .binary: "Binary"
            }
        return label.map { "\(kind).\($0)" } ?? kind
    }
}
