internal import NIOHTTP1

extension ConnectionMachine.Head {
    /// One pass over the headers, as most have none of these.
    ///
    /// The parser has refused bad lengths, and a length beside an encoding. What it lets pass and another reader of the same bytes could
    /// understand differently is refused here: folded lines, and encodings that are not undone.
    init(_ head: HTTPRequestHead) {
        var hosts = 0
        var encodings = 0
        var leavesHTTP = head.method == .CONNECT
        for (name, value) in head.headers {
            if name.isHeader("host") {
                hosts += 1
            } else if name.isHeader("content-length") {
                declaredLength = Int(value) ?? .max
            } else if name.isHeader("transfer-encoding") {
                encodings += 1
                if value.lowercased() != "chunked" { flaw = .encodingUnknown }
            } else if name.isHeader("expect") {
                expectsContinue = value.lowercased() == "100-continue"
            } else if name.isHeader("upgrade") {
                leavesHTTP = true
            }
            if !value.isFieldValue { flaw = .malformed }
        }
        isHTTP10 = head.version.minor == 0
        hasValidHost = isHTTP10 ? hosts <= 1 : hosts == 1
        if encodings > 1 || encodings == 1 && isHTTP10 { flaw = .malformed }
        // RFC 3986 §2: all else is percent-encoded.
        if !head.uri.utf8.allSatisfy({ 0x20 < $0 && $0 < 0x7F }) { flaw = .malformed }
        // NIO's parser stops at a request that offers to leave HTTP/1, so that no further one could be heard.
        keepsAlive = head.isKeepAlive && !leavesHTTP
        isHEAD = head.method == .HEAD
    }
}

extension String {
    fileprivate var isFieldValue: Bool {
        utf8.withContiguousStorageIfAvailable { bytes in bytes.allSatisfy(\.isFieldByte) } ?? utf8.allSatisfy(\.isFieldByte)
    }
}
