internal import Registry
internal import Synchronization

/// What is remembered of one service or instance, confirmed by one call at a time however many ask.
final class NamesMemory: Sendable {
    /// What a look came to.
    enum Finding: Sendable {
        /// What is remembered holds.
        case same
        case read(NamedInstances)
    }

    /// - Parameter known: what is remembered, where it is enough to learn whether it holds.
    typealias Look = @Sendable (_ known: NamedInstances?, _ last: NamedInstances?) async throws(CloudMapFailure) -> Finding

    private struct State {
        var remembered: Remembered?
        /// Which reading is remembered: of another nothing is fresh.
        var version = 0
        var doubts = 0
        var flight: Flight?
        var flights = 0
        /// The latest that has ended.
        var landed = 0
    }

    private struct Flight {
        let number: Int
        /// How many doubts there were when it began: who doubts later does not trust it.
        let doubts: Int
        let task: Task<Result<NamedInstances, DiscoveryError>, Never>
    }

    private let times: RemoteTimes
    private let look: Look
    private let state = Mutex(State())

    init(_ times: RemoteTimes, look: @escaping Look) {
        self.times = times
        self.look = look
    }

    /// What counts now. Waits for the network where nothing is remembered that does.
    func value() async throws(DiscoveryError) -> NamedInstances {
        let now = ContinuousClock.now
        let (remembered, flight) = state.withLock { state -> (NamedInstances?, Flight?) in
            if let remembered = state.remembered {
                let verdict = remembered.verdict(at: now, times)
                if verdict == .useAndAsk { _ = begun(&state, at: now) }
                if verdict != .ask { return (dressed(remembered.named, state.version), nil) }
            }
            return (nil, begun(&state, at: now))
        }
        if let remembered { return remembered }
        guard let flight else { preconditionFailure("who has nothing waits") }
        return try await flight.task.value.get()
    }

    /// What is remembered, however it came to be; `nil` when it is too old.
    var last: NamedInstances? {
        state.withLock { state in
            state.remembered.flatMap { $0.isUsable(at: .now, times) ? dressed($0.named, state.version) : nil }
        }
    }

    /// Has the next who asks wait for an answer that is asked for from now on.
    func doubt() {
        state.withLock { state in
            state.doubts += 1
            state.remembered?.doubt()
        }
    }

    fileprivate func isFresh(_ version: Int) -> Bool {
        let now = ContinuousClock.now
        return state.withLock { state in
            guard state.version == version, let verdict = state.remembered?.verdict(at: now, times) else { return false }
            if verdict == .useAndAsk { _ = begun(&state, at: now) }
            return verdict != .ask
        }
    }

    fileprivate func staleness(of version: Int) -> Duration? {
        state.withLock { state in
            guard state.version == version, let remembered = state.remembered, remembered.failed != nil else { return nil }
            return remembered.confirmed.duration(to: .now)
        }
    }

    private func dressed(_ named: NamedInstances, _ version: Int) -> NamedInstances {
        var named = named
        named.freshness = RememberedFreshness(memory: self, version: version)
        return named
    }

    /// The call that is under way, or one that begins now.
    private func begun(_ state: inout State, at now: ContinuousClock.Instant) -> Flight {
        if let flight = state.flight, flight.doubts == state.doubts { return flight }
        state.flights += 1
        let (number, doubts) = (state.flights, state.doubts)
        let last = state.remembered?.named
        let known = state.remembered.flatMap { $0.isToldByRevision(at: now, times) ? $0.named : nil }
        let task = Task { () -> Result<NamedInstances, DiscoveryError> in
            let result: Result<Finding, CloudMapFailure>
            do throws(CloudMapFailure) { result = .success(try await look(known, last)) } catch { result = .failure(error) }
            return land(number, doubts, result, asked: now)
        }
        let flight = Flight(number: number, doubts: doubts, task: task)
        state.flight = flight
        return flight
    }

    private func land(
        _ number: Int, _ doubts: Int, _ result: Result<Finding, CloudMapFailure>, asked: ContinuousClock.Instant
    ) -> Result<NamedInstances, DiscoveryError> {
        state.withLock { state in
            if state.flight?.number == number { state.flight = nil }
            // One that began later knows better.
            let isLate = number < state.landed
            if !isLate { state.landed = number }
            switch result {
            case .success(.same):
                guard state.remembered != nil else { return .failure(DiscoveryError(.busy, "It has just changed. Try again.")) }
                if !isLate { state.remembered?.confirm(asked: asked) }
            case .success(.read(let found)):
                if isLate { break }
                let isDoubted = state.doubts != doubts
                if state.remembered == nil {
                    state.remembered = Remembered(found, asked: asked)
                    if isDoubted { state.remembered?.doubt() }
                    state.version += 1
                } else if state.remembered?.reread(found, asked: asked, isStillDoubted: isDoubted) == true {
                    state.version += 1
                }
            case .failure(let failure):
                if !isLate {
                    if failure.isDown {
                        state.remembered?.fail(at: .now)
                    } else if failure.error.code != .cancelled {
                        state.remembered = nil
                    }
                }
                guard failure.isDown, let remembered = state.remembered, remembered.isUsable(at: .now, times) else {
                    return .failure(failure.error)
                }
            }
            guard let remembered = state.remembered else { return .failure(DiscoveryError(.busy, "It has just changed. Try again.")) }
            return .success(dressed(remembered.named, state.version))
        }
    }
}

private struct RememberedFreshness: Freshness {
    let memory: NamesMemory
    let version: Int

    var isFresh: Bool { memory.isFresh(version) }
    var staleness: Duration? { memory.staleness(of: version) }

    func isAlive(_ instance: Registry.Instance) -> Bool { true }
    func check() {}
    func doubt() { memory.doubt() }
}
