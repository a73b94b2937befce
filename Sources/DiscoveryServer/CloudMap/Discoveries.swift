internal import AWSProtocol
internal import DiscoveryKit
internal import Registry
internal import Store
internal import Synchronization

/// Answers what is discovered, from memory wherever the registry stands where it stood: then an answer costs a look-up, a shuffle and a copy.
///
/// What is kept is of one version of the registry, and bounded by ``limit``. A request is known by its bytes, so that it is read once.
final class Discoveries: Sendable {
    /// What somebody wants to discover.
    struct Question: Sendable {
        let namespace: String
        let service: String
        let selection: Registry.Selection
        let limit: Int

        /// - Throws: `InvalidInput`.
        init(_ input: CloudMap.DiscoverInstances.Input) throws(AWSFault) {
            namespace = input.namespaceName
            service = input.serviceName
            var health = Registry.HealthFilter.unspecified
            if let text = input.healthStatus?.rawValue {
                guard let known = Registry.HealthFilter(rawValue: text) else {
                    throw AWSFault(.invalidInput, "HealthStatus is HEALTHY, UNHEALTHY, ALL or HEALTHY_OR_ELSE_ALL.")
                }
                health = known
            }
            selection = Registry.Selection(
                required: input.queryParameters ?? [:], preferred: input.optionalParameters ?? [:], health: health)
            limit = input.maxResults ?? 100
        }
    }

    /// A service and its instances, each already as it is answered.
    private final class Known: Sendable {
        let snapshot: Registry.Snapshot
        let pieces: [String: [UInt8]]

        /// Roughly what it holds, in bytes: each piece, and the instance that it was made of.
        var cost: Int { pieces.values.reduce(256) { $0 + 256 + 3 * $1.count } }

        init(_ snapshot: Registry.Snapshot, _ namespace: String, _ service: String) {
            self.snapshot = snapshot
            pieces = Dictionary(
                snapshot.instances.map { instance in
                    let summary = CloudMap.HTTPInstanceSummary(
                        instanceID: instance.id, namespaceName: namespace, serviceName: service,
                        healthStatus: .init(rawValue: instance.health.rawValue), attributes: instance.attributes)
                    return (instance.id, summary.json)
                }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// A question, and what the answer is drawn from.
    private final class Prepared: Sendable {
        let question: Question
        let known: Known
        /// Those that were selected; `nil` where that depends on who lives at the moment.
        let candidates: [[UInt8]]?

        init(_ question: Question, _ known: Known) {
            self.question = question
            self.known = known
            let snapshot = known.snapshot
            candidates =
                snapshot.hasLeases
                ? nil
                : question.selection.select(from: snapshot.instances, hasHealthCheck: snapshot.hasHealthCheck)
                    .compactMap { known.pieces[$0.id] }
        }

        /// Roughly what it holds besides the service, in bytes.
        var cost: Int { 512 + 8 * (candidates?.count ?? 0) }
    }

    private struct ServiceKey: Hashable {
        let namespace: String
        let service: String
    }

    private struct State {
        /// Of what is kept: what is of another cannot be an answer any more.
        var version: UInt64 = 0
        var prepared: [[UInt8]: Prepared] = [:]
        var known: [ServiceKey: Known] = [:]
        /// Of both, in bytes.
        var cost = 0
        var loads: [ServiceKey: (version: UInt64, task: Task<Known, any Error>)] = [:]

        /// Makes room for something of a version, which may be older than what is kept.
        mutating func makeRoom(for cost: Int, at version: UInt64) -> Bool {
            guard version >= self.version else { return false }
            if version > self.version || self.cost + cost > Discoveries.limit {
                prepared.removeAll()
                known.removeAll()
                self.cost = 0
                self.version = version
            }
            self.cost += cost
            return true
        }
    }

    /// Bytes, roughly; one service that has more is kept alone.
    private static let limit = 64 << 20
    /// Asking the system who lives takes a call each: beyond, that is not for an event loop.
    private static let atOnceLeases = 64
    private static let longestBody = 4_096

    private let registry: Registry
    private let state = Mutex(State())

    init(_ registry: Registry) { self.registry = registry }

    /// The answer to a request that came before, where nothing was committed since, and who asks may ask it. Waits for nothing.
    func answerAtOnce(_ body: [UInt8], isAllowed: (_ namespace: String, _ service: String) -> Bool) -> [UInt8]? {
        guard let prepared = state.withLock({ $0.prepared[body] }), registry.store.isStill(prepared.known.snapshot.version),
            isAllowed(prepared.question.namespace, prepared.question.service),
            prepared.candidates != nil || prepared.known.snapshot.instances.count <= Self.atOnceLeases
        else { return nil }
        return try? answer(prepared)
    }

    /// Waits for the disk where anything was committed since the last time.
    ///
    /// - Parameter body: by which the question is known from now on.
    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, `.invalidInput`.
    func answer(_ question: Question, _ body: [UInt8]) async throws -> [UInt8] {
        try Rules.checkQuestion(namespace: question.namespace, service: question.service)
        try Rules.check(question.selection, limit: question.limit)
        let prepared = Prepared(question, try await known(ServiceKey(namespace: question.namespace, service: question.service)))
        if body.count <= Self.longestBody {
            state.withLock { state in
                guard state.makeRoom(for: prepared.cost + body.count, at: prepared.known.snapshot.version) else { return }
                state.prepared[body] = prepared
            }
        }
        return try answer(prepared)
    }

    /// - Throws: `.namespaceNotFound`, `.serviceNotFound`, `.invalidInput`.
    func revision(_ namespace: String, _ service: String) async throws -> Int64 {
        try Rules.checkQuestion(namespace: namespace, service: service)
        let key = ServiceKey(namespace: namespace, service: service)
        if let known = state.withLock({ $0.known[key] }), registry.store.isStill(known.snapshot.version) { return known.snapshot.revision }
        return try await registry.discoverRevision(namespace: namespace, service: service)
    }

    private func answer(_ prepared: Prepared) throws(RegistryError) -> [UInt8] {
        let (known, question) = (prepared.known, prepared.question)
        var generator = SplitMix.next()
        let revision = Int(known.snapshot.revision)
        guard let candidates = prepared.candidates else {
            let drawn = try registry.discover(in: known.snapshot, question.selection, limit: question.limit, using: &generator)
            return CloudMap.DiscoverInstances.body(joining: drawn.compactMap { known.pieces[$0.id] }, instancesRevision: revision)
        }
        var order = Array(candidates.indices)
        let count = min(question.limit, order.count)
        for index in 0..<count { order.swapAt(index, Int.random(in: index..<order.count, using: &generator)) }
        return CloudMap.DiscoverInstances.body(joining: order.prefix(count).map { candidates[$0] }, instancesRevision: revision)
    }

    /// A service as it is now. Those who ask at the same time share one look, unless something was committed after it began.
    private func known(_ key: ServiceKey) async throws -> Known {
        if let known = state.withLock({ $0.known[key] }), registry.store.isStill(known.snapshot.version) { return known }
        let version = registry.store.version()
        let task = state.withLock { state in
            if let load = state.loads[key], load.version == version { return load.task }
            let task = Task { [registry] in
                Known(try await registry.snapshot(namespace: key.namespace, service: key.service), key.namespace, key.service)
            }
            state.loads[key] = (version, task)
            return task
        }
        let result = await task.result
        state.withLock { state in
            if state.loads[key]?.task == task { state.loads[key] = nil }
            guard case .success(let known) = result else { return }
            guard state.makeRoom(for: known.cost, at: known.snapshot.version) else { return }
            state.known[key] = known
        }
        return try result.get()
    }
}
