import Synchronization
import Testing

@testable import HTTPServing

struct RequestTests {
    @Test func `a bound server has its port, and answers once it runs`() async throws {
        let server = try await HTTPServer.bind(respond: echo)
        #expect(server.port != 0)
        #expect(server.host == "127.0.0.1")
        let client = try RawClient(port: server.port)
        defer { client.close() }
        try client.send("GET /a?b=%20 HTTP/1.1\r\nHost: x\r\n\r\n")
        let running = Task { try await server.run() }
        let reply = try await onThread { try client.reply() }
        let headers = ["content-type": "text/plain", "content-length": "13"]
        #expect(reply == RawClient.Reply(status: 200, headers: headers, body: Array("GET /a?b=%20 ".utf8)))
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    @Test func `a port that is taken is an error that names it`() async throws {
        try await withServer { server in
            let error = await #expect(throws: HTTPServerError.self) {
                try await HTTPServer.bind(HTTPServerConfiguration(port: server.port), respond: echo)
            }
            #expect(error?.description.contains("\(server.port)") == true)
        }
    }

    @Test func `bodies come whole, with a length or in chunks, on one connection`() async throws {
        try await withServer { server in
            let texts = try await onThread {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                var texts: [String?] = []
                try client.send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
                try client.send("llo")
                texts.append(try client.reply()?.text)
                try client.send("PUT /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                try client.send("2;x=y\r\nde\r\n0\r\nTrailer: z\r\n\r\n")
                texts.append(try client.reply()?.text)
                try client.send("GET /3 HTTP/1.1\r\nHost: x\r\n\r\n")
                texts.append(try client.reply()?.text)
                return texts
            }
            #expect(texts == ["POST /1 hello", "PUT /2 abcde", "GET /3 "])
        }
    }

    @Test func `pipelined requests are answered one after the other, in order`() async throws {
        let atOnce = Concurrency()
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { request in
            atOnce.enter()
            await Task.yield()
            defer { atOnce.leave() }
            return await echo(request)
        }
        try await withServer(respond: respond) { server in
            let texts = try await onThread {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                let requests = (0..<500).map { "POST /\($0) HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok" }.joined()
                // Cut where no request ends, so that some are held in parts.
                let cut = requests.utf8.count * 2 / 3 + 7
                try client.send(Array(requests.utf8.prefix(cut)))
                var texts = [try client.reply()?.text]
                try client.send(Array(requests.utf8.dropFirst(cut)))
                for _ in 1..<500 { texts.append(try client.reply()?.text) }
                return texts
            }
            #expect(texts == (0..<500).map { "POST /\($0) ok" })
            #expect(atOnce.most == 1)
        }
    }

    @Test func `HEAD and statuses without a body leave the connection in step`() async throws {
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { request in
            HTTPResponse(status: Int(request.path.dropFirst()) ?? 0, text: "body")
        }
        try await withServer(respond: respond) { server in
            let replies = try await onThread {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                var replies: [RawClient.Reply?] = []
                for (method, path) in [
                    ("HEAD", "200"), ("GET", "204"), ("GET", "304"), ("HEAD", "204"), ("GET", "500"), ("GET", "nonsense"), ("GET", "200"),
                ] {
                    try client.send("\(method) /\(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                    replies.append(try client.reply(toHEAD: method == "HEAD"))
                }
                return replies
            }
            #expect(replies.map { $0?.status } == [200, 204, 304, 204, 500, 500, 200])
            #expect(replies.map { $0?.headers["content-length"] } == ["4", nil, nil, nil, "4", "0", "4"])
            #expect(replies.map { $0?.text } == ["", "", "", "", "body", "", "body"])
        }
    }

    @Test func `a client that asks whether to go on is told so`() async throws {
        try await withServer { server in
            let (first, second) = try await onThread {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                try client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
                let first = try client.reply()
                try client.send("ok")
                return (first, try client.reply())
            }
            #expect(first?.status == 100)
            #expect(first?.headers == [:])
            #expect(second?.text == "POST / ok")
        }
    }

    @Test func `connections end as HTTP says`() async throws {
        try await withServer(respond: { HTTPResponse(headers: $0.path == "/close" ? [("Connection", "Close")] : [], text: "x") }) {
            server in
            for (request, isKept, isTold) in [
                ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false, "close"),
                ("GET /close HTTP/1.1\r\nHost: x\r\n\r\n", false, "close"),
                ("GET / HTTP/1.0\r\n\r\n", false, "close"),
                ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, "keep-alive"),
                ("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", false, "close"),
                ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, nil),
            ] as [(String, Bool, String?)] {
                let (first, next) = try await onThread {
                    let client = try RawClient(port: server.port)
                    defer { client.close() }
                    try client.send(request)
                    let first = try client.reply()
                    if isKept { try client.send(request) }
                    return (first, try client.reply())
                }
                #expect(first?.status == 200, "\(request)")
                #expect(first?.headers["connection"] == isTold, "\(request)")
                #expect((next != nil) == isKept, "\(request)")
            }
        }
    }

    @Test func `a large reply arrives whole, and the next request after it`() async throws {
        let large = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withServer(respond: { _ in HTTPResponse(body: large) }) { server in
            let replies = try await onThread {
                let client = try RawClient(port: server.port, receiveBuffer: 4096)
                defer { client.close() }
                let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                try client.send(request + request)
                return [try client.reply(), try client.reply()]
            }
            #expect(replies.allSatisfy { $0?.body == large })
        }
    }
}

/// How many are inside at once, and were at most.
private final class Concurrency: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    func enter() {
        counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
    }

    func leave() {
        counts.withLock { $0.now -= 1 }
    }

    var most: Int { counts.withLock { $0.most } }
}
