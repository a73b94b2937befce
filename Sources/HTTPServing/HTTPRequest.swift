internal import NIOHTTP1

/// One whole request: nothing of it is still to come.
package struct HTTPRequest: Sendable {
    /// As sent; methods are case-sensitive.
    package var method: String
    /// The raw request target, percent-encoding and query included; in proxy form it is a whole URL.
    package var path: String
    package var headers: Headers
    package var body: [UInt8]

    package init(method: String, path: String, headers: Headers = Headers(), body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }

    init(head: HTTPRequestHead, body: [UInt8]) {
        self.init(method: head.method.rawValue, path: head.uri, headers: Headers(fields: head.headers), body: body)
    }
}

extension HTTPRequest {
    /// Header fields in the order they came. Names are compared without regard to case.
    package struct Headers: Sendable, Sequence {
        let fields: HTTPHeaders

        init(fields: HTTPHeaders) {
            self.fields = fields
        }

        package init(_ fields: [(String, String)] = []) {
            self.fields = HTTPHeaders(fields)
        }

        package var count: Int { fields.count }

        /// The first value sent under this name, or nil.
        package subscript(name: String) -> String? {
            fields.first(name: name)
        }

        /// Each value sent under this name, as sent: a comma list stays one value.
        package func values(_ name: String) -> [String] {
            fields[name]
        }

        package func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
            fields.makeIterator()
        }
    }
}
