internal import Logging
internal import Registry
internal import Store
internal import Synchronization

/// Does in its time what the registry keeps for later: pending operations and health, and the ends of heartbeats. Nobody polls: it sleeps until
/// something is due, or there is something new.
final class Keeper: Sendable {
    private struct State {
        var heartbeats = Heartbeats()
        /// The last registration with a heartbeat that is known; `nil` until they are loaded.
        var last: Int64?
        /// With more of them some are long gone, and it is looked which.
        var limit = Keeper.slack
    }

    static let slack = 1_024

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

    /// How many heartbeats are known.
    var heartbeatCount: Int { state.withLock { $0.heartbeats.count } }

    /// - Returns: when something is due.
    func keep(_ home: Home) async throws -> HomeTime? {
        try await load(home)
        let due = state.withLock { $0.heartbeats.due(at: home.now()) }
        if !due.isEmpty {
            let stopped = try await apply(due).count { $0 == .written || $0 == .kept }
            if stopped > 0 { logger.info("heartbeats stopped", metadata: ["discovery.instances": .stringConvertible(stopped)]) }
        }
        let operation = try await registry.finishOperations()
        let heartbeat = state.withLock { $0.heartbeats.nextDue }
        return [operation, heartbeat].compactMap { $0 }.min()
    }

    private func load(_ home: Home) async throws {
        let known = state.withLock { $0.last }
        let (heartbeats, unhealthy, last) = try await registry.heartbeats(after: known ?? 0)
        let now = home.now()
        let isCrowded = state.withLock { state in
            for heartbeat in heartbeats {
                // One that was found so may have been made so by the process before this one.
                state.heartbeats.registered(heartbeat, isUnhealthy: known == nil && unhealthy.contains(heartbeat), at: now)
            }
            state.last = last
            return state.heartbeats.count > state.limit
        }
        guard isCrowded else { return }
        let standing = Set(try await registry.heartbeats().heartbeats)
        state.withLock { state in
            state.heartbeats.keep(only: standing)
            state.limit = 2 * state.heartbeats.count + Self.slack
        }
    }

    /// Does what is still wanted when its turn comes.
    private func apply(_ actions: [Heartbeats.Action]) async throws -> [Heartbeats.Outcome] {
        let home = registry.store.home
        do {
            let outcomes = try await registry.apply(actions) { action in
                self.state.withLock { $0.heartbeats.begin(action, at: home.now()) }
            }
            state.withLock { state in
                for (action, outcome) in zip(actions, outcomes) { state.heartbeats.applied(action, outcome) }
            }
            return outcomes
        } catch {
            state.withLock { $0.heartbeats.failed(actions) }
            throw error
        }
    }

    /// Notes that an instance was heard. One that had turned unhealthy here, and says that it is well, is healthy again when this returns.
    ///
    /// - Parameter incarnation: only that registration is meant.
    /// - Throws: `.instanceNotFound` when that one is gone.
    func renewed(_ id: String, of service: String, incarnation: Int64? = nil, isHealthy: Bool) async throws {
        let now = registry.store.home.now()
        let serviceID = try Registry.serviceID(in: service)
        let renewal = state.withLock {
            $0.heartbeats.renewed(serviceID: serviceID, instanceID: id, incarnation: incarnation, at: now)
        }
        switch renewal {
        case .renewed: return
        case .revived(let action): if isHealthy { _ = try await apply([action]) }
        case .unknown: if let incarnation { try await registry.confirm(id, in: .id(serviceID), incarnation: incarnation) }
        }
    }
}
