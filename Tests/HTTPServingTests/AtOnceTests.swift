import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import HTTPServing

/// Requests that are answered on the event loop.
struct AtOnceTests {
    private static let text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    /// Answers what is not under `/later`.
    @Sendable private static func soon(_ request: HTTPRequest) -> HTTPResponse? {
        request.path.hasPrefix("/later") ? nil : HTTPResponse(text: "soon \(request.path) \(String(decoding: request.body, as: UTF8.self))")
    }

    @Test func `what the handler cannot answer at once goes to the other, in order`() async throws {
        try await withServer(atOnce: Self.soon) { server in
            let texts = try await onThread {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                let requests = (0..<600).map { number in
                    "POST \(number % 3 == 0 ? "/later" : "/")\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
                }
                let bytes = Array(requests.joined().utf8)
                try client.send(Array(bytes[..<(bytes.count / 2 + 5)]))
                var texts = [try client.reply()?.text]
                try client.send(Array(bytes[(bytes.count / 2 + 5)...]))
                for _ in 1..<600 { texts.append(try client.reply()?.text) }
                return texts
            }
            #expect(texts == (0..<600).map { $0 % 3 == 0 ? "POST /later\($0) ok" : "soon /\($0) ok" })
        }
    }

    @Test func `as many as can be pipelined do not recurse`() async throws {
        // On a thread whose stack is no larger than others'.
        let count = 20_000
        try await withServer(atOnce: Self.soon) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            async let sent: Void = onThread { try client.send(String(repeating: Self.text, count: count)) }
            let answered = try await onThread {
                let reply = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsoon / "
                var left = count * reply.utf8.count
                while left > 0, case let bytes = try client.receive(min(left, 65536)), !bytes.isEmpty { left -= bytes.count }
                return left == 0
            }
            try await sent
            #expect(answered)
        }
    }

    @Test func `it is counted, limited and drained as any other`() async throws {
        let release = Signal()
        let begun = Signal()
        let configuration = HTTPServerConfiguration(maximumConcurrentRequests: 1, linger: .seconds(3600))
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { _ in
            begun.happen()
            await release.wait()
            return HTTPResponse(text: "later")
        }
        try await withServer(configuration, atOnce: Self.soon, respond: respond) { server in
            let clients = try (0..<2).map { _ in try RawClient(port: server.port) }
            defer { for client in clients { client.close() } }
            try clients[0].send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            try clients[1].send(Self.text)
            #expect(try await onThread { try clients[1].reply() }?.status == 503)
            release.happen()
            #expect(try await onThread { try clients[0].reply() }?.text == "later")
            try clients[1].send(Self.text)
            #expect(try await onThread { try clients[1].reply() }?.text == "soon / ")
            let draining = Task { await server.drain(deadline: .seconds(3600)) }
            try await eventually("the drain has begun") { server.state.phase == .lingering }
            try clients[1].send(Self.text)
            let (last, rest) = try await onThread { (try clients[1].reply(), try clients[1].rest()) }
            #expect(last?.closes == true)
            #expect(rest.isEmpty)
            server.state.cut()
            await draining.value
        }
    }

    @Test func `the time for the next request begins with each reply`() async throws {
        let idle = Duration.milliseconds(100)
        try await withServer(HTTPServerConfiguration(idleTimeout: idle), atOnce: Self.soon) { server in
            // Ends once a connection has outlived its idle time by never being idle. A busy machine may pause for so long, so it tries again.
            try await onThread {
                let end = ContinuousClock.now + .seconds(120)
                while true {
                    try #require(ContinuousClock.now < end, "a client that is never idle is closed as if it were")
                    let client = try RawClient(port: server.port)
                    defer { client.close() }
                    let start = ContinuousClock.now
                    while (try? client.send(Self.text)) != nil, (try? client.reply()) != nil {
                        if ContinuousClock.now - start > idle * 3 { return }
                    }
                }
            }
        }
    }

    @Test func `a reply that would break the framing is answered 500 as the server's own`() async throws {
        let refuse: @Sendable (HTTPRefusal) -> HTTPResponse = { refusal in
            var response = refusal.response
            response.content = .bytes(Array("\(refusal)".utf8))
            return response
        }
        try await withServer(refuse: refuse, atOnce: { _ in HTTPResponse(headers: [("a", "b\r\nc: d")]) }) { server in
            let reply = try await onThread {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                try client.send(Self.text)
                return try client.reply()
            }
            #expect(reply?.status == 500)
            #expect(reply?.text == "brokenReply")
        }
    }
}
