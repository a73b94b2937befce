/// A whole reply.
///
/// The server frames it: a `Content-Length` or `Transfer-Encoding` given here is ignored, but for the length of what a HEAD request
/// asks about. `Connection: close` given here closes the connection after the reply. A status outside 200...999 or a header that
/// would break the framing (an empty name, a line break in a value) is answered 500: a handler's mistake must not split a reply.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: [(String, String)]
    package var body: [UInt8]

    package init(status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The text is sent as UTF-8; say so in `headers`.
    package init(status: Int = 200, headers: [(String, String)] = [], text: String) {
        self.init(status: status, headers: headers, body: Array(text.utf8))
    }
}
