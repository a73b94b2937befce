import DiscoveryKit

/// How many registrations share a sync of the disk.
enum SyncCountBenchmark: Benchmark {
    static let name = "sync-count"
    static let summary = "syncs of the disk per registration, with 256 callers and with one"

    static func run(_ session: Session) async throws -> [Figure] {
        let tracer = try Tracer(session)
        func perRegistration(_ callers: String, each: Int, of count: Int) throws -> Double {
            func syncs(_ each: Int) throws -> Double {
                let home = session.freshPath()
                defer { session.remove(home) }
                return try tracer.count(RegisteringRole.self, [home, callers, String(each)], only: ["fdatasync", "fsync"])
            }
            return (try syncs(each) - syncs(0)) / Double(count)
        }
        let many = try (0..<session.rounds).map { _ in try perRegistration("many", each: 40, of: 40 * RegisterBenchmark.callers) }
        return [
            Figure("sync-count, 256 callers", "syncs each", many),
            // Of those with 256 callers the scheduler decides how many share one, and strace takes part in that: no goal.
            Figure("sync-count, one caller", "syncs each", [try perRegistration("one", each: 500, of: 500)], goal: .atMost(1.02)),
        ]
    }
}

/// `home one|many count`: registers an instance, then so many per caller.
enum RegisteringRole: Role {
    static let name = "registering-role"

    static func run(_ arguments: [String]) async throws {
        let discovery = try Discovery(home: arguments[0])
        let count = Int(arguments[2]) ?? 0
        let resource = RegisterBenchmark.resource
        try await discovery.register("bench.workers->first", resource)
        if arguments[1] == "many" {
            try await RegisterBenchmark.call(count) { id in try await discovery.register("bench.workers->\(id)", resource) }
        } else {
            for item in 0..<count { try await discovery.register("bench.workers->task-\(item)", resource) }
        }
        await discovery.shutdown()
    }
}
