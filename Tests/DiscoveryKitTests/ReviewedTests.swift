import DiscoveryKit
import Foundation
import HTTPServing
import Testing

/// Defects that a review found, each with the test that would have.
@Suite struct ReviewedTests {
    @Test func `a body that trickles is not waited for beyond the deadline`() async throws {
        try await withFaultServer { _ in
            .halfBodyThenSilence
        } _: { server in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: server.url))
                var options = RequestOptions()
                options.deadline = .milliseconds(200)
                let hasty = options
                #expect(await failure { try await discovery.request("ns.s->f", options: hasty) }?.code == .deadlineExceeded)
            }
        }
    }

    @Test func `a client without a deadline has one all the same, and an endless one is no trap`() async throws {
        try await withServer { _ in
            HTTPResponse(text: "ok")
        } _: { url in
            try await withDiscovery(configure: { $0.request = RequestOptions() }) { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                #expect(try await discovery.request("ns.s->f").status == 200)
                var options = RequestOptions()
                options.deadline = .seconds(Int64.max)
                #expect(try await discovery.request("ns.s->f", options: options).status == 200)
            }
        }
    }

    @Test func `a function whose own answer cannot be encoded has failed, and not its caller`() async throws {
        try await withDiscovery { discovery in
            let ready = Event<Discovery.Serving>()
            let task = Task {
                try await discovery.serve("ns.s->f", whenServing: { ready.happened($0) }) { _ in try Message.json(Double.infinity) }
            }
            _ = await ready.wait()
            #expect(await failure { try await discovery.request("ns.s->f") }?.functionError?.status == 500)
            task.cancel()
            _ = await task.result
        }
    }

    @Test(arguments: ["rid", "id", "url", "type", "AWS_INSTANCE_PORT"])
    func `what is served cannot claim to be elsewhere`(key: String) async throws {
        try await withDiscovery { discovery in
            var options = ServeOptions()
            options.attributes = [key: "7"]
            #expect(await failure { try await discovery.serve("ns.s->f", options: options) { _ in .empty } }?.code == .invalid)
        }
    }

    @Test(arguments: ["0", "0.0.0.0", "::"])
    func `an address that means all interfaces is refused however it is written`(host: String) async throws {
        try await withDiscovery { discovery in
            var options = ServeOptions()
            options.host = host
            #expect(await failure { try await discovery.serve("ns.s->f", options: options) { _ in .empty } }?.code == .configuration)
        }
    }

    @Test func `a busy function is unreachable and a body too large for it is too large`() async throws {
        try await withServer { request in
            HTTPResponse(status: Int(String(decoding: request.body, as: UTF8.self)) ?? 200)
        } _: { url in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: url))
                for (status, code) in [
                    ("503", DiscoveryError.Code.unreachable), ("429", .unreachable), ("413", .tooLarge), ("431", .tooLarge),
                ] {
                    #expect(await failure { try await discovery.request("ns.s->f", Message.text(status)) }?.code == code)
                }
            }
        }
    }

    @Test func `a shutdown while the home is being opened leaves nobody waiting`() async throws {
        for _ in 0..<50 {
            try await withDiscovery { discovery in
                async let resolved = failure { try await discovery.resolve("ns.s->f") }
                await Task.yield()
                await discovery.shutdown()
                let code = await resolved?.code
                #expect(code == .homeUnusable || code == .notFound)
            }
        }
    }

    @Test func `a user and a query in a location are not told`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ns.s->f", Resource(.function, at: "http://user:secret@127.0.0.1:9/path?token=abc"))
            let error = await failure { try await discovery.request("ns.s->f") }
            #expect(error?.message.contains("http://127.0.0.1:9/path?…") == true, "\(error.debugDescription)")
            #expect(error?.message.contains("secret") == false && error?.message.contains("abc") == false)
        }
    }

    @Test func `a home that was removed is noticed by those who call from memory`() async throws {
        try await withServer { _ in
            HTTPResponse(text: "ok")
        } _: { url in
            try await withHome { home in
                try await withDiscovery(home: home) { discovery in
                    try await discovery.register("ns.s->f", Resource(.function, at: url))
                    #expect(try await discovery.request("ns.s->f").status == 200)
                    // Again where a thread of the store's makes or removes a file meanwhile.
                    while FileManager.default.fileExists(atPath: home) { try? FileManager.default.removeItem(atPath: home) }
                    #expect(await failure { try await discovery.request("ns.s->f") }?.code == .homeUnusable)
                }
            }
        }
    }
}
