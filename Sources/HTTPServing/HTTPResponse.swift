package import NIOCore

/// A whole reply.
///
/// The server frames it: a `Content-Length` or `Transfer-Encoding` given here is ignored, but for the length of what a HEAD request
/// asks about. `Connection: close` given here closes the connection after the reply. A status outside 200...999 or a header that
/// would break the framing (an empty name, a line break in a value) is answered 500: a handler's mistake must not split a reply.
package struct HTTPResponse: Sendable {
    /// A body as its maker has it; either is copied at most once.
    package enum Content: Sendable {
        case bytes([UInt8])
        case buffer(ByteBuffer)

        package var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .buffer(let buffer): buffer.readableBytes
            }
        }
    }

    package var status: Int
    package var headers: [(String, String)]
    package var content: Content

    package init(status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        content = .bytes(body)
    }

    package init(status: Int = 200, headers: [(String, String)] = [], buffer: ByteBuffer) {
        self.status = status
        self.headers = headers
        content = .buffer(buffer)
    }

    /// The text is sent as UTF-8; say so in `headers`.
    package init(status: Int = 200, headers: [(String, String)] = [], text: String) {
        self.init(status: status, headers: headers, body: Array(text.utf8))
    }

    /// The body as bytes; a copy where it was given as a buffer.
    package var body: [UInt8] {
        get {
            switch content {
            case .bytes(let bytes): bytes
            case .buffer(let buffer): Array(buffer.readableBytesView)
            }
        }
        set { content = .bytes(newValue) }
    }
}
