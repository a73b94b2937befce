import Foundation
import HTTPServing
import Logging
import Registry
import Store
import Synchronization
import Testing

@testable import DiscoveryServer

/// Checks over a real registry, by a clock and answers that the test gives; and once by the network.
struct HealthCheckerTests {
    private static let place: Registry.Attributes = ["AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "80"]
    private static let leased: Registry.Attributes = [
        "AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "80", "DISCOVERY_LEASE_SECONDS": "60",
    ]

    @Test func `answers turn instances, those of their own registration, when they could be written`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(threshold: 2)
            for id in ["a", "b"] { _ = try await trial.registry.register(id, in: service, attributes: Self.place) }
            try await trial.checker.load()
            trial.ill.withLock { $0 = ["a"] }
            await trial.round()
            #expect(try await trial.health(service) == ["a": .healthy, "b": .healthy])
            trial.disk.fail(true)
            await trial.round()
            trial.disk.fail(false)
            #expect(try await trial.health(service) == ["a": .healthy, "b": .healthy])
            await trial.round()
            #expect(try await trial.health(service) == ["a": .unhealthy, "b": .healthy])
            // Another registration begins anew.
            _ = try await trial.registry.register("a", in: service, attributes: Self.place)
            try await trial.checker.load()
            await trial.round()
            #expect(try await trial.health(service) == ["a": .healthy, "b": .healthy])
            await trial.round()
            #expect(try await trial.health(service) == ["a": .unhealthy, "b": .healthy])
            trial.ill.withLock { $0 = [] }
            for _ in 0..<2 { await trial.round() }
            #expect(try await trial.health(service) == ["a": .healthy, "b": .healthy])
        }
    }

    @Test func `what others say of an instance stands until its answers turn`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(threshold: 1)
            _ = try await trial.registry.register("a", in: service, attributes: Self.leased)
            try await trial.checker.load()
            await trial.round()
            try await trial.registry.apply(trial.registry.heartbeats().heartbeats.map { .unhealthy($0) })
            await trial.round()
            #expect(try await trial.health(service) == ["a": .unhealthy])
            trial.ill.withLock { $0 = ["a"] }
            await trial.round()
            trial.ill.withLock { $0 = [] }
            await trial.round()
            #expect(try await trial.health(service) == ["a": .healthy])
        }
    }

    @Test func `one that a renewal revives is found ill again`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(threshold: 1)
            _ = try await trial.registry.register("a", in: service, attributes: Self.leased)
            try await trial.checker.load()
            trial.ill.withLock { $0 = ["a"] }
            await trial.round()
            #expect(try await trial.health(service) == ["a": .unhealthy])
            try await trial.registry.apply(trial.registry.heartbeats().heartbeats.map { .healthy($0) })
            #expect(try await trial.health(service) == ["a": .healthy])
            try await trial.checker.load()
            await trial.round()
            #expect(try await trial.health(service) == ["a": .unhealthy])
        }
    }

    @Test func `whom nobody may ask is left as he is`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(threshold: 1)
            trial.forbidden.withLock { $0 = ["a"] }
            trial.ill.withLock { $0 = ["a"] }
            _ = try await trial.registry.register("a", in: service, attributes: Self.place)
            try await trial.checker.load()
            #expect(trial.checker.count == 0)
            await trial.round()
            #expect(try await trial.health(service) == ["a": .healthy])
        }
    }

    @Test func `one that is registered while it runs is asked at once`() async throws {
        try await Self.run { trial in
            let service = try await trial.service(threshold: 1)
            trial.ill.withLock { $0 = ["a", "b"] }
            let running = Task { try await trial.checker.run() }
            for id in ["a", "b"] {
                _ = try await trial.registry.register(id, in: service, attributes: Self.place)
                try await eventually("\(id) was asked, and it is written") { try await trial.health(service)[id] == .unhealthy }
            }
            running.cancel()
            try await running.value
        }
    }

    @Test func `through a daemon an instance is unhealthy while nobody listens where it says`() async throws {
        try await withFolder { folder in
            let daemon = try await Daemon(home: folder + "/home", healthInterval: 1)
            func ask(_ operation: String, _ body: String) async throws -> [String: Any] {
                try await daemon(.cloudMap(operation, body)).json
            }
            let first = try await RawClient.listenAgain(RawClient.ownHost(), 0)
            _ = try await ask("CreateHttpNamespace", #"{"Name": "n"}"#)
            let namespaces = try await ask("ListNamespaces", "{}")["Namespaces"] as? [[String: Any]]
            let namespace = try #require(namespaces?.first?["Id"] as? String)
            let check = #"{"Type": "TCP", "FailureThreshold": 1}"#
            let made = try await ask(
                "CreateService", #"{"Name": "s", "NamespaceId": "\#(namespace)", "HealthCheckConfig": \#(check)}"#)
            let service = try #require((made["Service"] as? [String: Any])?["Id"] as? String)
            let place = #"{"AWS_INSTANCE_IPV4": "\#(first.host)", "AWS_INSTANCE_PORT": "\#(first.port)"}"#
            _ = try await ask("RegisterInstance", #"{"ServiceId": "\#(service)", "InstanceId": "i", "Attributes": \#(place)}"#)
            func health() async throws -> String? {
                let answer = try await ask("GetInstancesHealthStatus", #"{"ServiceId": "\#(service)"}"#)
                return (answer["Status"] as? [String: String])?["i"]
            }
            #expect(try await health() == "HEALTHY")
            await first.drain(deadline: .zero)
            try await eventually("it is found ill") { try await health() == "UNHEALTHY" }
            let question = #"{"NamespaceName": "n", "ServiceName": "s"}"#
            #expect((try await ask("DiscoverInstances", question)["Instances"] as? [Any])?.isEmpty == true)
            let second = try await RawClient.listenAgain(first.host, first.port)
            try await eventually("it is found well") { try await health() == "HEALTHY" }
            await second.drain(deadline: .zero)
            daemon.signal(SIGTERM)
            #expect(await daemon.end() == 0)
        }
    }
}

/// A checker whose turns the test takes.
private struct CheckerTrial: Sendable {
    let registry: Registry
    let checker: HealthChecker
    let clock: HandClock
    let disk: HandDisk
    let ill: Box
    let forbidden: Box

    final class Box: Sendable {
        private let ids = Mutex<Set<String>>([])

        func withLock<Value: Sendable>(_ body: (inout Set<String>) -> sending Value) -> Value { ids.withLock { body(&$0) } }
        func contains(_ id: String) -> Bool { ids.withLock { $0.contains(id) } }
    }

    func service(threshold: Int) async throws -> Registry.ServiceName {
        let namespace = try await registry.createNamespace(name: "shop.example", kind: .publicDNS)
        let check = Registry.HealthCheck(kind: .tcp, threshold: threshold)
        return .id(try await registry.createService(namespaceID: namespace.id, name: "api", configuration: .init(healthCheck: check)).id)
    }

    func health(_ service: Registry.ServiceName) async throws -> [String: Registry.Health] {
        let found = try await registry.healthStatus(in: service)
        return Dictionary(uniqueKeysWithValues: found.elements.map { ($0.id, $0.health) })
    }

    /// Everybody is asked once.
    func round() async {
        for question in checker.due() { await checker.ask(question) }
        clock.advance(.seconds(10))
    }
}

extension HealthCheckerTests {
    private static func run(_ body: (CheckerTrial) async throws -> Void) async throws {
        try await withFolder { path in
            let (clock, disk, ill, forbidden) = (HandClock(), HandDisk(), CheckerTrial.Box(), CheckerTrial.Box())
            var seam = Seam()
            seam.now = { clock.now }
            seam.atCommit = { () throws(StoreError) in try disk.pass() }
            let registry = try Registry(Home(path: path, seam: seam))
            defer { registry.close() }
            let checker = HealthChecker(
                registry, interval: .seconds(10), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                objection: { forbidden.contains($0.instanceID) ? "it is forbidden" : nil }, isWell: { !ill.contains($0.instanceID) })
            try await body(
                CheckerTrial(registry: registry, checker: checker, clock: clock, disk: disk, ill: ill, forbidden: forbidden))
        }
    }
}
