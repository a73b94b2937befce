import DiscoveryKit
import Foundation
import Registry
import Store
import Synchronization
import Testing

/// Defects of calls that a review found, each with the test that would have.
@Suite struct ReviewedCallTests {
    /// Fails as told, by the number of the try, from 0, and its location.
    private final class Adapter: RequestAdapter {
        private let fail: @Sendable (Int, String) async throws(DiscoveryError) -> Void
        private let locations = Mutex<[String]>([])

        init(_ fail: @escaping @Sendable (Int, String) async throws(DiscoveryError) -> Void) { self.fail = fail }

        var asked: [String] { locations.withLock { $0 } }

        func accepts(_ resource: Resource) -> Bool { resource.location.hasPrefix("test:") }

        func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
            let number = locations.withLock { locations in
                locations.append(resource.location)
                return locations.count - 1
            }
            try await fail(number, resource.location)
            return Reply(message: .text("answered"), servedBy: request.address)
        }
    }

    private static let busy = DiscoveryError(.unreachable, "It is busy.", functionError: .init(message: "", status: 503))
    private static let refused = DiscoveryError(.unreachable, "It was refused.")
    private static let leftAloneLong = PolicyRule("*") {
        $0.firstEjection = .seconds(60)
        $0.longestEjection = .seconds(60)
        $0.firstBackoff = .milliseconds(1)
    }

    private func with(
        _ adapter: Adapter, _ policies: [PolicyRule] = [], attributes: [String: [String: String]] = ["a": [:]],
        _ body: (Discovery) async throws -> Void
    ) async throws {
        try await withDiscovery(configure: {
            $0.adapters = [adapter]
            $0.policies = policies
        }) { discovery in
            for (id, attributes) in attributes {
                let address = Address(namespace: "ns", service: "s", instance: .id(id))
                try await discovery.register(address, Resource(.function, at: "test://\(id)", attributes: attributes))
            }
            try await body(discovery)
        }
    }

    @Test func `a well replica that was busy once is tried again, rather than one that is not reached at all`() async throws {
        let isBusy = Atomic(false)
        let adapter = Adapter { _, location throws(DiscoveryError) in
            if location.hasSuffix("b") { throw Self.refused }
            if isBusy.exchange(false, ordering: .relaxed) { throw Self.busy }
        }
        try await with(adapter, [Self.leftAloneLong], attributes: ["a": [:], "b": [:]]) { discovery in
            for _ in 0..<5 { _ = await failure { try await discovery.request("ns.s->b") } }
            isBusy.store(true, ordering: .relaxed)
            let error = await failure { try await discovery.request("ns.s->*") }
            #expect(error == nil, "\(error.debugDescription)")
            #expect(adapter.asked.suffix(2) == ["test://a", "test://a"])
        }
    }

    @Test func `an instance of weight nothing is no way out either`() async throws {
        let adapter = Adapter { number, _ throws(DiscoveryError) in if number == 0 { throw Self.busy } }
        let weighted = PolicyRule("*") { $0.balancing = .weighted }
        try await with(adapter, [weighted], attributes: ["a": ["weight": "1"], "b": ["weight": "0"]]) { discovery in
            try await discovery.request("ns.s->*")
            #expect(adapter.asked == ["test://a", "test://a"])
        }
    }

    @Test func `an override of others that this version cannot read is in nobody's way`() async throws {
        try await withHome { home in
            let registry = try Registry(Home(path: home))
            try await registry.setOverride(pattern: "other.*", text: #"{"pattern":"other.*","mirror":1}"#, now: 0)
            try await withDiscovery(home: home) { discovery in
                try await discovery.register("ns.s->a", Resource(.function, at: "http://127.0.0.1:9/"))
                #expect(try await discovery.resolve("ns.s->a").location == "http://127.0.0.1:9/")
                #expect(await failure { try await discovery.request("other.s->a") }?.code == .unsupported)
            }
            registry.close()
        }
    }

    @Test func `a canned reply set while a call is between tries is given`() async throws {
        try await withHome { home in
            try await withDiscovery(home: home) { other in
                let adapter = Adapter { _, _ throws(DiscoveryError) in
                    try await other.override(Override("ns.*", .reply(text: "canned")))
                    throw Self.refused
                }
                try await withDiscovery(home: home, configure: { $0.adapters = [adapter] }) { discovery in
                    try await discovery.register("ns.s->a", Resource(.function, at: "test://a"))
                    #expect(try await discovery.request("ns.s->a").message.body == Array("canned".utf8))
                }
            }
        }
    }

    @Test func `a call cancelled before it begins never runs the function`() async throws {
        let adapter = Adapter { _, _ in }
        try await with(adapter) { discovery in
            for _ in 0..<50 {
                let error = await Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return await failure { try await discovery.request("ns.s->a") }
                }.value
                #expect(error?.code == .cancelled)
            }
            #expect(adapter.asked.isEmpty)
        }
    }

    @Test func `an instance that is registered again is called at once, also at the same place`() async throws {
        let isUp = Atomic(false)
        let adapter = Adapter { _, _ throws(DiscoveryError) in if !isUp.load(ordering: .relaxed) { throw Self.refused } }
        try await with(adapter, [Self.leftAloneLong]) { discovery in
            for _ in 0..<3 { _ = await failure { try await discovery.request("ns.s->a") } }
            isUp.store(true, ordering: .relaxed)
            #expect(await failure { try await discovery.request("ns.s->a") }?.code == .unreachable)
            try await discovery.register("ns.s->a", Resource(.function, at: "test://a"))
            #expect(await failure { try await discovery.request("ns.s->a") } == nil)
        }
    }

    @Test func `a refusal costs no try and no part of the retry budget`() async throws {
        let adapter = Adapter { number, location throws(DiscoveryError) in
            if location.hasSuffix("a") { throw Self.refused }
            if number == 5 { throw Self.busy }
        }
        try await with(adapter, [Self.leftAloneLong], attributes: ["a": [:], "b": [:]]) { discovery in
            _ = await failure { try await discovery.request("ns.s->a") }
            for _ in 0..<50 { #expect(await failure { try await discovery.request("ns.s->a") }?.message.contains("left alone") == true) }
            #expect(adapter.asked.count == 5)
            #expect(await failure { try await discovery.request("ns.s->b") } == nil)
        }
    }

    @Test func `turns are taken by calls and not by those who only ask`() async throws {
        let adapter = Adapter { _, _ in }
        try await with(adapter, [PolicyRule("*") { $0.balancing = .roundRobin }], attributes: ["a": [:], "b": [:]]) { discovery in
            for _ in 0..<10 {
                _ = try await discovery.resolve("ns.s->*")
                try await discovery.request("ns.s->*")
            }
            #expect(adapter.asked.count { $0 == "test://a" } == 5)
        }
    }

    @Test func `what may have run is not told as not run, whatever came after`() async throws {
        let adapter = Adapter { number, _ throws(DiscoveryError) in
            throw number == 0 ? DiscoveryError(.outcomeUnknown, "It was lost.") : Self.refused
        }
        try await with(adapter) { discovery in
            var options = RequestOptions()
            options.isIdempotent = true
            let twice = options
            let error = await failure { try await discovery.request("ns.s->a", options: twice) }
            #expect(error?.code == .outcomeUnknown && adapter.asked.count == 5)
        }
    }

    @Test func `while one call finds out how an instance does, others are free to go elsewhere`() async throws {
        let adapter = Adapter { _, location throws(DiscoveryError) in
            guard location.hasSuffix("b") else { return }
            await Task.yield()
            throw Self.refused
        }
        let policy = PolicyRule("*") {
            $0.attempts = 1
            $0.failuresBeforeEjection = 1
            $0.firstEjection = .milliseconds(1)
            $0.longestEjection = .milliseconds(1)
        }
        try await with(adapter, [policy], attributes: ["a": [:], "b": [:]]) { discovery in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<200 {
                            let error = await failure { try await discovery.request("ns.s->*") }
                            #expect(error == nil || error?.message.contains("It was refused.") == true, "\(error.debugDescription)")
                        }
                    }
                }
            }
        }
    }

    @Test func `an override into a home that is not there makes none, and finds it once it is`() async throws {
        try await withHome { other in
            try await withDiscovery(configure: { $0.overrides = [Override("ns.*", .home(other))] }) { discovery in
                #expect(await failure { try await discovery.resolve("ns.s->a") }?.code == .homeUnusable)
                #expect(!FileManager.default.fileExists(atPath: other))
                for round in 0..<2 {
                    try await withDiscovery(home: other) {
                        try await $0.register("ns.s->a", Resource(.function, at: "test://\(round)"))
                    }
                    // The home that is gone is noticed within moments by those who call; then the one that is there is opened.
                    let end = ContinuousClock.now + .seconds(30)
                    var location = ""
                    while location != "test://\(round)", ContinuousClock.now < end {
                        _ = await failure { try await discovery.request("ns.s->a") }
                        location = (try? await discovery.resolve("ns.s->a").location) ?? ""
                    }
                    #expect(location == "test://\(round)")
                    try FileManager.default.removeItem(atPath: other)
                }
            }
        }
    }

    @Test func `a deadline beyond what timers count is cut to that`() async throws {
        try await withDiscovery(configure: { $0.request.deadline = .seconds(400 * 86_400) }) { discovery in
            try await discovery.register("ns.s->a", Resource(.function, at: "http://127.0.0.1:9/"))
            #expect(try await discovery.resolve("ns.s->a").location == "http://127.0.0.1:9/")
        }
    }

    @Test func `explain tells the override that leads nowhere, and that instances here do not count`() async throws {
        try await withDiscovery(configure: { $0.overrides = [Override("ns.*", .redirect(to: "nowhere.at->all"))] }) { discovery in
            try await discovery.register("ns.s->a", Resource(.function, at: "http://127.0.0.1:9/"))
            let explanation = try await discovery.explain("ns.s->a")
            #expect(explanation.override?.contains("redirected to nowhere.at->all") == true && explanation.policy != nil)
            #expect(explanation.failure?.contains("nowhere") == true)
            #expect(explanation.candidates.first?.leftOut == "an override leads elsewhere")
        }
    }
}
