internal import Foundation
internal import Messaging

/// How a call is to be made that was accepted for later: what travels beside its body.
struct DeferredCall: Codable, Equatable {
    let address: Address
    let contentType: String
    /// Of each try, in seconds; `nil` for the configuration's.
    let deadline: Double?
    let isIdempotent: Bool?
    let headers: [String: String]

    /// The attribute that holds it, as JSON.
    static let attribute = "discovery-call"

    init(_ address: Address, _ message: Message, _ options: RequestOptions) {
        self.address = address
        contentType = message.contentType
        deadline = options.deadline.map { $0 / .seconds(1) }
        isIdempotent = options.isIdempotent
        headers = options.headers
    }

    /// `nil` where that is no call that this version understands.
    init?(_ received: Messaging.Received) {
        guard case .string(let text) = received.attributes[Self.attribute]?.value,
            let call = try? JSONDecoder().decode(Self.self, from: Data(text.utf8))
        else { return nil }
        self = call
    }

    /// The message to keep for it: as text, with an attribute that says how it is to be sent.
    func outgoing(_ message: Message) throws(DiscoveryError) -> Messaging.Outgoing {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text: Data
        do { text = try encoder.encode(self) } catch {
            throw DiscoveryError(.coding, "The call cannot be kept: \(error).", address: address, cause: error)
        }
        var (body, attributes) = OutgoingMessage(message).text
        attributes[Self.attribute] = .init(.string(String(decoding: text, as: UTF8.self)))
        return Messaging.Outgoing(body, attributes: attributes, trace: QueueText.trace(Telemetry.traceHeaders()))
    }

    /// What is sent to the function.
    func message(_ received: Messaging.Received) -> Message {
        var message = Message(received)
        message.attributes[Self.attribute] = nil
        message.contentType = contentType
        return message
    }

    var options: RequestOptions {
        var options = RequestOptions()
        // Bytes of a message; and each try ends before its message is taken for lost: see `Courier.lease`.
        options.deadline = deadline.map { .seconds(min(max($0, 0), 3_000)) }
        options.isIdempotent = isIdempotent
        options.headers = headers
        return options
    }
}
