import Foundation
import Registry
import Store
import Testing

/// Instances that live as long as the process that registered them.
struct LeasedInstanceTests {
    private static let name = Registry.ServiceName.name(namespace: "leased", service: "service")

    private func rows(_ registry: Registry) async throws -> Set<String> {
        try await Set(registry.store.read { try $0.all("SELECT id FROM instances") { $0.text(0) } })
    }

    @Test func `an instance of a killed process is not found at the next look, and the next writer removes it`() async throws {
        try await withFolder { path in
            let registry = try Registry(Home(path: path))
            let lives = try Child("leased", path, "lives")
            #expect(await lives.ask("register").hasPrefix("ok"))
            for round in 0..<min(Rounds.count, 30) {
                let dies = try Child("leased", path, "dies")
                #expect(await dies.ask("register").hasPrefix("ok"))
                #expect(try await registry.find("dies", namespace: "leased", service: "service").instance.lease != nil)
                #expect(await lives.ask("find id=dies") == "ok found")
                let revision = try await registry.snapshot(namespace: "leased", service: "service").revision
                dies.end()
                await refused(.instanceNotFound, "The process that registered `dies` in `leased.service` has ended") {
                    _ = try await registry.find("dies", namespace: "leased", service: "service")
                }
                #expect(await lives.ask("find id=dies") == "ok nothing")
                #expect(try await registry.ids("leased", "service").isDisjoint(with: ["dies"]))
                await refused(.instanceNotFound) { _ = try await registry.find("die", namespace: "leased", service: "service") }

                // Any writer will do, also one of another process.
                #expect(try await rows(registry).contains("dies"))
                if round.isMultiple(of: 2) {
                    _ = try await registry.register("own", in: Self.name, attributes: [:])
                } else {
                    #expect(await lives.ask("register").hasPrefix("ok"))
                }
                #expect(try await !rows(registry).contains("dies"))
                #expect(try await rows(registry).contains("lives"))
                #expect(try await registry.find("lives", namespace: "leased", service: "service").instance.lease != nil)
                #expect(try await registry.snapshot(namespace: "leased", service: "service").revision > revision)
            }
            registry.close()
        }
    }

    @Test func `a service whose instances have all died is deleted`() async throws {
        try await withFolder { path in
            let registry = try Registry(Home(path: path))
            let service = try await registry.make("service", in: "leased")
            let dies = try Child("leased", path, "dies")
            #expect(await dies.ask("register").hasPrefix("ok"))
            await refused(.resourceInUse) { try await registry.deleteService(id: service.id) }
            dies.end()
            try await registry.deleteService(id: service.id)
            #expect(try await registry.services().isEmpty)
            #expect(try await rows(registry).isEmpty)
            registry.close()
        }
    }

    @Test func `an instance registered anew by a living process stays when the first process dies`() async throws {
        try await withFolder { path in
            let registry = try Registry(Home(path: path))
            let first = try Child("leased", path, "shared")
            let second = try Child("leased", path, "shared")
            #expect(await first.ask("register").hasPrefix("ok"))
            #expect(await second.ask("register").hasPrefix("ok"))
            first.end()
            _ = try await registry.register("own", in: Self.name, attributes: [:])
            #expect(try await registry.ids("leased", "service") == ["own", "shared"])
            second.end()
            #expect(try await registry.ids("leased", "service") == ["own"])
            registry.close()
        }
    }
}
