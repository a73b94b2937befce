import DiscoveryKit
import Testing

/// Policies by address, as callers meet them.
@Suite struct PolicyTests {
    private func withRefused(
        _ policies: [PolicyRule], _ body: (Discovery, ScriptedAdapter) async throws -> Void
    ) async throws {
        let adapter = ScriptedAdapter { _, _ in .unreachable }
        try await withDiscovery(configure: {
            $0.adapters = [adapter]
            $0.policies = policies
        }) { discovery in
            for service in ["ais.a", "ais.b", "shop.c"] {
                try await discovery.register(Address(parsing: "\(service)->f"), Resource(.function, at: "http://127.0.0.1:9/\(service)"))
            }
            try await body(discovery, adapter)
        }
    }

    @Test func `of several policies that match, the last that says something counts`() async throws {
        let policies = [
            PolicyRule("*") { $0.attempts = 2 }, PolicyRule("ais.*") { $0.attempts = 3 },
            PolicyRule("ais.b") { $0.firstBackoff = .milliseconds(1) },
        ]
        try await withRefused(policies) { discovery, adapter in
            for (address, tries) in [("shop.c->f", 2), ("ais.a->f", 3), ("ais.b->f", 3)] {
                let before = adapter.asked.count
                _ = await failure { try await discovery.request(Address(parsing: address)) }
                #expect(adapter.asked.count - before == tries, "\(address)")
            }
        }
    }

    @Test func `a target that is not reached is refused without a try, and the sentence says for how long`() async throws {
        let policy = PolicyRule("*") {
            $0.attempts = 1
            $0.firstEjection = .seconds(60)
            $0.longestEjection = .seconds(60)
        }
        try await withRefused([policy]) { discovery, adapter in
            for _ in 0..<5 { _ = await failure { try await discovery.request("ais.a->f") } }
            #expect(adapter.asked.count == 5)
            let refused = await failure { try await discovery.request("ais.a->f") }
            #expect(refused?.code == .unreachable && refused?.message.contains("left alone until") == true)
            #expect(adapter.asked.count == 5)
            #expect(try await discovery.explain("ais.a->f").candidates.first?.calls?.contains("refused for") == true)
            // Another place under the same address has done nothing wrong.
            try await discovery.register("ais.a->f", Resource(.function, at: "http://127.0.0.1:10/"))
            _ = await failure { try await discovery.request("ais.a->f") }
            #expect(adapter.asked.count == 6)
        }
    }

    @Test func `no more is retried than the budget has`() async throws {
        let policy = PolicyRule("*") {
            $0.attempts = 10
            $0.firstBackoff = .nanoseconds(1)
            $0.longestBackoff = .nanoseconds(1)
            $0.retryShare = 0
        }
        try await withRefused([policy]) { discovery, adapter in
            for _ in 0..<4 { _ = await failure { try await discovery.request("ais.a->f") } }
            #expect(adapter.asked.count == 4)
        }
    }

    @Test func `a try that takes too long is given up for another where a call may be done twice`() async throws {
        try await withFaultServer {
            $0 == 0 ? .neverAnswer : .good
        } _: { server in
            try await withDiscovery(configure: { $0.policies = [PolicyRule("*") { $0.tryDeadline = .seconds(2) }] }) { discovery in
                try await discovery.register("ns.s->f", Resource(.function, at: server.url))
                var options = RequestOptions()
                options.isIdempotent = true
                let twice = options
                let error = await failure { try await discovery.request("ns.s->f", options: twice) }
                #expect(error == nil, "\(error.debugDescription)")
                #expect(server.tries == 2)
            }
        }
    }

    @Test func `policies that contradict themselves or each other are refused, with their pattern`() {
        for policies in [
            [PolicyRule("a.*") { $0.attempts = 0 }], [PolicyRule("", RequestPolicy())],
            [PolicyRule("a.*") { $0.attempts = 1 }, PolicyRule("a.*") { $0.attempts = 2 }],
            [PolicyRule("a.*") { ($0.firstBackoff, $0.longestBackoff) = (.seconds(2), .seconds(1)) }],
        ] {
            var configuration = Discovery.Configuration()
            configuration.policies = policies
            #expect(throws: DiscoveryError.self) { try Discovery(configuration) }
        }
    }

    @Test func `an instance of weight nothing gets nothing, and turns are taken where they are asked for`() async throws {
        let adapter = ScriptedAdapter { _, _ in nil }
        let policies = [
            PolicyRule("ns.weighted") { $0.balancing = .weighted }, PolicyRule("ns.turns") { $0.balancing = .roundRobin },
        ]
        try await withDiscovery(configure: {
            $0.adapters = [adapter]
            $0.policies = policies
        }) { discovery in
            for (id, weight) in [("a", "0"), ("b", "3"), ("c", "1")] {
                for service in ["weighted", "turns"] {
                    try await discovery.register(
                        Address(parsing: "ns.\(service)->\(id)"),
                        Resource(.function, at: "http://127.0.0.1:9/\(service)/\(id)", attributes: ["weight": weight]))
                }
            }
            for _ in 0..<300 { try await discovery.request("ns.weighted->*") }
            let weighted = adapter.asked
            let most = weighted.count { $0.hasSuffix("/b") }
            #expect(!weighted.contains { $0.hasSuffix("/a") } && (180...270).contains(most), "\(most) of 300")
            for _ in 0..<6 { try await discovery.request("ns.turns->*") }
            let turns = adapter.asked.suffix(6)
            #expect(Set(turns.prefix(3)).count == 3 && Array(turns.prefix(3)) == Array(turns.suffix(3)))
        }
    }

    @Test func `a function answers to its own address only`() async throws {
        try await withDiscovery { discovery in
            let ready = Event<Discovery.Serving>()
            let serving = Task { try await discovery.serve("ns.s->one", whenServing: { ready.happened($0) }) { _ in .text("one") } }
            let url = try #require(await ready.wait()).url
            // As after a process has got the port of one that was killed: leased, and somewhere else by now.
            try await discovery.register("ns.s->two", Resource(.function, at: url))
            #expect(try await discovery.request("ns.s->two").message.body == Array("one".utf8), "a URL is a URL")
            var options = RequestOptions()
            options.headers = ["discovery-address": "ns.s->two"]
            let meant = options
            let error = await failure { try await discovery.request("ns.s->two", options: meant) }
            #expect(error?.code == .unreachable && error?.functionError?.status == 421)
            serving.cancel()
            _ = await serving.result
        }
    }
}
