import DiscoveryKit
import Foundation
import Registry
import Store

/// Many callers that each register durably, one instance after the other, against C that puts the same rows into the same tables, 256 to a
/// synced transaction, and knows nothing of callers.
enum RegisterBenchmark: Benchmark {
    static let name = "register-256-callers"
    static let summary = "256 tasks, each registering one instance at a time, against SQLite from C, 256 rows a transaction"

    static let callers = 256
    private static let each = 100

    static func run(_ session: Session) async throws -> [Figure] {
        let reference = try session.reference("registrations")
        let text = try attributes()
        var (facade, registry) = (Pairs(), Pairs())
        for round in 0...session.rounds {
            let rates = (try await facadeRate(session), try await registryRate(session), try referenceRate(session, reference, text))
            // The first is not counted.
            guard round > 0 else { continue }
            facade.add(rates.0, rates.2)
            registry.add(rates.1, rates.2)
        }
        return [
            Figure("register-256-callers, discovery.register", "1/s", facade, goal: .ratioAtLeast(0.6)),
            Figure("register-256-callers, registry.register", "1/s", registry),
        ]
    }

    static let resource = Resource(.function, at: "http://10.0.0.7:8080/jobs", attributes: ["version": "1.4.2", "zone": "eu-central-1a"])

    /// Ids in the order of registration, so that the rows cost SQLite as little as rows can, and what else there is shows.
    static func id(_ caller: Int, _ item: Int) -> String { "task-\(100_000 + item * callers + caller)" }

    /// What ``resource`` is stored as.
    private static func attributes() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(resource.registrationAttributes.dictionary), as: UTF8.self)
    }

    private static func facadeRate(_ session: Session) async throws -> Double {
        let home = session.freshPath()
        defer { session.remove(home) }
        let discovery = try Discovery(home: home)
        try await discovery.register("bench.workers->first", resource)
        let rate = try await rate { id in try await discovery.register("bench.workers->\(id)", resource) }
        await discovery.shutdown()
        return rate
    }

    private static func registryRate(_ session: Session) async throws -> Double {
        let home = session.freshPath()
        defer { session.remove(home) }
        let registry = try Registry(Home(path: home))
        let attributes = resource.registrationAttributes
        let service = Registry.ServiceName.name(namespace: "bench", service: "workers")
        _ = try await registry.register("first", in: service, attributes: attributes, creating: true)
        let rate = try await rate { id in _ = try await registry.register(id, in: service, attributes: attributes, creating: true) }
        registry.close()
        return rate
    }

    private static func referenceRate(_ session: Session, _ program: String, _ attributes: String) throws -> Double {
        let path = session.freshPath()
        defer { [path, path + "-wal", path + "-shm"].forEach(session.remove) }
        let seconds = Double(
            try Child.output(of: [program, path, String(callers), String(each), attributes]).split(separator: "\n").first ?? "")
        guard let seconds else { throw Child.Failure(description: "the reference did not say how long it took") }
        return Double(callers * each) / seconds
    }

    /// Registrations a second, all callers together.
    private static func rate(_ register: @escaping @Sendable (String) async throws -> Void) async throws -> Double {
        Double(callers * each) * 1e9 / (try await nanoseconds { try await call(each, register) })
    }

    static func call(_ each: Int, _ register: @escaping @Sendable (String) async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for caller in 0..<callers {
                group.addTask { for item in 0..<each { try await register(id(caller, item)) } }
            }
            try await group.waitForAll()
        }
    }
}
