import Foundation

/// Reads what a server sent on one connection as strictly as HTTP/1.1 allows: replies, one after another, and nothing else.
struct WireReader {
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter isOfHEAD: whether the first reply is to a HEAD: then it has a length, and no body.
    static func replies(in bytes: [UInt8], isOfHEAD: Bool = false) throws -> [RawClient.Reply] {
        var replies: [RawClient.Reply] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var reply = try head(&rest)
            if reply.status == 100 { continue }
            guard let length = reply.headers["content-length"].flatMap({ Int($0) }) ?? (reply.status == 204 ? 0 : nil) else {
                throw Fault(description: "a reply of \(reply.status) has no length")
            }
            if !(isOfHEAD && replies.isEmpty) {
                guard rest.count >= length else { throw Fault(description: "a body of \(length) bytes has \(rest.count)") }
                reply.body = Array(rest.prefix(length))
                rest = rest.dropFirst(length)
            }
            replies.append(reply)
        }
        return replies
    }

    private static func head(_ rest: inout ArraySlice<UInt8>) throws -> RawClient.Reply {
        func line() throws -> String {
            guard let end = rest.firstIndex(of: 10), end > rest.startIndex, rest[end - 1] == 13 else {
                throw Fault(description: "a line does not end: \(String(decoding: rest.prefix(80), as: UTF8.self).debugDescription)")
            }
            defer { rest = rest[(end + 1)...] }
            guard let text = String(validating: rest[..<(end - 1)], as: UTF8.self), !text.contains("\r") else {
                throw Fault(description: "a line is no text")
            }
            return text
        }
        let first = try line()
        let words = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0] == "HTTP/1.1", words[1].count == 3, let status = Int(words[1]), (100..<600).contains(status) else {
            throw Fault(description: "\(first.debugDescription) begins no reply")
        }
        var reply = RawClient.Reply(status: status, headers: [:], body: [])
        while case let text = try line(), !text.isEmpty {
            guard let colon = text.firstIndex(of: ":"), colon > text.startIndex, !text[..<colon].contains(" ") else {
                throw Fault(description: "\(text.debugDescription) is no header")
            }
            let name = text[..<colon].lowercased()
            let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            guard reply.headers.updateValue(value, forKey: name) == nil else { throw Fault(description: "\(name) is there twice") }
        }
        return reply
    }
}
