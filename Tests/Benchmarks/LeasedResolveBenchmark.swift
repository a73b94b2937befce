import DiscoveryKit
import Registry
import Store

/// What it costs to know that the process behind an instance still lives: one system call.
enum LeasedResolveBenchmark: Benchmark {
    static let name = "resolve-leased"
    static let summary = "cached resolve of an instance with a lease, against one without; and the system calls of both"

    static func run(_ session: Session) async throws -> [Figure] {
        let (leased, unleased) = (session.freshPath(), session.freshPath())
        defer { [leased, unleased].forEach(session.remove) }
        let registries = [try await register(home: leased, isLeased: true), try await register(home: unleased, isLeased: false)]
        let (ours, reference) = (try Discovery(home: leased), try Discovery(home: unleased))
        let pairs = try await Pairs.measure(session) {
            try await ResolveBenchmark.resolve(with: ours)
        } reference: {
            try await ResolveBenchmark.resolve(with: reference)
        }
        await ours.shutdown()
        await reference.shutdown()
        registries.forEach { $0.close() }
        let difference = zip(pairs.ours, pairs.reference).map { $0 - $1 }
        return [Figure("resolve-leased", "ns", pairs), Figure("resolve-leased, more than unleased", "ns", difference)]
            + (try calls(session))
    }

    private static func calls(_ session: Session) throws -> [Figure] {
        guard let tracer = try? Tracer(session) else { return [] }
        func perResolve(isLeased: Bool) throws -> Double {
            let count = 100_000
            func calls(_ count: Int) throws -> Double {
                let home = session.freshPath()
                defer { session.remove(home) }
                return try tracer.count(ResolvingRole.self, [home, isLeased ? "leased" : "unleased", String(count)])
            }
            return (try calls(count) - calls(1)) / Double(count)
        }
        return [
            Figure("resolve-leased, unleased", "system calls each", [try perResolve(isLeased: false)], goal: .atMost(0.01)),
            Figure("resolve-leased, leased", "system calls each", [try perResolve(isLeased: true)], goal: .atMost(1.01)),
        ]
    }

    static func register(home: String, isLeased: Bool) async throws -> Registry {
        let registry = try Registry(Home(path: home))
        _ = try await registry.register(
            "get-job", in: .name(namespace: "ais", service: "scheduler"),
            attributes: ["type": "function", "url": "http://127.0.0.1:8080/get-job"],
            lease: isLeased ? registry.store.home.lease() : nil, creating: true)
        return registry
    }
}

/// `home leased|unleased count`: registers an instance, then resolves it so many times.
enum ResolvingRole: Role {
    static let name = "resolving-role"

    static func run(_ arguments: [String]) async throws {
        let registry = try await LeasedResolveBenchmark.register(home: arguments[0], isLeased: arguments[1] == "leased")
        let discovery = try Discovery(home: arguments[0])
        for _ in 0..<(Int(arguments[2]) ?? 0) { blackHole(try await discovery.resolve("ais.scheduler->get-job")) }
        await discovery.shutdown()
        registry.close()
    }
}
