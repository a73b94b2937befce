internal import Registry
internal import Synchronization

/// One place that calls may go to, with what this client knows of it: how it does, and how many calls wait for it. What is known stays when
/// the registry is read anew, and starts afresh when the instance is registered anew.
final class Target: Sendable {
    /// `namespace.service->id`, for replies and logs.
    let address: Address
    let resource: Resource
    /// As it was registered; `nil` where an override leads.
    let instance: Registry.Instance?
    let weight: Int
    private let state: State

    private final class State: Sendable {
        let health: Mutex<TargetHealth>
        let inFlight = Atomic<Int>(0)

        init(_ rule: TargetHealth.Rule) { health = Mutex(TargetHealth(rule)) }
    }

    /// - Parameter known: the same registration, as it was read before.
    fileprivate init(
        _ address: Address, _ resource: Resource, _ instance: Registry.Instance?, after known: Target?, by rule: TargetHealth.Rule
    ) {
        self.address = address
        self.resource = resource
        self.instance = instance
        state = known?.state ?? State(rule)
        weight = Balancing.weight(of: resource.attributes)
    }

    var inFlight: Int { state.inFlight.load(ordering: .relaxed) }

    /// Whether both are the same registration at the same place.
    func isSame(as other: Target) -> Bool { state === other.state }

    /// Whether nothing speaks against calling it: cheaper to ask than ``health(at:)``.
    var isAvailable: Bool { state.health.withLock { $0.isAvailable } }

    func health(at now: ContinuousClock.Instant) -> TargetHealth.State { state.health.withLock { $0.state(at: now) } }

    /// The right to make one call; `nil` when it is not to be called now.
    func admit(at now: ContinuousClock.Instant, anyway: Bool = false) -> TargetHealth.Admission? {
        let admission = state.health.withLock { anyway ? $0.admitAnyway(at: now) : $0.admit(at: now) }
        if admission != nil { state.inFlight.wrappingAdd(1, ordering: .relaxed) }
        return admission
    }

    /// What became of a call that was admitted.
    func record(_ outcome: TargetHealth.Outcome, of admission: TargetHealth.Admission, at now: ContinuousClock.Instant) {
        state.inFlight.wrappingSubtract(1, ordering: .relaxed)
        state.health.withLock { $0.record(outcome, of: admission, at: now) }
    }
}

/// What the targets of one client are known by.
final class TargetTable: Sendable {
    private struct Key: Hashable {
        let address: Address
        let location: String
        /// Callers by different policies do not judge for each other.
        let rule: TargetHealth.Rule
    }

    /// A bound on memory: a full table is emptied, and what was known forgotten.
    private static let limit = 16_384

    private let states = Mutex<[Key: Target]>([:])

    func target(
        _ address: Address, _ resource: Resource, _ instance: Registry.Instance?, by rule: TargetHealth.Rule
    ) -> Target {
        states.withLock { states in
            let key = Key(address: address, location: resource.location, rule: rule)
            let known = states[key]
            if let known, known.instance == instance, known.resource == resource { return known }
            let isSame = known.map { $0.instance?.incarnation == instance?.incarnation } ?? false
            let target = Target(address, resource, instance, after: isSame ? known : nil, by: rule)
            if states.count >= Self.limit { states.removeAll(keepingCapacity: true) }
            states[key] = target
            return target
        }
    }
}
