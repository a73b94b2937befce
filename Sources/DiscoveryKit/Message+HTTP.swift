package import HTTPServing

extension Message {
    /// What a request carries: its body, its content type, and the attributes among its headers.
    package init(_ request: HTTPRequest) {
        self.init(body: request.body, attributes: MessageHeaders.read(request.headers.lazy.map { ($0.name, $0.value) }))
        contentType = request.headers["content-type"] ?? contentType
    }
}

extension HTTPResponse {
    /// A reply that carries a message, which `Message(_:)` of a request would read back.
    package init(_ message: Message, status: Int = 200, headers: [(String, String)] = []) {
        var headers = [("Content-Type", message.contentType)] + headers
        MessageHeaders.write(message.attributes) { headers.append(($0, $1)) }
        self.init(status: status, headers: headers, body: message.body)
    }
}
