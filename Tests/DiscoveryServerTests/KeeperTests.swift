import DiscoveryKit
import Logging
import NIOHTTP1
import Registry
import Store
import Testing

@testable import DiscoveryServer

/// The keeper's heartbeats over a real registry, by a clock and a disk that the test holds.
struct KeeperTests {
    @Test func `one that is heard before what it is owed could be written is left as it is`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(hasCustomHealth: true)
            try await trial.register("i", service)
            // Unhealthy first, then removed: each fails, and the instance is heard before it is tried again.
            for seconds in [10, 20] {
                trial.clock.advance(.seconds(seconds))
                trial.disk.fail(true)
                await #expect(throws: StoreError.self) { try await trial.keep() }
                trial.disk.fail(false)
                try await trial.keeper.renewed("i", of: service.id, isHealthy: true)
                try await trial.keep()
                #expect(try await trial.health("i", service) == .healthy)
            }
            trial.clock.advance(.seconds(10))
            try await trial.keep()
            #expect(try await trial.health("i", service) == .unhealthy)
            trial.clock.advance(.seconds(10))
            try await trial.keep()
            #expect(try await trial.health("i", service) == nil && trial.keeper.heartbeatCount == 0)
        }
    }

    @Test func `a good report revives, once it is written, also one that was found unhealthy`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(check: .init(kind: .http))
            try await trial.register("i", service)
            trial.clock.advance(.seconds(10))
            try await trial.keep()
            #expect(try await trial.health("i", service) == .unhealthy)
            try await trial.keeper.renewed("i", of: service.id, isHealthy: false)
            trial.disk.fail(true)
            await #expect(throws: StoreError.self) { try await trial.keeper.renewed("i", of: service.id, isHealthy: true) }
            trial.disk.fail(false)
            #expect(try await trial.health("i", service) == .unhealthy)
            // As after a restart.
            let next = Keeper(trial.registry, trial.logger)
            _ = try await next.keep(trial.registry.store.home)
            for keeper in [trial.keeper, next] {
                try await trial.registry.apply(trial.registry.heartbeats().heartbeats.map { .unhealthy($0) })
                try await keeper.renewed("i", of: service.id, isHealthy: true)
                #expect(try await trial.health("i", service) == .healthy)
            }
        }
    }

    @Test func `a renewal of one registration is refused when that is gone, and leaves what others reported`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(hasCustomHealth: true)
            let name = Registry.ServiceName.id(service.id)
            let first = try await trial.register("i", service)
            try await trial.registry.setHealth(.unhealthy, of: "i", in: name)
            try await trial.keeper.renewed("i", of: service.id, incarnation: first, isHealthy: true)
            #expect(try await trial.health("i", service) == .unhealthy)
            // Silent for a term, it is no less ill by that report.
            trial.clock.advance(.seconds(10))
            try await trial.keep()
            try await trial.keeper.renewed("i", of: service.id, incarnation: first, isHealthy: true)
            #expect(try await trial.health("i", service) == .unhealthy)
            let second = try await trial.register("i", service)
            await #expect(throws: RegistryError.self) {
                try await trial.keeper.renewed("i", of: service.id, incarnation: first, isHealthy: true)
            }
            try await trial.keeper.renewed("i", of: service.id, incarnation: second, isHealthy: true)
            try await trial.registry.deregister("i", from: name)
            trial.clock.advance(.seconds(20))
            try await trial.keep()
            #expect(trial.keeper.heartbeatCount == 0)
            await #expect(throws: RegistryError.self) {
                try await trial.keeper.renewed("i", of: service.id, incarnation: second, isHealthy: true)
            }
        }
    }

    @Test func `what comes and goes is not remembered without end`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(hasCustomHealth: false)
            for round in 0..<5 {
                let ids = (0..<500).map { "i\(round)-\($0)" }
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for id in ids { tasks.addTask { try await trial.register(id, service, seconds: 86_400) } }
                    try await tasks.waitForAll()
                }
                try await trial.keep()
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for id in ids { tasks.addTask { try await trial.registry.deregister(id, from: .id(service.id)) } }
                    try await tasks.waitForAll()
                }
            }
            #expect(trial.keeper.heartbeatCount <= 500 + Keeper.slack)
        }
    }

    @Test func `a client's renewal over the wire touches its own registration alone`() async throws {
        try await ServerTrial.run { trial in
            let attributes = ["DISCOVERY_LEASE_SECONDS": "86400", "DISCOVERY_INCARNATION": "ab"]
            let service = try await trial.discovery.withRegistry { registry in
                let namespace = try await registry.createNamespace(name: "map")
                let service = try await registry.createService(
                    namespaceID: namespace.id, name: "s", configuration: .init(hasCustomHealth: true))
                _ = try await registry.register("i", in: .id(service.id), attributes: .init(attributes))
                try await registry.setHealth(.unhealthy, of: "i", in: .id(service.id))
                return service.id
            }
            func report(_ id: String, _ incarnation: String?) async throws -> ServerTrial.Answer {
                var headers = ["x-amz-target": "Route53AutoNaming_v20170314.UpdateInstanceCustomHealthStatus"]
                headers["discovery-incarnation"] = incarnation
                return try await trial(
                    .POST, "/", #"{"ServiceId": "\#(service)", "InstanceId": "\#(id)", "Status": "HEALTHY"}"#, headers: headers)
            }
            func health() async throws -> Registry.Health? {
                try await trial.discovery.withRegistry { try await $0.instance("i", in: .id(service))?.health }
            }
            #expect(try await report("i", "ab").status == 200)
            #expect(try await health() == .unhealthy)
            for (id, incarnation) in [("i", "cd"), ("none", "ab")] {
                let refused = try await report(id, incarnation)
                #expect(refused.status == 400 && refused.text.contains("InstanceNotFound"), "\(refused.text)")
            }
            #expect(try await report("i", nil).status == 200)
            #expect(try await health() == .healthy)
        }
    }
}

/// A keeper whose turns the test takes.
private struct KeeperTrial: Sendable {
    let registry: Registry
    let keeper: Keeper
    let clock: HandClock
    let disk: HandDisk
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func keep() async throws { _ = try await keeper.keep(registry.store.home) }

    func service(hasCustomHealth: Bool = false, check: Registry.HealthCheck? = nil) async throws -> Registry.Service {
        let namespace = try await registry.createNamespace(name: "shop.example", kind: .publicDNS)
        return try await registry.createService(
            namespaceID: namespace.id, name: "api", configuration: .init(healthCheck: check, hasCustomHealth: hasCustomHealth))
    }

    @discardableResult
    func register(_ id: String, _ service: Registry.Service, seconds: Int = 10) async throws -> Int64 {
        let attributes: Registry.Attributes = [
            "AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "80", "DISCOVERY_LEASE_SECONDS": "\(seconds)",
        ]
        let incarnation = try await registry.register(id, in: .id(service.id), attributes: attributes).incarnation
        if seconds == 10 { try await keep() }
        return incarnation
    }

    func health(_ id: String, _ service: Registry.Service) async throws -> Registry.Health? {
        try await registry.instance(id, in: .id(service.id))?.health
    }
}

extension KeeperTests {
    private static func run(_ body: (KeeperTrial) async throws -> Void) async throws {
        try await withFolder { path in
            let (clock, disk) = (HandClock(), HandDisk())
            var seam = Seam()
            seam.now = { clock.now }
            seam.atCommit = { () throws(StoreError) in try disk.pass() }
            let registry = try Registry(Home(path: path, seam: seam))
            defer { registry.close() }
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await body(KeeperTrial(registry: registry, keeper: Keeper(registry, logger), clock: clock, disk: disk))
        }
    }
}
