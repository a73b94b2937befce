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

    /// Throws when what is remembered is to be used no more.
    typealias Check = @Sendable () throws(DiscoveryError) -> Void

    private struct State {
        var remembered: Remembered?
        /// Which reading is remembered: of another nothing is fresh.
        var version = 0
        var doubts = 0
        var flight: Flight?
        var flights = 0
        /// When the instances themselves were last asked for.
        var reading: ContinuousClock.Instant?
        /// The latest that has ended.
        var landed = 0
    }

    private struct Flight {
        let number: Int
        /// How many doubts there were when it began: who doubts later does not trust it.
        let doubts: Int
        let asked: ContinuousClock.Instant
        let landing = Landing<Result<NamedInstances, DiscoveryError>>()
    }

    private let times: RemoteTimes
    private let check: Check
    private let look: Look
    private let state = Mutex(State())

    init(_ times: RemoteTimes, check: @escaping Check = {}, look: @escaping Look) {
        self.times = times
        self.check = check
        self.look = look
    }

    private enum Source {
        case memory(NamedInstances)
        case flight(Flight, hasFallback: Bool)
    }

    /// What counts now. Waits for the network where nothing is remembered that does: no longer than `deadline`, and only for as long as
    /// ``RemoteTimes/patience`` says where something is remembered that is better than nothing. Who stops waiting stops nobody else.
    ///
    /// - Throws: `.deadlineExceeded`; `.cancelled`; what the look does.
    func value(until deadline: ContinuousClock.Instant? = nil) async throws(DiscoveryError) -> NamedInstances {
        let now = ContinuousClock.now
        let source = state.withLock { state -> Source in
            let remembered = state.remembered
            if let remembered {
                let verdict = remembered.verdict(at: now, times)
                if verdict == .useAndAsk { _ = begun(&state, at: now) }
                if verdict != .ask { return .memory(dressed(remembered.named, state.version)) }
            }
            return .flight(begun(&state, at: now), hasFallback: remembered?.isUsable(at: now, times) == true)
        }
        switch source {
        case .memory(let named): return named
        case .flight(let flight, let hasFallback):
            if hasFallback {
                // Half of the caller's time is left for what it wants to do.
                let left = deadline.map { now + max(.zero, now.duration(to: $0)) / 2 }
                let patience = flight.asked + times.patience
                if let landed = await flight.landing.value(until: min(left ?? patience, patience)) { return try landed.get() }
                if !Task.isCancelled, let named = unanswered(flight) { return named }
            }
            if let landed = await flight.landing.value(until: deadline) { return try landed.get() }
            if Task.isCancelled { throw DiscoveryError(.cancelled, "The calling task was cancelled. Nothing was sent.") }
            throw DiscoveryError(
                .deadlineExceeded, "Where it is was not known within the deadline: the registry does not answer. Nothing was sent.")
        }
    }

    /// What is remembered, for who waits no longer. Once all have waited long enough it is as if nobody had answered.
    private func unanswered(_ flight: Flight) -> NamedInstances? {
        let now = ContinuousClock.now
        return state.withLock { state in
            guard let remembered = state.remembered, remembered.isUsable(at: now, times) else { return nil }
            if state.flight?.number == flight.number, state.doubts == flight.doubts, flight.asked.duration(to: now) >= times.patience {
                state.remembered?.fail(at: now)
            }
            return dressed(remembered.named, state.version)
        }
    }

    /// What is remembered, however it came to be; `nil` when it is too old.
    var last: NamedInstances? {
        state.withLock { state in
            state.remembered.flatMap { $0.isUsable(at: .now, times) ? dressed($0.named, state.version) : nil }
        }
    }

    /// This client has tried to change it: the next who asks waits for an answer that is asked for from now on.
    ///
    /// - Parameter isAnswered: whether somebody said what became of that.
    func changed(isAnswered: Bool) {
        state.withLock { state in
            state.doubts += 1
            if isAnswered { state.remembered?.change() } else { state.remembered?.doubt() }
        }
    }

    /// A call that began at `start` has failed. Of many that fail together the first has it read again.
    fileprivate func doubt(_ version: Int, since start: ContinuousClock.Instant) {
        state.withLock { state in
            guard state.version == version, state.reading.map({ $0 < start }) ?? true else { return }
            state.doubts += 1
            state.remembered?.doubt()
        }
    }

    fileprivate func checkOwner() throws(DiscoveryError) { try check() }

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
        if known == nil { state.reading = now }
        let flight = Flight(number: number, doubts: doubts, asked: now)
        state.flight = flight
        Task {
            let result: Result<Finding, CloudMapFailure>
            do throws(CloudMapFailure) { result = .success(try await look(known, last)) } catch { result = .failure(error) }
            flight.landing.land(land(number, doubts, result, asked: now))
        }
        return flight
    }

    private func land(
        _ number: Int, _ doubts: Int, _ result: Result<Finding, CloudMapFailure>, asked: ContinuousClock.Instant
    ) -> Result<NamedInstances, DiscoveryError> {
        state.withLock { state in
            let isDoubted = state.doubts != doubts
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
                        // Whoever doubted since may have been answered: that is for the next to find out.
                        if !isDoubted { state.remembered?.fail(at: .now) }
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
    func check() throws(DiscoveryError) { try memory.checkOwner() }
    func doubt(since start: ContinuousClock.Instant) { memory.doubt(version, since: start) }
}
