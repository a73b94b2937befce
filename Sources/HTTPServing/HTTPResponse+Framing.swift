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

extension HTTPResponse {
    /// Whether the handler asked for the connection to be closed after this reply.
    var asksToClose: Bool {
        headers.contains { name, value in name.isHeader("connection") && value.lowercased() == "close" }
    }

    /// Whether this can be sent without breaking the framing; see RFC 9110 §5.1 and §5.5.
    var isWellFormed: Bool {
        (200...999).contains(status) && headers.allSatisfy { name, value in name.isToken && value.isFieldValue }
    }

    /// RFC 9110 §6.4.1 and §15: neither has a body, whatever its headers say.
    var mayHaveBody: Bool { status != 204 && status != 304 }

    /// The reply's status line and headers.
    func head(_ form: ReplyForm, bodyLength: Int) -> HTTPResponseHead {
        let headers = HTTPHeaders(fields(form, bodyLength: bodyLength))
        return HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
    }

    /// - Parameter bodyLength: Bytes of the body as the handler gave it, sent or not.
    func fields(_ form: ReplyForm, bodyLength: Int) -> [(String, String)] {
        var fields: [(String, String)] = []
        fields.reserveCapacity(headers.count + 2)
        var length = bodyLength
        for (name, value) in headers {
            if name.isHeader("content-length") {
                if form.omitsBody, bodyLength == 0, let told = Int(value), told >= 0 { length = told }
            } else if !name.isHeader("transfer-encoding"), !name.isHeader("connection") {
                fields.append((name, value))
            }
        }
        if mayHaveBody { fields.append(("Content-Length", String(length))) }
        if form.closes {
            fields.append(("Connection", "close"))
        } else if form.announcesKeepAlive {
            fields.append(("Connection", "keep-alive"))
        }
        return fields
    }
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

    fileprivate var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"),
                    UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
                    true
                default: false
                }
            }
    }

    /// Tabs, and everything that is no control character.
    fileprivate var isFieldValue: Bool {
        utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
