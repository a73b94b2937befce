import DiscoveryKit
import Synchronization

/// A resolve that the client answers from memory, against the least that any cache costs: a dictionary behind a mutex.
enum ResolveBenchmark: Benchmark {
    static let name = "resolve"
    static let summary = "cached resolve of a literal address, against a Mutex around a dictionary"

    static func run(_ session: Session) async throws -> [Figure] {
        let home = session.freshPath()
        defer { session.remove(home) }
        let discovery = try Discovery(home: home)
        var table: [String: Resource] = [:]
        // Some company, so that neither dictionary holds a single entry.
        for id in (0..<100).map({ "job-\($0)" }) + ["get-job"] {
            let address: Address = "ais.scheduler->\(id)"
            let resource = Resource(.function, at: "http://127.0.0.1:8080/\(id)", attributes: ["version": "1.4.2", "zone": "a"])
            try await discovery.register(address, resource)
            table[address.description] = resource
        }
        for id in (0..<100) { _ = try await discovery.resolve("ais.scheduler->job-\(id)") }
        let cache = Cache(table)
        let pairs = try await Pairs.measure(session) {
            try await resolve(with: discovery)
        } reference: {
            try await lookUp(in: cache)
        }
        await discovery.shutdown()
        return [Figure("resolve", "ns", pairs, goal: .ratioAtMost(5))]
    }

    static let repetitions = 200_000

    /// Nanoseconds per resolve.
    static func resolve(with discovery: Discovery) async throws -> Double {
        try await nanoseconds {
            for _ in 0..<repetitions { blackHole(try await discovery.resolve("ais.scheduler->get-job")) }
        } / Double(repetitions)
    }

    private static func lookUp(in cache: Cache) async throws -> Double {
        await nanoseconds {
            for _ in 0..<repetitions { blackHole(cache.resource("ais.scheduler->get-job")) }
        } / Double(repetitions)
    }

    private final class Cache: Sendable {
        private let table: Mutex<[String: Resource]>

        init(_ table: [String: Resource]) { self.table = Mutex(table) }

        @inline(never) func resource(_ key: String) -> Resource? { table.withLock { $0[key] } }
    }
}

/// Takes a value so that the optimiser cannot leave out what made it.
@inline(never) @_optimize(none) func blackHole(_ value: Resource?) {}
