import DiscoveryKit
import Foundation
import HTTPServing
import Testing

/// What overrides do to calls, wherever they are from.
@Suite struct OverriddenCallTests {
    private static let echo: Address = "ais.scheduler->get-job"

    /// A home in which `ais.scheduler->get-job` is served, and says `real`.
    private func withServed(
        _ overrides: [Override] = [], _ body: (Discovery, _ url: String) async throws -> Void
    ) async throws {
        try await withServer { request in
            HTTPResponse(status: 200, headers: [("Content-Type", "text/plain")], body: Array("real \(request.path)".utf8))
        } _: { url in
            try await withDiscovery(configure: { $0.overrides = overrides }) { discovery in
                try await discovery.register(Self.echo, Resource(.function, at: url))
                try await body(discovery, url)
            }
        }
    }

    private func text(_ discovery: Discovery, _ address: Address = echo) async throws -> String {
        String(decoding: try await discovery.request(address).message.body, as: UTF8.self)
    }

    private func expect(
        _ discovery: Discovery, _ address: Address = echo, says text: String, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let said = try await self.text(discovery, address)
        #expect(said == text, sourceLocation: location)
    }

    @Test func `a call goes to the URL an override names, though nothing is registered`() async throws {
        try await withServed { discovery, url in
            try await discovery.override(Override("shop.*", .redirect(to: "\(url)elsewhere")))
            try await expect(discovery, "shop.cart->add", says: "real /elsewhere")
            #expect(try await discovery.resolve("shop.cart->add").location == "\(url)elsewhere")
            try await expect(discovery, says: "real /")
        }
    }

    @Test func `a call goes to another address, to which no other override is applied`() async throws {
        let overrides = [
            Override("shop.*", .redirect(to: "ais.scheduler->get-job")),
            Override("ais.scheduler->*", .redirect(to: "shop.cart->add")),
        ]
        try await withServed(overrides) { discovery, _ in
            try await expect(discovery, "shop.cart->add", says: "real /")
            let lost = await failure { try await discovery.request("ais.scheduler->*") }
            #expect(lost?.code == .notFound && lost?.message.contains("override of `ais.scheduler->*`") == true)
        }
    }

    @Test func `a call is looked up in another home`() async throws {
        try await withServed { there, _ in
            let home = try await there.explain(Self.echo).home
            try await withDiscovery(configure: { $0.overrides = [Override("ais.*", .home(home))] }) { here in
                try await expect(here, says: "real /")
                try await there.register(Self.echo, Resource(.function, at: "http://127.0.0.1:9/moved"))
                #expect(try await here.resolve(Self.echo).location == "http://127.0.0.1:9/moved", "a change there is seen here at once")
            }
        }
    }

    @Test func `a canned reply is given without a call, and a canned error thrown`() async throws {
        let overrides = [
            try Override("ais.users", .reply(json: ["id": 7])), Override("ais.bad", .reply(text: "out of order", status: 501)),
            Override("ais.busy", .reply(text: "later", status: 503)),
        ]
        try await withDiscovery(configure: { $0.overrides = overrides }) { discovery in
            let user: [String: Int] = try await discovery.request("ais.users")
            #expect(user == ["id": 7])
            let error = await failure { try await discovery.request("ais.bad") }
            #expect(error?.code == .functionFailed && error?.functionError?.status == 501)
            #expect(error?.functionError?.message == "out of order")
            let busy = await failure { try await discovery.request("ais.busy") }
            #expect(busy?.code == .unreachable && busy?.message.hasSuffix("It was tried 5 times.") == true, "as a function's own 503")
            #expect(await failure { try await discovery.resolve("ais.users") }?.code == .unsupported)
        }
    }

    @Test func `a rate of failures fails calls before they are made, and is not retried away`() async throws {
        try await withServed([Override("ais.*", .failing(rate: 1))]) { discovery, _ in
            let error = await failure { try await discovery.request(Self.echo) }
            #expect(error?.code == .unreachable && error?.message.contains("overridden") == true)
        }
        try await withServed([Override("ais.*", .failing(rate: 0.5))]) { discovery, _ in
            var failed = 0
            for _ in 0..<200 where await failure({ try await discovery.request(Self.echo) }) != nil { failed += 1 }
            #expect((50...150).contains(failed), "\(failed) of 200")
        }
    }

    @Test func `a delay counts within the deadline`() async throws {
        try await withServed([Override("ais.*", .delayed(.milliseconds(200)))]) { discovery, _ in
            let start = ContinuousClock.now
            try await expect(discovery, says: "real /")
            #expect(ContinuousClock.now - start >= .milliseconds(200))
            var options = RequestOptions()
            options.deadline = .milliseconds(50)
            let hasty = options
            let error = await failure { try await discovery.request(Self.echo, options: hasty) }
            #expect(error?.code == .deadlineExceeded && error?.message.contains("delayed by 0.2 s") == true)
        }
    }

    @Test func `an override set by one client counts from another's next call on, and until it is removed`() async throws {
        try await withServed { discovery, _ in
            let home = try await discovery.explain(Self.echo).home
            try await withDiscovery(home: home) { other in
                for round in 0..<50 {
                    try await expect(other, says: "real /")
                    try await discovery.override(Override("ais.*", .reply(text: "canned \(round)")))
                    try await expect(other, says: "canned \(round)")
                    try await discovery.removeOverride("ais.*")
                }
            }
        }
    }

    @Test func `an override that expires counts no more, though nothing else changed`() async throws {
        try await withServed { discovery, _ in
            let end = Date.now + 0.3
            try await discovery.override(Override("ais.*", .reply(text: "canned"), until: end))
            if Date.now < end - 0.1 { try await expect(discovery, says: "canned") }
            while Date.now <= end { try await Task.sleep(for: .milliseconds(20)) }
            try await expect(discovery, says: "real /")
        }
    }

    @Test func `what this process overrides comes before what the home does, and the narrower pattern of the home first`() async throws {
        try await withServed([Override("ais.a->*", .reply(text: "own"))]) { discovery, _ in
            try await discovery.override(Override("ais.a->*", .reply(text: "home")))
            try await discovery.override(Override("ais.*", .reply(text: "wide")))
            try await discovery.override(Override("ais.b*", .reply(text: "narrow")))
            try await expect(discovery, "ais.a->x", says: "own")
            try await expect(discovery, "ais.b->x", says: "narrow")
            try await expect(discovery, "ais.c->x", says: "wide")
        }
    }

    @Test func `explain tells the override, the policy, and how instances do`() async throws {
        try await withServed([Override("ais.*", .delayed(.milliseconds(1)), note: "slow day")]) { discovery, _ in
            _ = try await text(discovery)
            let explanation = try await discovery.explain(Self.echo)
            #expect(explanation.override?.contains("delayed by 0.001 s (slow day)") == true)
            #expect(explanation.policy?.contains("5 tries") == true)
            #expect(explanation.cache.hasPrefix("fresh, read"))
            #expect(explanation.candidates.first?.calls == "callable")
            #expect("\(explanation)".contains("override   `ais.*`: delayed"))
        }
    }
}
