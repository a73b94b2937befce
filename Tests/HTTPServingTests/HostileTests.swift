import Synchronization
import Testing

@testable import HTTPServing

/// Peers that mean no good, or know no better.
struct HostileTests {
    private func answer(to request: [UInt8], from server: HTTPServer) async throws -> (reply: RawClient.Reply?, rest: [UInt8]) {
        try await onThread {
            let client = try RawClient(port: server.port)
            defer { client.close() }
            try client.send(request)
            return (try client.reply(), try client.rest())
        }
    }

    @Test func `what two readers could understand differently is refused`() async throws {
        let start = "POST / HTTP/1.1\r\nHost: x\r\n"
        try await withServer { server in
            for (request, status) in [
                (start + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
                (start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                (start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                (start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
                (start + "Transfer-Encoding: identity\r\n\r\n", 501),
                (start + "Transfer-Encoding: chunked, identity\r\n\r\n", 400),
                (start + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
                (start + "Transfer-Encoding:\u{B}chunked\r\n\r\n0\r\n\r\n", 400),
                ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                (start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
                (start + "Content-Length: 5, 5\r\n\r\nhello", 400),
                (start + "Content-Length: +5\r\n\r\nhello", 400),
                (start + "Content-Length: -5\r\n\r\nhello", 400),
                (start + "Content-Length: 0x5\r\n\r\nhello", 400),
                (start + "Content-Length: 5 5\r\n\r\nhello", 400),
                (start + "Content-Length : 5\r\n\r\nhello", 400),
                (start + "Content-Length:\r\n\r\n", 400),
                (start + "Folded: a\r\n b\r\n\r\n", 400),
                (start + "Folded: a\r\n\tContent-Length: 5\r\n\r\n", 400),
                (start + " Leading: a\r\n\r\n", 400),
                (start + "Nul: a\0b\r\n\r\n", 400),
                (start + "Nul\0: a\r\n\r\n", 400),
                (start + "Return: a\rb\r\n\r\n", 400),
                (start + "Control: a\u{1}b\r\n\r\n", 400),
                (start + "No colon\r\n\r\n", 400),
                ("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                ("GET /ü HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                ("GET / / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 505),
                ("get / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                ("GET / HTTP/1.11\r\nHost: x\r\n\r\n", 505),
                ("GET / FTP/1.1\r\nHost: x\r\n\r\n", 400),
                ("GET / HTTP/1.1\nHost: x\n\n", 505),
                ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
                (start + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 400),
                (start + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", 400),
                (start + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n", 400),
                (start + "Transfer-Encoding: chunked\r\n\r\n5 5\r\nhello\r\n", 400),
                (start + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n", 400),
            ] {
                let (reply, rest) = try await answer(to: Array(request.utf8), from: server)
                #expect(reply?.status == status, "\(request.debugDescription)")
                #expect(reply?.closes == true, "\(request.debugDescription)")
                #expect(rest.isEmpty, "\(request.debugDescription)")
            }
        }
    }

    @Test func `bytes that are no UTF-8 are repaired in a header and refused in a target`() async throws {
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { HTTPResponse(text: $0.headers["bytes"] ?? "none") }
        try await withServer(respond: respond) { server in
            var request = Array("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nBytes: ".utf8)
            request += [0x61, 0xC3, 0x28, 0xFF] + Array("\r\n\r\n".utf8)
            let repaired = try await answer(to: request, from: server).reply?.text
            #expect(repaired == "a\u{FFFD}(\u{FFFD}")
            request = Array("GET /".utf8) + [0xC3, 0x28] + Array(" HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            let refused = try await answer(to: request, from: server).reply?.status
            #expect(refused == 400)
        }
    }

    @Test func `a whole URL as target means its path`() async throws {
        try await withServer { server in
            for (target, path) in [
                ("http://a.b:80/c?d", "/c?d"), ("HTTPS://a/", "/"), ("http://a", "/"), ("http://a?b", "/?b"), ("*", "*"),
                ("//a/b", "//a/b"),
            ] {
                let text = "OPTIONS \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                let reply = try await answer(to: Array(text.utf8), from: server).reply
                #expect(reply?.text == "OPTIONS \(path) ")
            }
        }
    }

    @Test func `long heads that are half sent share a memory`() async throws {
        try await withServer(HTTPServerConfiguration(maximumBodyMemory: 20_000, headerTimeout: .seconds(3600))) { server in
            let half = "GET / HTTP/1.1\r\nHost: x\r\nLong: " + String(repeating: "x", count: 15_000)
            let first = try RawClient(port: server.port)
            defer { first.close() }
            try first.send(half)
            try await eventually("it is held") { server.state.bodyBytesHeld > 12_000 }
            let refused = try await answer(to: Array(half.utf8), from: server)
            #expect(refused.reply?.status == 503)
            #expect(refused.reply?.closes == true)
            try first.send("\r\n\r\n")
            #expect(try await onThread { try first.reply() }?.status == 200)
            try await eventually("it is released") { server.state.bodyBytesHeld == 0 }
        }
    }

    @Test func `headers are counted`() async throws {
        try await withServer(HTTPServerConfiguration(maximumHeaderCount: 10)) { server in
            for (count, status) in [(8, 200), (9, 431)] {
                let headers = (0..<count).map { "h\($0): v\r\n" }.joined()
                let text = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(headers)\r\n"
                let reply = try await answer(to: Array(text.utf8), from: server).reply
                #expect(reply?.status == status)
            }
        }
    }

    @Test func `one who half closes is answered if that needs no waiting, and holds nothing otherwise`() async throws {
        let cancelled = Counter()
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { _ in
            await DrainNotice().wait()
            cancelled.add()
            return HTTPResponse()
        }
        try await withServer(atOnce: { $0.path == "/wait" ? nil : HTTPResponse(text: "now") }, respond: respond) { server in
            let replies = try await onThread {
                try ["/", "/wait"].map { path in
                    let client = try RawClient(port: server.port)
                    defer { client.close() }
                    try client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                    client.closeOutput()
                    return try client.reply()
                }
            }
            #expect(replies.map { $0?.text } == ["now", nil])
            try await eventually("the waiting one is cancelled") { cancelled.count == 1 }
        }
    }

    @Test func `those who do not read are cut off in favour of others, the longest first`() async throws {
        let size = 20_000_000
        let body = [UInt8](repeating: 7, count: size)
        try await withServer(HTTPServerConfiguration(maximumReplyMemory: size * 3 / 2), respond: { _ in HTTPResponse(body: body) }) {
            server in
            let clients = try (0..<3).map { _ in try RawClient(port: server.port, receiveBuffer: 4096) }
            defer { for client in clients { client.close() } }
            for (number, client) in clients.enumerated() {
                try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                try await eventually("it is not taken, and whoever came before is cut off") {
                    server.state.openConnections == 3 - number && server.state.replyBytesHeld > size
                }
                #expect(server.state.replyBytesHeld < size * 3 / 2)
            }
            #expect(try await onThread { try clients[2].reply() }?.body.count == size)
            try await eventually("the reply is taken") { server.state.replyBytesHeld == 0 }
        }
    }

    @Test func `idle connections by the thousand leave others unaffected`() async throws {
        let count = 2_000
        let closed = HTTPServerConfiguration(maximumConnections: count + 1, idleTimeout: .seconds(3600))
        try await withServer(closed) { server in
            let idle = try await onThread { try (0..<count).map { _ in try RawClient(port: server.port) } }
            defer { for client in idle { client.close() } }
            let client = try RawClient(port: server.port)
            defer { client.close() }
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await onThread { try client.reply() }?.status == 200)
            try await eventually("all are connected") { server.connections == count + 1 }
            #expect(try await answer(to: [], from: server).reply?.status == 503)
        }
    }

    @Test func `what is sent behind a request in work is neither read on nor forgotten`() async throws {
        let begun = Signal()
        let release = Signal()
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { request in
            begun.happen()
            await release.wait()
            return await echo(request)
        }
        try await withServer(respond: respond) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            try client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            async let sent: Void = onThread { try client.send([UInt8](repeating: 0x58, count: 30_000_000)) }
            #expect(server.requests == 1)
            release.happen()
            let (first, second) = try await onThread { (try client.reply(), try client.reply()) }
            #expect(first?.text == "GET /1 ")
            #expect([400, 431].contains(second?.status))
            client.closeOutput()
            try? await sent
        }
    }

    @Test func `every refusal can be dressed`() async throws {
        let numbers = Counter()
        let refuse: @Sendable (HTTPRefusal) -> HTTPResponse = { refusal in
            numbers.add()
            var response = refusal.response
            response.headers.append(("x-amzn-RequestId", "\(numbers.count)"))
            response.content = .bytes(Array(#"{"__type":"\#(refusal)"}"#.utf8))
            return response
        }
        let configuration = HTTPServerConfiguration(maximumConnections: 1, maximumBodySize: 10, headerTimeout: .milliseconds(30))
        try await withServer(configuration, refuse: refuse) { server in
            for (request, status, type) in [
                ("nonsense\r\n\r\n", 400, "malformed"), ("GET / HT", 408, "tooSlow"),
                ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n", 413, "bodyTooLong"),
                ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505, "versionUnknown"),
            ] {
                let reply = try await answer(to: Array(request.utf8), from: server).reply
                #expect(reply?.status == status)
                #expect(reply?.text == #"{"__type":"\#(type)"}"#)
                #expect(reply?.headers["x-amzn-requestid"] != nil)
                try await eventually("it has gone") { server.connections == 0 }
            }
            let only = try RawClient(port: server.port)
            defer { only.close() }
            try await eventually("it is there") { server.connections == 1 }
            let reply = try await answer(to: [], from: server).reply
            #expect(reply?.text == #"{"__type":"overloaded"}"#)
            #expect(reply?.headers["retry-after"] == "1")
        }
    }

    @Test func `a refusal that is dressed badly goes out bare`() async throws {
        try await withServer(refuse: { _ in HTTPResponse(status: 7) }) { server in
            let reply = try await answer(to: Array("nonsense\r\n\r\n".utf8), from: server).reply
            #expect(reply?.status == 400)
        }
    }

    @Test func `a request tells whom it came from`() async throws {
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = {
            HTTPResponse(text: "\($0.peer.address) \($0.peer.isLoopback)")
        }
        try await withServer(respond: respond) { server in
            let text = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let reply = try await answer(to: Array(text.utf8), from: server).reply
            #expect(reply?.text == "127.0.0.1 true")
        }
        for (text, address, isLoopback) in [
            ("::1", "::1", true), ("::ffff:127.0.0.9", "127.0.0.9", true), ("::ffff:10.0.0.1", "10.0.0.1", false),
            ("10.127.0.1", "10.127.0.1", false),
            ("fe80::1", "fe80::1", false), ("", "", false),
        ] {
            #expect(HTTPRequest.Peer(text).address == address)
            #expect(HTTPRequest.Peer(text).isLoopback == isLoopback)
        }
    }
}
