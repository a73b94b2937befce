import Foundation
import Registry
import Store
import Testing

/// Registry operations of many callers that share one transaction: what the first learnt must be true for the last.
struct SharedTransactionTests {
    /// Holds the writer up while tasks are made, so that they share the next transaction.
    private func inOneTransaction(_ registry: Registry, _ tasks: () -> [Task<Registry.Registered?, any Error>]) async throws -> [Result<
        Registry.Registered?, any Error
    >] {
        let gate = Gate()
        let blocker = Task { try await registry.store.write { _ in gate.pass() } }
        await gate.reached()
        let made = tasks()
        gate.open()
        try await blocker.value
        var results: [Result<Registry.Registered?, any Error>] = []
        for task in made { results.append(await task.result) }
        return results
    }

    private func register(_ registry: Registry, _ id: String, _ name: Registry.ServiceName, lease: Lease? = nil) -> Task<
        Registry.Registered?, any Error
    > {
        Task.immediate { try await registry.register(id, in: name, attributes: [:], lease: lease, creating: true) }
    }

    @Test func `a service named in two ways has one revision`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("Api", in: "shop", kind: .privateDNS)
            let names: [Registry.ServiceName] = [
                .id(service.id), .name(namespace: "shop", service: "Api"), .name(namespace: "shop", service: "API"),
                .name(namespace: "shop", service: "api"),
            ]
            let results = try await inOneTransaction(registry) {
                (0..<40).map { number in register(registry, "i\(number)", names[(number / 3) % names.count]) }
            }
            let incarnations = try results.map { try $0.get()?.incarnation ?? 0 }
            #expect(incarnations == incarnations.sorted())
            #expect(Set(incarnations).count == 40, "\(incarnations)")
            let snapshot = try await registry.snapshot(namespace: "shop", service: "Api")
            #expect(snapshot.revision == incarnations.last && snapshot.instances.count == 40)
            #expect(Set(snapshot.instances.map(\.incarnation)).count == 40)
        }
    }

    @Test func `registering, deregistering and setting health by turns keep one revision`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            let name = Registry.ServiceName.name(namespace: "shop", service: "api")
            let results = try await inOneTransaction(registry) {
                (0..<30).flatMap { number -> [Task<Registry.Registered?, any Error>] in
                    [
                        register(registry, "i\(number)", name),
                        Task.immediate {
                            try await registry.setHealth(.unhealthy, of: "i\(number)", in: .id(service.id)); return nil
                        },
                        register(registry, "j\(number)", .id(service.id)),
                        Task.immediate {
                            try await registry.deregister("i\(number)", from: name); return nil
                        },
                    ]
                }
            }
            let incarnations = try results.compactMap { try $0.get()?.incarnation }
            #expect(incarnations.count == 60 && Set(incarnations).count == 60 && incarnations == incarnations.sorted(), "\(incarnations)")
            #expect(try await registry.ids("shop", "api", .init(health: .all)) == Set((0..<30).map { "j\($0)" }))
        }
    }

    @Test func `a service deleted in the middle is not registered in`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            let dead = Lease(slot: 1, generation: 1)
            let results = try await inOneTransaction(registry) {
                [
                    register(registry, "one", .id(service.id), lease: dead),
                    Task.immediate {
                        try await registry.deleteService(id: service.id); return nil
                    },
                    register(registry, "two", .id(service.id)),
                ]
            }
            #expect(try results[0].get() != nil)
            #expect(throws: Never.self) { try results[1].get() }
            #expect { try results[2].get() } throws: { ($0 as? RegistryError)?.code == .serviceNotFound }
            let orphans = try await registry.store.read { try $0.first("SELECT count(*) FROM instances") { $0.integer(0) } }
            #expect(orphans == 0)
        }
    }

    @Test func `of those that break a rule each is told, and the others are done`() async throws {
        try await withRegistry { registry in
            let name = Registry.ServiceName.name(namespace: "shop", service: "api")
            let results = try await inOneTransaction(registry) {
                (0..<30).map { number in
                    switch number % 3 {
                    case 0: register(registry, "i\(number)", name)
                    case 1:
                        Task.immediate {
                            try await registry.deregister("none", from: name); return nil
                        }
                    default:
                        // Makes a namespace before it is refused, so it is undone.
                        Task.immediate {
                            try await registry.register(
                                "x", in: .name(namespace: "n\(number)", service: "s"), attributes: ["AWS_NO": "x"], creating: true)
                        }
                    }
                }
            }
            for (number, result) in results.enumerated() {
                switch number % 3 {
                case 0: #expect(throws: Never.self) { try result.get() }
                case 1: #expect { try result.get() } throws: { ($0 as? RegistryError)?.code == .instanceNotFound }
                default: #expect { try result.get() } throws: { ($0 as? RegistryError)?.code == .invalidInput }
                }
            }
            #expect(try await registry.namespaces().map(\.name) == ["shop"])
            #expect(try await registry.ids("shop", "api").count == 10)
        }
    }

    @Test func `a service whose stored text is damaged fails alone`() async throws {
        try await withRegistry { registry in
            let bad = try await registry.make("bad", in: "shop")
            let good = try await registry.make("good", in: "shop")
            try await registry.store.write {
                _ = try $0.connection.run("UPDATE services SET configuration = '{' WHERE id = ?", .text(bad.id))
            }
            let results = try await inOneTransaction(registry) {
                (0..<10).map { number in register(registry, "i\(number)", .id(number == 4 ? bad.id : good.id)) }
            }
            #expect { try results[4].get() } throws: { ($0 as? StoreError)?.code == .damaged }
            #expect(results.enumerated().allSatisfy { number, result in number == 4 || (try? result.get()) != nil })
            #expect(try await registry.ids("shop", "good").count == 9)
        }
    }
}
