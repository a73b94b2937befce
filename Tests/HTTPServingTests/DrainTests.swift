import Testing

@testable import HTTPServing

struct DrainTests {
    private static let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    /// Never over while a test looks.
    private static let endless = Duration.seconds(3600)

    /// Holds each request until released.
    private struct Gate: Sendable {
        let begun = Counter()
        let release = Signal()

        @concurrent func respond(_ request: HTTPRequest) async -> HTTPResponse {
            begun.add()
            await release.wait()
            return HTTPResponse(text: "done")
        }
    }

    @Test func `in the linger new connections and idle ones are answered, and told to close`() async throws {
        try await withServer(HTTPServerConfiguration(linger: Self.endless)) { server in
            let idle = try RawClient(port: server.port)
            defer { idle.close() }
            try idle.send(Self.request)
            #expect(try await onThread { try idle.reply() }?.closes == false)
            let draining = Task { await server.drain(deadline: Self.endless) }
            try await eventually("the drain has begun") { server.state.phase == .lingering }
            for client in [idle, try RawClient(port: server.port)] {
                let (reply, end) = try await onThread {
                    try client.send(Self.request)
                    return (try client.reply(), try client.reply())
                }
                #expect(reply?.status == 200)
                #expect(reply?.closes == true)
                #expect(end == nil)
            }
            server.state.cut()
            await draining.value
        }
    }

    @Test func `in the linger a refusal closes its connection too`() async throws {
        let gate = Gate()
        let configuration = HTTPServerConfiguration(maximumConcurrentRequests: 1, linger: Self.endless)
        try await withServer(configuration, respond: gate.respond) { server in
            let clients = try (0..<2).map { _ in try RawClient(port: server.port) }
            defer { for client in clients { client.close() } }
            try clients[0].send(Self.request)
            try await eventually("the first is in work") { gate.begun.count == 1 }
            let draining = Task { await server.drain(deadline: Self.endless) }
            try await eventually("the drain has begun") { server.state.phase == .lingering }
            let refused = try await onThread {
                try clients[1].send(Self.request)
                return (try clients[1].reply(), try clients[1].rest())
            }
            #expect(refused.0?.status == 503)
            #expect(refused.0?.headers["retry-after"] == "1")
            #expect(refused.0?.closes == true)
            #expect(refused.1.isEmpty)
            gate.release.happen()
            #expect(try await onThread { try clients[0].reply() }?.closes == true)
            server.state.cut()
            await draining.value
        }
    }

    @Test func `a drain loses no request under load`() async throws {
        let started = Counter()
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { request in
            started.add()
            await Task.yield()
            return await echo(request)
        }
        try await withServer(HTTPServerConfiguration(linger: Self.endless), respond: respond) { server in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await onThread {
                            // Until told that the server leaves, and then as one who does not believe it.
                            var (answered, farewells) = (0, 0)
                            while farewells < 20 {
                                let client = try RawClient(port: server.port)
                                defer { client.close() }
                                for _ in 0..<50 {
                                    try client.send(Self.request)
                                    guard let reply = try client.reply(), reply.status == 200 else { throw LostRequest() }
                                    answered += 1
                                    if reply.closes {
                                        farewells += 1
                                        break
                                    }
                                }
                            }
                            return answered
                        }
                    }
                }
                try await eventually("all are busy") { started.count > 200 }
                let draining = Task { await server.drain(deadline: Self.endless) }
                var answered = 0
                for try await count in group { answered += count }
                #expect(answered == started.count)
                server.state.cut()
                await draining.value
            }
        }
    }

    private struct LostRequest: Error {}

    @Test func `after the linger the listener is closed, idle connections go, and what is in work is answered`() async throws {
        let gate = Gate()
        let host = RawClient.ownHost()
        try await withServer(HTTPServerConfiguration(host: host, linger: .zero), respond: gate.respond) { server in
            let idle = try RawClient(host: host, port: server.port)
            let half = try RawClient(host: host, port: server.port)
            let working = try (0..<16).map { _ in try RawClient(host: host, port: server.port) }
            defer { for client in working + [idle, half] { client.close() } }
            for client in working { try client.send(Self.request) }
            try half.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nx")
            try await eventually("all are there") {
                gate.begun.count == 16 && server.state.openConnections == 18 && server.state.bodyBytesHeld == 1
            }
            let drains = (0..<3).map { _ in Task { await server.drain(deadline: Self.endless) } }

            let farewell = try await onThread { (try idle.reply(), try idle.rest()) }
            #expect(farewell.0?.status == 503)
            #expect(farewell.0?.closes == true)
            #expect(farewell.1.isEmpty)
            #expect(throws: RawClient.Failure.self) { try RawClient(host: host, port: server.port) }
            // The request ends after the linger did: refused, and not begun.
            try half.send("x")
            let refused = try await onThread { (try half.reply(), try half.rest()) }
            #expect(refused.0?.status == 503)
            #expect(refused.0?.closes == true)
            #expect(refused.1.isEmpty)
            #expect(gate.begun.count == 16)

            gate.release.happen()
            for client in working {
                let (reply, rest) = try await onThread { (try client.reply(), try client.rest()) }
                #expect(reply?.text == "done")
                #expect(reply?.closes == true)
                #expect(rest.isEmpty)
                client.close()
            }
            half.close()
            idle.close()
            for drain in drains { await drain.value }
            #expect(server.state.openConnections == 0)
            await server.drain(deadline: .zero)
        }
    }

    @Test func `a half sent request does not hold up a drain, and is told so`() async throws {
        try await withServer { server in
            let half = try RawClient(port: server.port)
            defer { half.close() }
            try half.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nx")
            try await eventually("half has come") { server.state.bodyBytesHeld == 1 }
            async let draining: Void = server.drain(deadline: Self.endless)
            #expect(try await onThread { try half.reply() }?.status == 503)
            half.close()
            await draining
        }
    }

    @Test func `past the deadline handlers are cancelled and connections cut, and the run waits for handlers`() async throws {
        let begun = Signal()
        let cancelled = Signal()
        let release = Signal()
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { _ in
            await withTaskCancellationHandler {
                begun.happen()
                await release.wait()
            } onCancel: {
                cancelled.happen()
            }
            return HTTPResponse()
        }
        let server = try await HTTPServer.bind(HTTPServerConfiguration(linger: Self.endless), respond: respond)
        let hasEnded = Signal()
        let running = Task {
            try await server.run()
            hasEnded.happen()
        }
        let client = try RawClient(port: server.port)
        defer { client.close() }
        try client.send(Self.request)
        await begun.wait()
        await server.drain(deadline: .milliseconds(1))
        await cancelled.wait()
        #expect(try await onThread { try client.rest() }.isEmpty)
        #expect(server.state.requestsInWork == 1)
        #expect(!hasEnded.hasHappened)
        release.happen()
        try await running.value
    }

    @Test func `a server that never ran can be drained, and its port used again`() async throws {
        let server = try await HTTPServer.bind(HTTPServerConfiguration(host: RawClient.ownHost()), respond: echo)
        await server.drain(deadline: Self.endless)
        try await server.run()
        try await RawClient.listenAgain(server.host, server.port).drain(deadline: Self.endless)
    }

    @Test func `cancelling the run cuts a drain short`() async throws {
        let gate = Gate()
        let server = try await HTTPServer.bind(HTTPServerConfiguration(linger: .zero), respond: gate.respond)
        let running = Task { try await server.run() }
        let client = try RawClient(port: server.port)
        defer { client.close() }
        try client.send(Self.request)
        try await eventually("the request came") { gate.begun.count == 1 }
        let draining = Task { await server.drain(deadline: Self.endless) }
        try await eventually("the drain waits for it") { server.state.phase == .refusing }
        running.cancel()
        await draining.value
        gate.release.happen()
        await #expect(throws: CancellationError.self) { try await running.value }
    }
}
