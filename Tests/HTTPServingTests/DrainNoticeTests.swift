import Testing

@testable import HTTPServing

struct DrainNoticeTests {
    @Test func `a wait ends with the drain's beginning, or at once after it`() async {
        let notice = DrainNotice()
        async let first: Void = notice.wait()
        async let second: Void = notice.wait()
        #expect(!notice.isDraining)
        notice.begin()
        notice.begin()
        _ = await (first, second)
        await notice.wait()
        #expect(notice.isDraining)
    }

    @Test func `a wait ends when its task is cancelled`() async {
        let notice = DrainNotice()
        let waiting = Task { await notice.wait() }
        waiting.cancel()
        await waiting.value
        #expect(!notice.isDraining)
    }

    @Test func `parked polls are answered when the drain begins, not at its end`() async throws {
        let notice = DrainNotice()
        let begun = Counter()
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { _ in
            begun.add()
            await notice.wait()
            return HTTPResponse(text: "nothing came")
        }
        let configuration = HTTPServerConfiguration(linger: .seconds(3600))
        try await withServer(configuration, notice: notice, respond: respond) { server in
            let clients = try (0..<32).map { _ in try RawClient(port: server.port) }
            defer { for client in clients { client.close() } }
            for client in clients { try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
            try await eventually("all are parked") { begun.count == 32 }
            let draining = Task { await server.drain(deadline: .seconds(3600)) }
            for client in clients {
                let reply = try await onThread { try client.reply() }
                #expect(reply?.text == "nothing came")
                #expect(reply?.closes == true)
            }
            server.state.cut()
            await draining.value
        }
    }
}
