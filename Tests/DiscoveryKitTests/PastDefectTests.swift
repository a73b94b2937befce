@testable import DiscoveryKit
import HTTPServing
import Registry
import Testing

/// Defects of the libraries that came before, each by the behaviour that excludes it.
@Suite struct PastDefectTests {
    @Test(.timeLimit(.minutes(5))) func `a thousand calls read nothing from the database after the first`() async throws {
        try await withHome { home in
            try await withServer { _ in
                HTTPResponse(text: "ok")
            } _: { url in
                try await withDiscovery(home: home) { discovery in
                    try await discovery.register("ns.s->f", Resource(.function, at: url))
                    try await discovery.request("ns.s->f")
                    try await closeDatabase(of: discovery)
                    for _ in 0..<1_000 { try await discovery.request("ns.s->f") }
                    // The proof that reading would have been noticed: a change by others makes the next call read.
                    try await withDiscovery(home: home) { try await $0.register("ns.s->g", Resource(.function, at: url)) }
                    #expect(await failure { try await discovery.request("ns.s->f") }?.code == .homeUnusable)
                }
            }
        }
    }

    /// From here on whoever reads is told that the home is closed; what is remembered needs no database.
    private func closeDatabase(of discovery: Discovery) async throws {
        let registry = try await discovery.client.home().registry()
        registry.close()
    }

    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func `a slow function called with a short deadline runs once`(isIdempotent: Bool) async throws {
        try await withDiscovery { discovery in
            let runs = Count()
            let goOn = Event<Void>()
            let ready = Event<Discovery.Serving>()
            let task = Task {
                try await discovery.serve("ns.s->slow", whenServing: { ready.happened($0) }) { _ in
                    runs.add()
                    _ = await goOn.wait()
                    return .text("late")
                }
            }
            _ = await ready.wait()
            var options = RequestOptions()
            options.deadline = .milliseconds(500)
            options.isIdempotent = isIdempotent
            let error = await failure { try await discovery.request("ns.s->slow", options: options) }
            #expect(error?.code == .deadlineExceeded, "\(error.debugDescription)")
            #expect(runs.value <= 1)
            task.cancel()
            goOn.happened(())
            _ = await task.result
            #expect(runs.value <= 1, "nobody tried again after the caller had gone")
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func `a slow function called with a long deadline is waited for, and runs once`(isIdempotent: Bool) async throws {
        try await withFaultServer { _ in
            .delay(.milliseconds(1_500), then: .good)
        } _: { server in
            try await withDiscovery { discovery in
                try await discovery.register("ns.s->slow", Resource(.function, at: server.url))
                var options = RequestOptions()
                options.deadline = .seconds(30)
                options.isIdempotent = isIdempotent
                let reply = try await discovery.request("ns.s->slow", options: options)
                #expect(reply.message.body == Array("good".utf8))
                #expect(server.tries == 1 && server.runs == 1)
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `options, attributes and the body go with every try`() async throws {
        let faults: [Fault] = [.answer(status: 503), .answer(status: 500), .closeWithoutAnswer, .resetAfterBody]
        try await withFaultServer { number in
            number < faults.count ? faults[number] : .good
        } _: { server in
            try await withDiscovery(configure: { $0.request.headers = ["x-configured": "always"] }) { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: server.url))
                var options = RequestOptions()
                options.deadline = .seconds(20)
                options.isIdempotent = true
                options.headers = ["x-own": "this call's"]
                let message = Message.text(
                    "the body", attributes: ["a": .string("ü;%"), "n": .number("1.50"), "b": .binary([0, 255])])
                let error = await failure { try await discovery.request("ns.s->f", message, options: options) }
                #expect(error == nil, "\(error.debugDescription)")
                let tries = server.received
                #expect(tries.count == faults.count + 1)
                for request in tries {
                    #expect(request.text == "the body")
                    #expect(request.headers["content-type"] == "text/plain; charset=utf-8")
                    #expect(request.headers["x-configured"] == "always" && request.headers["x-own"] == "this call's")
                    #expect(request.headers["discovery-attribute-a"] == "String;%C3%BC;%25")
                    #expect(request.headers["discovery-attribute-n"] == "Number;1.50")
                    #expect(request.headers["discovery-attribute-b"] == "Binary;AP8=")
                }
                let left = tries.map { Int($0.headers["discovery-timeout"] ?? "") ?? 0 }
                #expect(left.allSatisfy { (1...20_000).contains($0) }, "\(left)")
                #expect(left == left.sorted(by: >=), "one deadline for all tries: \(left)")
            }
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [301, 302, 303, 307, 308], [false, true])
    func `a redirect is an error that says where to, and is never followed`(status: Int, isIdempotent: Bool) async throws {
        try await withFaultServer { _ in
            .good
        } _: { elsewhere in
            try await withFaultServer { _ in
                .redirect(status, to: elsewhere.url)
            } _: { server in
                try await withDiscovery { discovery in
                    try await discovery.register("ns.s->f", Resource(.function, at: server.url))
                    var options = RequestOptions()
                    options.isIdempotent = isIdempotent
                    let error = await failure { try await discovery.request("ns.s->f", Message.text("kept"), options: options) }
                    #expect(error?.code == .functionFailed && error?.functionError?.status == status, "\(error.debugDescription)")
                    #expect(error?.message.contains(elsewhere.url) == true)
                    #expect(server.received.map(\.text) == ["kept"], "sent once, with its body")
                    #expect(elsewhere.tries == 0)
                }
            }
        }
    }
}
