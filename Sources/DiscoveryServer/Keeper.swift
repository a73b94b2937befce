internal import Logging
internal import Registry
internal import Store
internal import Synchronization

/// Does in its time what the registry keeps for later: pending operations and health, and the ends of heartbeats. Nobody polls: it sleeps until
/// something is due, or there is something new.
final class Keeper: Sendable {
    private struct State {
        var heartbeats = Heartbeats()
        /// The last registration with a heartbeat that is known.
        var last: Int64 = 0
        /// What could not be done yet.
        var owed: [Heartbeats.Action] = []
    }

    private let registry: Registry
    private let logger: Logger
    private let state = Mutex(State())

    init(_ registry: Registry, _ logger: Logger) {
        self.registry = registry
        self.logger = logger
    }

    /// Runs until the task is cancelled.
    ///
    /// - Throws: what keeps the home from being used.
    func run() async throws {
        let home = registry.store.home
        while !Task.isCancelled {
            let rings = home.rings(of: Registry.keeperBell)
            var next: HomeTime?
            do {
                next = try await keep(home)
            } catch let error as StoreError where [.busy, .full, .outcomeUnknown, .damaged, .statement].contains(error.code) {
                logger.error("what was due could not be done, and is tried again", metadata: ["discovery.reason": .string(error.message)])
                next = home.now() + .seconds(1)
            }
            let now = home.now()
            if let next, next <= now { continue }
            let deadline = next.map { ContinuousClock.now + .milliseconds($0.milliseconds - now.milliseconds) }
            _ = try await home.sleep(at: Registry.keeperBell, since: rings, until: deadline)
        }
    }

    /// - Returns: when something is due.
    private func keep(_ home: Home) async throws -> HomeTime? {
        let (heartbeats, last) = try await registry.heartbeats(after: state.withLock { $0.last })
        let now = home.now()
        let due = state.withLock { state in
            for heartbeat in heartbeats { state.heartbeats.registered(heartbeat, at: now) }
            state.last = last
            state.owed += state.heartbeats.due(at: now)
            return state.owed
        }
        if !due.isEmpty {
            try await registry.apply(due)
            state.withLock { $0.owed.removeFirst(due.count) }
            logger.info("heartbeats stopped", metadata: ["discovery.instances": .stringConvertible(due.count)])
        }
        let operation = try await registry.finishOperations()
        let heartbeat = state.withLock { $0.heartbeats.nextDue }
        return [operation, heartbeat].compactMap { $0 }.min()
    }

    /// Notes that an instance was heard. One that had turned unhealthy, and says that it is well, is healthy again when this returns.
    func renewed(_ id: String, of service: String, isHealthy: Bool) async throws {
        let now = registry.store.home.now()
        let serviceID = try Registry.serviceID(in: service)
        let renewal = state.withLock { $0.heartbeats.renewed(serviceID: serviceID, instanceID: id, at: now) }
        if isHealthy, case .revived(let action) = renewal { try await registry.apply([action]) }
    }
}
