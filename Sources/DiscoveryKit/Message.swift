/// A body and its attributes, sent and received as they are. Operations also take any `Encodable`, which they send as JSON without
/// exception (a `String` becomes a JSON string); a `Message` is for every other body.
public struct Message: Sendable, Hashable {
    /// The body. How long it may be depends on the backend and the operation; too long a body is refused when it is sent.
    public var body: [UInt8]
    /// Typed attributes by name, sent beside the body.
    public var attributes: [String: Attribute]

    /// The media type to send beside the body where the protocol has a place for it; `application/octet-stream` for bytes.
    public var contentType: String

    package init(body: [UInt8], attributes: [String: Attribute] = [:], contentType: String = "application/octet-stream") {
        self.body = body
        self.attributes = attributes
        self.contentType = contentType
    }

    /// A message with neither body nor attributes.
    public static var empty: Message { Message(body: []) }

    /// A message whose body is a text in UTF-8.
    public static func text(_ text: some StringProtocol, attributes: [String: Attribute] = [:]) -> Message {
        Message(body: Array(text.utf8), attributes: attributes, contentType: "text/plain; charset=utf-8")
    }

    /// A message whose body is these bytes.
    public static func bytes(_ bytes: some Sequence<UInt8>, attributes: [String: Attribute] = [:]) -> Message {
        Message(body: Array(bytes), attributes: attributes)
    }

    /// An attribute of a message: the three types of SQS and SNS. What each may hold is checked when the message is sent.
    public enum Attribute: Sendable, Hashable {
        /// A text.
        case string(String)
        /// A decimal number as written, up to 38 digits, so that none is lost.
        case number(String)
        /// Any bytes.
        case binary([UInt8])
    }
}
