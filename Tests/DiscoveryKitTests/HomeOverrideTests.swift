import DiscoveryKit
import Foundation
import Registry
import Store
import Testing

/// Overrides that a home keeps for all its processes.
@Suite struct HomeOverrideTests {
    @Test func `what one client sets, another of the same home has, and either removes`() async throws {
        try await withHome { home in
            try await withDiscovery(home: home) { first in
                try await withDiscovery(home: home) { second in
                    #expect(try await second.overrides().isEmpty)
                    let override = Override(
                        "ais.*", .redirect(to: "http://h/"), .delayed(.milliseconds(200)), until: .now + 3_600, note: "a")
                    try await first.override(override)
                    try await second.override(Override("ais.scheduler->*", .failing(rate: 0.5)))
                    let overrides = try await second.overrides()
                    #expect(overrides.map(\.pattern) == ["ais.scheduler->*", "ais.*"])
                    #expect(overrides.last?.redirect == "http://h/" && overrides.last?.delay == .milliseconds(200))
                    try await second.override(Override("ais.*", .home("/h")))
                    #expect(try await first.overrides().last == Override("ais.*", .home("/h")))
                    try await first.removeOverride("ais.scheduler->*")
                    #expect(try await second.overrides().map(\.pattern) == ["ais.*"])
                    #expect(try await second.removeOverrides() == 1)
                    #expect(try await first.removeOverrides() == 0)
                }
            }
            let left = try await withDiscovery(home: home) { try await $0.overrides() }
            #expect(left.isEmpty)
        }
    }

    @Test func `what cannot be set or removed is said before and after a home is opened`() async throws {
        try await withHome { home in
            try await withDiscovery(home: home) { discovery in
                #expect(await failure { try await discovery.override(Override("a.*")) }?.code == .configuration)
                #expect(await failure { try await discovery.override(Override("", .failing(rate: 1))) }?.code == .configuration)
                let over = await failure { try await discovery.override(Override("a.*", .failing(rate: 1), until: .now - 1)) }
                #expect(over?.code == .invalid && over?.message.contains("expired") == true)
                #expect(await failure { try await discovery.removeOverride("") }?.code == .configuration)
                #expect(!FileManager.default.fileExists(atPath: home), "nothing was opened for that")
                try await discovery.override(Override("ais.*", .failing(rate: 1)))
                let missing = await failure { try await discovery.removeOverride("aix.*") }
                #expect(missing?.code == .notFound && missing?.message.contains("Did you mean `ais.*`?") == true)
                #expect(await failure { try await discovery.removeOverride("zzzzzzzzz") }?.message.contains("override --list") == true)
            }
        }
    }

    @Test func `an override that has expired is not listed`() async throws {
        try await withHome { home in
            // As it was set, while it had not expired yet.
            let registry = try Registry(Home(path: home))
            let text = try Override("a.*", .failing(rate: 1), until: Date(timeIntervalSince1970: 1_000)).jsonText()
            try await registry.setOverride(pattern: "a.*", text: text, expires: 1_000_000, now: 0)
            #expect(try await registry.overrides().count == 1)
            let listed = try await withDiscovery(home: home) { try await $0.overrides() }
            #expect(listed.isEmpty)
            registry.close()
        }
    }

    @Test func `the static operations are those of the task's client`() async throws {
        try await withDiscovery { discovery in
            try await Discovery.withCurrent(discovery) {
                try await Discovery.override(Override("a.*", .failing(rate: 1)))
                try await Discovery.override(Override("b.*", .failing(rate: 1)))
                #expect(try await discovery.overrides() == Discovery.overrides())
                try await Discovery.removeOverride("a.*")
                #expect(try await Discovery.removeOverrides() == 1)
            }
        }
    }

    @Test func `whether anything is registered that a pattern means`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ais.scheduler->get-job", Resource(.function, at: "http://h/"))
            for (pattern, isThere) in [
                ("*", true), ("ais.*", true), ("ais.scheduler", true), ("ais.scheduler->get-*", true), ("ais.scheduler->*", true),
                ("ais.scheduler->", true), ("ais.scheduler->put-*", false), ("ais.schedulers", false), ("scheduler", false),
            ] as [(AddressPattern, Bool)] {
                #expect(try await discovery.hasInstances(matching: pattern) == isThere, "\(pattern)")
            }
            try await discovery.deregister("ais.scheduler->get-job")
            #expect(try await !discovery.hasInstances(matching: "*"))
        }
    }
}
