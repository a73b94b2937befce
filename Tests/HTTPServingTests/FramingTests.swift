import Foundation
import NIOCore
import Testing

@testable import HTTPServing

struct FramingTests {
    /// The head's lines after the first; nil for a reply that would break the framing.
    private func fields(_ response: HTTPResponse, _ form: ReplyForm = ReplyForm()) -> [String]? {
        response.framed(form).map { reply in
            let text = String(decoding: reply.head.readableBytesView, as: UTF8.self)
            return text.components(separatedBy: "\r\n\r\n")[0].components(separatedBy: "\r\n").dropFirst().map(\.self)
        }
    }

    @Test func `the server frames a reply, whatever its handler says`() {
        let response = HTTPResponse(
            headers: [("content-LENGTH", "99"), ("Transfer-Encoding", "chunked"), ("X-A", "b"), ("connection", "upgrade")], text: "hello")
        #expect(fields(response) == ["X-A: b", "Content-Length: 5"])
        #expect(fields(HTTPResponse()) == ["Content-Length: 0"])
        #expect(fields(HTTPResponse(status: 204)) == [])
        #expect(fields(HTTPResponse(status: 304, body: [1])) == [])
        #expect(fields(HTTPResponse(), ReplyForm(closes: true)) == ["Content-Length: 0", "Connection: close"])
        #expect(fields(HTTPResponse(), ReplyForm(announcesKeepAlive: true)) == ["Content-Length: 0", "Connection: keep-alive"])
    }

    @Test func `a HEAD reply tells the length of the body it does not send`() {
        let form = ReplyForm(omitsBody: true)
        #expect(fields(HTTPResponse(text: "hello"), form) == ["Content-Length: 5"])
        #expect(fields(HTTPResponse(headers: [("Content-Length", "99")]), form) == ["Content-Length: 99"])
        #expect(fields(HTTPResponse(headers: [("Content-Length", "-1")]), form) == ["Content-Length: 0"])
    }

    @Test func `what would break the framing is not well-formed`() {
        for (name, value) in [
            ("", "a"), ("a b", "c"), ("a:", "c"), ("ä", "c"), ("a", "b\r\nc: d"), ("a", "b\n"), ("a", "\0"), ("a\r", "b"),
        ] {
            #expect(fields(HTTPResponse(headers: [(name, value)])) == nil, "\(name): \(value)")
        }
        for (name, value) in [("A-1_b.!#$%&'*+^`|~", ""), ("a", "b\tc ü")] {
            #expect(fields(HTTPResponse(headers: [(name, value)])) != nil, "\(name): \(value)")
        }
        for status in [-1, 0, 100, 101, 199, 1000, .max] { #expect(fields(HTTPResponse(status: status)) == nil, "\(status)") }
        for status in [200, 299, 404, 599, 999] { #expect(fields(HTTPResponse(status: status)) != nil, "\(status)") }
    }

    @Test func `a body is sent as given, short or long, as bytes or in a buffer`() throws {
        for count in [0, 1, 16 * 1024, 16 * 1024 + 1, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            for response in [HTTPResponse(body: bytes), HTTPResponse(buffer: ByteBuffer(bytes: bytes))] {
                for response in [response, response.settled()] {
                    let reply = try #require(response.framed(ReplyForm()))
                    var whole = Array(reply.head.readableBytesView)
                    if let body = reply.body { whole += Array(body.readableBytesView) }
                    #expect(whole == Array("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n".utf8) + bytes)
                    #expect(reply.count == whole.count)
                    #expect(response.body == bytes)
                    #expect(try #require(response.framed(ReplyForm(omitsBody: true))).body == nil)
                }
            }
        }
    }

    @Test func `every refusal is well-formed, and tells its status`() throws {
        for refusal in HTTPRefusal.allCases {
            let reply = try #require(refusal.response.framed(ReplyForm(closes: true)))
            #expect(String(decoding: reply.head.readableBytesView, as: UTF8.self).hasPrefix("HTTP/1.1 \(refusal.response.status) "))
            #expect(refusal.response.status >= 400)
        }
    }

    @Test func `header names are compared without regard to case`() {
        let headers = HTTPRequest.Headers([("Content-Type", "a"), ("x-b", "1"), ("X-B", "2")])
        #expect(headers["content-type"] == "a")
        #expect(headers.values("x-B") == ["1", "2"])
        #expect(headers["none"] == nil)
        #expect(headers.map(\.name) == ["Content-Type", "x-b", "X-B"])
        #expect("Content-LENGTH".isHeader("content-length"))
        #expect(!"content_length".isHeader("content-length"))
        // These differ in the one bit that is the case of letters.
        #expect(!"content\rlength".isHeader("content-length"))
    }
}
