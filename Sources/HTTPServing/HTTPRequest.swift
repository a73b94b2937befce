internal import NIOCore
internal import NIOHTTP1

/// One whole request: nothing of it is still to come.
package struct HTTPRequest: Sendable {
    /// As sent; methods are case-sensitive.
    package var method: String
    /// The raw request target, percent-encoding and query included. Of a whole URL (RFC 9112 §3.2.2) what follows its authority.
    package var path: String
    package var headers: Headers
    package var body: [UInt8]
    package var peer: Peer

    package init(method: String, path: String, headers: Headers = Headers(), body: [UInt8] = [], peer: Peer = Peer()) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    init(head: HTTPRequestHead, body: [UInt8], peer: Peer) {
        self.init(
            method: head.method.rawValue, path: Self.originForm(head.uri), headers: Headers(fields: head.headers), body: body, peer: peer)
    }

    private static func originForm(_ target: String) -> String {
        guard target.utf8.first != UInt8(ascii: "/") else { return target }
        let lower = target.prefix(8).lowercased()
        guard lower.hasPrefix("http://") || lower == "https://" else { return target }
        let rest = target.dropFirst(lower == "https://" ? 8 : 7)
        guard let start = rest.utf8.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }) else { return "/" }
        return rest.utf8[start] == UInt8(ascii: "/") ? String(rest[start...]) : "/" + rest[start...]
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

extension HTTPRequest {
    /// Who sent a request, as far as the socket tells.
    package struct Peer: Sendable, Equatable {
        /// A literal IPv4 or IPv6 address; an IPv4 address that came in IPv6 clothes is told without them. Empty if unknown.
        package var address: String
        /// Whether this is a process of the same machine, for all that the address says.
        package var isLoopback: Bool

        /// - Parameter address: A literal address; an unknown one is not this machine's.
        package init(_ address: String = "") {
            self.address = address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
            isLoopback = self.address.hasPrefix("127.") || self.address == "::1"
        }

        init(_ address: SocketAddress?) {
            self.init(address?.ipAddress ?? "")
        }
    }
}
