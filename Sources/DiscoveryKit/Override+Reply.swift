extension Override {
    /// What calls are answered with.
    public struct Reply: Sendable, Hashable {
        /// The HTTP status, 200 to 599; from 300 on, the function has failed.
        public var status: Int
        /// The media type of the body.
        public var contentType: String
        /// The body; at most ``maximumLength`` bytes.
        public var body: String

        /// The most bytes of UTF-8 a body may have: 65,536. A home may keep a thousand of them.
        public static let maximumLength = 65_536

        /// An answer with a text, sent as it is.
        public init(text: String, status: Int = 200, contentType: String = Reply.textType) {
            self.status = status
            self.contentType = contentType
            body = text
        }

        /// An answer with a value as JSON: a `String` becomes a JSON string.
        ///
        /// - Throws: `.coding` when the value cannot be encoded.
        public init(json value: some Encodable, status: Int = 200) throws(DiscoveryError) {
            let message = try Message.json(value)
            self.init(text: String(decoding: message.body, as: UTF8.self), status: status, contentType: message.contentType)
        }

        /// The media type of a text, unless told otherwise.
        public static let textType = "text/plain; charset=utf-8"

        /// What a caller is given.
        package var message: Message {
            var message = Message.text(body)
            message.contentType = contentType
            return message
        }
    }
}

extension Override.Reply: CustomStringConvertible {
    /// The status and how much of what: never the body.
    public var description: String {
        "status \(status) and \(body.utf8.count) bytes of \(contentType.excerpt())"
    }
}
