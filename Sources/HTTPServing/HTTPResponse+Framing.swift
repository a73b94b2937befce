internal import NIOCore
internal import NIOHTTP1

/// What the connection, not the handler, decides about a reply.
struct ReplyForm: Equatable {
    /// This is the connection's last reply.
    var closes = false
    /// The request was a HEAD: the reply's headers tell of a body that is not sent.
    var omitsBody = false
    /// An HTTP/1.0 client must be told that the connection stays open.
    var announcesKeepAlive = false
}

/// A reply as a socket takes it.
struct FramedReply {
    /// The head, and the body where that is short: one buffer is cheaper to send than two.
    let head: ByteBuffer
    let body: ByteBuffer?

    var count: Int { head.readableBytes + (body?.readableBytes ?? 0) }
}

extension HTTPResponse {
    /// Up to this size a body is copied behind its head.
    private static let shortBody = 16 * 1024

    /// Whether the handler asked for the connection to be closed after this reply.
    var asksToClose: Bool {
        headers.contains { name, value in name.isHeader("connection") && value.lowercased() == "close" }
    }

    /// RFC 9110 §6.4.1 and §15: neither has a body, whatever its headers say.
    private var mayHaveBody: Bool { status != 204 && status != 304 }

    /// Makes a long body what a socket takes, so that the event loop need not copy it.
    func settled() -> HTTPResponse {
        guard case .bytes(let bytes) = content, bytes.count > Self.shortBody else { return self }
        return HTTPResponse(status: status, headers: headers, buffer: ByteBuffer(bytes: bytes))
    }

    /// - Returns: Nil where it would break the framing; see RFC 9110 §5.1 and §5.5.
    func framed(_ form: ReplyForm, with allocator: ByteBufferAllocator = ByteBufferAllocator()) -> FramedReply? {
        let length = content.count
        let sendsBody = mayHaveBody && !form.omitsBody && length > 0
        let isShort = length <= Self.shortBody
        var head = allocator.buffer(capacity: 256 + (sendsBody && isShort ? length : 0))
        guard writeHead(form, to: &head) else { return nil }
        guard sendsBody else { return FramedReply(head: head, body: nil) }
        switch content {
        case .bytes(let bytes):
            if !isShort { return FramedReply(head: head, body: ByteBuffer(bytes: bytes)) }
            head.writeBytes(bytes)
        case .buffer(let buffer):
            if !isShort { return FramedReply(head: head, body: buffer) }
            head.writeImmutableBuffer(buffer)
        }
        return FramedReply(head: head, body: nil)
    }

    private func writeHead(_ form: ReplyForm, to head: inout ByteBuffer) -> Bool {
        guard (200...999).contains(status) else { return false }
        if status == 200 {
            head.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            head.writeString("HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n")
        }
        var length = content.count
        for (name, value) in headers {
            if name.isHeader("content-length") {
                if form.omitsBody, length == 0, let told = Int(value), told >= 0 { length = told }
            } else if !name.isHeader("transfer-encoding"), !name.isHeader("connection") {
                guard head.writeField(name, value) else { return false }
            }
        }
        if mayHaveBody {
            head.writeStaticString("Content-Length: ")
            head.writeString(String(length))
            head.writeStaticString("\r\n")
        }
        if form.closes {
            head.writeStaticString("Connection: close\r\n\r\n")
        } else if form.announcesKeepAlive {
            head.writeStaticString("Connection: keep-alive\r\n\r\n")
        } else {
            head.writeStaticString("\r\n")
        }
        return true
    }
}

extension ByteBuffer {
    /// Judged as it was written: bytes that lie together are looked at fastest.
    fileprivate mutating func writeField(_ name: String, _ value: String) -> Bool {
        let start = writerIndex
        writeString(name)
        let nameEnd = writerIndex
        writeStaticString(": ")
        let valueStart = writerIndex
        writeString(value)
        let valueEnd = writerIndex
        writeStaticString("\r\n")
        let base = readerIndex
        return withUnsafeReadableBytes { bytes in
            nameEnd > start && bytes[(start - base)..<(nameEnd - base)].allSatisfy(\.isTokenByte)
                && bytes[(valueStart - base)..<(valueEnd - base)].allSatisfy(\.isFieldByte)
        }
    }
}

extension UInt8 {
    fileprivate var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Tabs, and everything that is no control character.
    var isFieldByte: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }
}

extension String {
    /// Whether this is the header of that name, which is given in lower case. Costs one comparison of lengths for most headers.
    func isHeader(_ name: StaticString) -> Bool {
        guard utf8.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { expected in
            zip(utf8, expected).allSatisfy { byte, lower in
                byte == lower || (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte && byte | 0x20 == lower)
            }
        }
    }
}
