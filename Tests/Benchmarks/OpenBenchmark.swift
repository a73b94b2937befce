import DiscoveryKit
import Registry
import Store

/// The first resolve of a client, home and all: what is in the home should not matter.
enum OpenBenchmark: Benchmark {
    static let name = "open"
    static let summary = "opening a home of 100,000 instances and the first resolve, against a home of 100"

    private static let repetitions = 9

    static func run(_ session: Session) async throws -> [Figure] {
        let (small, deep, wide) = (session.freshPath(), session.freshPath(), session.freshPath())
        defer { [small, deep, wide].forEach(session.remove) }
        try await fill(small, services: 1, instances: 100)
        try await fill(deep, services: 1, instances: 100_000)
        try await fill(wide, services: 1_000, instances: 100)
        let first: Address = "bench.service-0->instance-50"
        let inDeep = try await Pairs.measure(session) {
            try await milliseconds(toResolve: "bench.service-0->instance-50000", in: deep)
        } reference: {
            try await milliseconds(toResolve: first, in: small)
        }
        let inWide = try await Pairs.measure(session) {
            try await milliseconds(toResolve: "bench.service-500->instance-50", in: wide)
        } reference: {
            try await milliseconds(toResolve: first, in: small)
        }
        return [
            Figure("open, 100,000 in one service", "ms", inDeep, goal: .ratioAtMost(2)),
            Figure("open, 100,000 in 1,000 services", "ms", inWide, goal: .ratioAtMost(2)),
        ]
    }

    /// The median over a few clients, each new.
    private static func milliseconds(toResolve address: Address, in home: String) async throws -> Double {
        var times: [Double] = []
        for _ in 0..<repetitions {
            let discovery = try Discovery(home: home)
            times.append(try await nanoseconds { blackHole(try await discovery.resolve(address)) } / 1e6)
            await discovery.shutdown()
        }
        return times.median
    }

    private static func fill(_ home: String, services: Int, instances: Int) async throws {
        let registry = try Registry(Home(path: home))
        let callers = 256
        try await withThrowingTaskGroup { group in
            for caller in 0..<callers {
                group.addTask {
                    for number in stride(from: caller, to: services * instances, by: callers) {
                        _ = try await registry.register(
                            "instance-\(number / services)", in: .name(namespace: "bench", service: "service-\(number % services)"),
                            attributes: [
                                "type": "function", "url": "http://10.0.0.7:8080/jobs/\(number)", "version": "1.4.2",
                                "zone": "eu-central-1a",
                            ],
                            creating: true)
                    }
                }
            }
            try await group.waitForAll()
        }
        registry.close()
    }
}
