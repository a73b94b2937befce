import Testing

@testable import HTTPServing

struct FramingTests {
    private func fields(_ response: HTTPResponse, _ form: ReplyForm = ReplyForm()) -> [String] {
        response.fields(form, bodyLength: response.body.count).map { "\($0): \($1)" }
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
            #expect(!HTTPResponse(headers: [(name, value)]).isWellFormed, "\(name): \(value)")
        }
        for (name, value) in [("A-1_b.!#$%&'*+^`|~", ""), ("a", "b\tc ü")] {
            #expect(HTTPResponse(headers: [(name, value)]).isWellFormed, "\(name): \(value)")
        }
        for status in [-1, 0, 100, 101, 199, 1000, .max] { #expect(!HTTPResponse(status: status).isWellFormed, "\(status)") }
        for status in [200, 299, 404, 599, 999] { #expect(HTTPResponse(status: status).isWellFormed, "\(status)") }
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
