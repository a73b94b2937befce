internal import Logging
internal import Registry
internal import Store
internal import Synchronization

/// Has the instances of services with a health check asked how they are, and writes what that comes to. It sleeps until somebody is to be asked, or
/// there is somebody else to ask.
final class HealthChecker: Sendable {
    private struct State {
        var checks: HealthChecks
        /// Questions without an answer yet.
        var asked = 0
        /// The registry's, when it was read.
        var version: UInt64?
    }

    /// How many are asked at a time.
    static let limit = 256
    /// Between one look at who there is to ask and the next: what changes again and again is not read each time.
    private static let pause = Duration.milliseconds(100)
    /// Until one of so many has answered.
    private static let rest = Duration.milliseconds(10)

    private let registry: Registry
    private let logger: Logger
    private let objection: @Sendable (HealthChecks.Question) -> String?
    private let isWell: @Sendable (HealthChecks.Question) async -> Bool
    private let state: Mutex<State>

    /// - Parameters:
    ///   - interval: from one question to the next.
    ///   - objection: why somebody cannot be asked; he is left as he is.
    ///   - isWell: asks. Waits for the network.
    init(
        _ registry: Registry, interval: Duration, logger: Logger, objection: @escaping @Sendable (HealthChecks.Question) -> String?,
        isWell: @escaping @Sendable (HealthChecks.Question) async -> Bool
    ) {
        self.registry = registry
        self.logger = logger
        self.objection = objection
        self.isWell = isWell
        state = Mutex(State(checks: HealthChecks(interval: interval)))
    }

    /// How many instances are checked.
    var count: Int { state.withLock { $0.checks.count } }

    /// Runs until the task is cancelled.
    ///
    /// - Throws: what keeps the home from being used.
    func run() async throws {
        let home = registry.store.home
        try await withThrowingDiscardingTaskGroup { group in
            var seen: UInt64?
            while !Task.isCancelled {
                if let seen, seen != home.rings(of: Registry.checksBell) { try? await Task.sleep(for: Self.pause) }
                let rings = home.rings(of: Registry.checksBell)
                var retry: ContinuousClock.Instant?
                do {
                    if seen != rings { try await load(isFirst: seen == nil) }
                    seen = rings
                } catch let error as StoreError where [.busy, .damaged, .statement].contains(error.code) {
                    logger.error(
                        "whom to check could not be read, and is tried again", metadata: ["discovery.reason": .string(error.message)])
                    retry = ContinuousClock.now + .seconds(1)
                }
                for question in due() { group.addTask { await self.ask(question) } }
                let deadline = [retry, sleepsUntil()].compactMap { $0 }.min()
                _ = try await home.sleep(at: Registry.checksBell, since: rings, until: deadline)
            }
        }
    }

    /// Reads whom to ask, where that may be others than before: the bell is not the checks' alone.
    func load(isFirst: Bool = false) async throws {
        let (known, turns) = state.withLock { ($0.version, $0.checks.turns) }
        if let known, registry.store.isStill(known) { return }
        let version = registry.store.version()
        let questions = try await registry.healthQuestions().filter { candidate in
            guard let reason = objection(candidate.question) else { return true }
            logger.debug(
                "an instance cannot be checked", metadata: Self.metadata(candidate.question, ["discovery.reason": .string(reason)]))
            return false
        }
        let now = registry.store.home.now()
        state.withLock { state in
            state.checks.replace(with: questions, asOf: turns, at: now, isSpread: isFirst)
            state.version = version
        }
    }

    /// Whom to ask now: each is to be given to ``ask(_:)``.
    func due() -> [HealthChecks.Question] {
        let now = registry.store.home.now()
        return state.withLock { state in
            let due = state.checks.due(at: now, limit: Self.limit - state.asked)
            state.asked += due.count
            return due
        }
    }

    private func sleepsUntil() -> ContinuousClock.Instant? {
        let now = registry.store.home.now()
        return state.withLock { state in
            // Those who are being asked are due again no sooner than in an interval.
            guard let next = [state.checks.nextDue, state.asked > 0 ? now + state.checks.interval : nil].compactMap({ $0 }).min() else {
                return nil
            }
            let wait = Duration.milliseconds(next.milliseconds - now.milliseconds)
            return ContinuousClock.now + (state.asked < Self.limit ? wait : max(wait, Self.rest))
        }
    }

    /// Asks, and writes what that comes to. Waits for the network, and for the disk where somebody has turned.
    func ask(_ question: HealthChecks.Question) async {
        let isWell = await isWell(question)
        let isCancelled = Task.isCancelled
        let turn = state.withLock { state in
            state.asked -= 1
            // Who asks no more has heard nothing.
            return isCancelled ? nil : state.checks.answered(question, isWell: isWell)
        }
        guard let turn else { return }
        do {
            let isNews = try await registry.setHealth(turn, by: question)
            state.withLock { $0.checks.settled(question, isWritten: true) }
            guard isNews else { return }
            logger.info("an instance has turned", metadata: Self.metadata(question, ["discovery.health": .string(turn.rawValue)]))
        } catch {
            state.withLock { $0.checks.settled(question, isWritten: false) }
            guard !Task.isCancelled else { return }
            logger.error(
                "the health of an instance could not be written", metadata: Self.metadata(question, ["discovery.reason": "\(error)"]))
        }
    }

    private static func metadata(_ question: HealthChecks.Question, _ more: Logger.Metadata) -> Logger.Metadata {
        more.merging(["discovery.service": .string(question.serviceID), "discovery.instance": .string(question.instanceID)]) { old, _ in old
        }
    }
}
