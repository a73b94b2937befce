internal import Store
internal import Synchronization

/// Where those in this process wait who found a queue empty. One of them sleeps at the bell for all: when it rings, one transaction looks
/// for everybody, in the order they came. A task of the desk's own does that while there is anyone.
final class Desk: Sendable {
    let queue: String
    /// The queue's number: one made anew under its name has another.
    let number: Int64
    private let messaging: Messaging
    private let bell: Bell
    private let state: Mutex<State>

    private struct Waiter {
        let id: Int
        let demand: Demand
        let deadline: ContinuousClock.Instant
        /// Whether the desk's queue is surely the one that was there when the wait began.
        var isBound: Bool
        let continuation: CheckedContinuation<[Messaging.Received]?, any Error>
    }

    private struct State {
        /// In the order they came.
        var waiters: [Waiter] = []
        var nextID = 0
        /// What a wait is that does not say.
        var wait: Duration
        /// As the bell stood before the last look that found nothing; `nil` when there may be something.
        var rings: UInt64?
        /// When there may be something without a ring.
        var due: ContinuousClock.Instant?
        var isRunning = false
        var isEnded = false
        var closed: StoreError?
        var nap: Task<Void, any Error>?
        var napEnds: ContinuousClock.Instant?
    }

    init(_ queue: String, number: Int64, messaging: Messaging, rings: UInt64, _ look: Messaging.Look, closed: StoreError?) {
        self.queue = queue
        self.number = number
        self.messaging = messaging
        bell = Messaging.bell(queue: queue)
        var state = State(wait: look.wait, rings: rings, closed: closed)
        state.due = messaging.instant(of: look.next)
        self.state = Mutex(state)
    }

    /// How many wait.
    var count: Int { state.withLock { $0.waiters.count } }

    /// Waits for messages.
    ///
    /// - Parameters:
    ///   - wait: the queue's when `nil`.
    ///   - start: from when the wait counts, of those who have looked for themselves and so know the queue; `nil` of others.
    /// - Returns: empty when the wait was over; `nil` when the desk had ended, or its queue may not be the one asked for: ask anew.
    func receive(_ demand: Demand, wait: Duration?, since start: ContinuousClock.Instant?) async throws -> [Messaging.Received]? {
        let ringing = messaging.store.home.rings(of: bell)
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enum Entry { case ended(StoreError?), over, starts, waits(Task<Void, any Error>?) }
                let entry: Entry = state.withLock { state in
                    if state.isEnded || state.closed != nil { return .ended(state.closed) }
                    let wait = wait ?? state.wait
                    guard wait > .zero else { return .over }
                    let deadline = (start ?? .now).advanced(by: min(wait, .seconds(1_000_000_000)))
                    // Deleting a queue rings its bell: silent since the last look, the queue is the same.
                    let isBound = start != nil || state.rings == ringing
                    state.waiters.append(
                        Waiter(id: id, demand: demand, deadline: deadline, isBound: isBound, continuation: continuation))
                    let mustWake = state.napEnds.map { deadline < $0 } ?? (state.nap != nil)
                    defer { state.isRunning = true }
                    if !state.isRunning { return .starts }
                    return .waits(mustWake ? state.nap : nil)
                }
                switch entry {
                case .ended(let error?): continuation.resume(throwing: error)
                case .ended(nil), .over: continuation.resume(returning: nil)
                case .starts: Task { await run() }
                case .waits(let nap): nap?.cancel()
                }
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) {
        let (waiter, nap) = state.withLock { state -> (Waiter?, Task<Void, any Error>?) in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return (nil, nil) }
            let waiter = state.waiters.remove(at: index)
            return (waiter, state.waiters.isEmpty ? state.nap : nil)
        }
        waiter?.continuation.resume(throwing: CancellationError())
        nap?.cancel()
    }

    /// Ends all who wait.
    func end(_ error: any Error) {
        let (waiters, nap) = state.withLock { state in
            defer { state.waiters = [] }
            state.isEnded = true
            if let error = error as? StoreError { state.closed = error }
            return (state.waiters, state.nap)
        }
        for waiter in waiters {
            if waiter.isBound || error is StoreError {
                waiter.continuation.resume(throwing: error)
            } else {
                waiter.continuation.resume(returning: nil)
            }
        }
        nap?.cancel()
    }

    // MARK: The desk's task

    private enum Turn {
        case look([Waiter])
        case sleep(since: UInt64, until: ContinuousClock.Instant)
        case end
    }

    private func run() async {
        while true {
            let (turn, over) = nextTurn()
            for waiter in over { waiter.continuation.resume(returning: []) }
            switch turn {
            case .end: return
            case .sleep(let rings, let deadline): await sleep(since: rings, until: deadline)
            case .look(let waiters): await look(for: waiters)
            }
        }
    }

    private func nextTurn() -> (Turn, over: [Waiter]) {
        let now = ContinuousClock.now
        let ringing = messaging.store.home.rings(of: bell)
        return state.withLock { state in
            let over = state.waiters.filter { $0.deadline <= now }
            if !over.isEmpty { state.waiters.removeAll { $0.deadline <= now } }
            guard let first = state.waiters.first else {
                // Under the lock: whoever comes now finds it ended and asks anew.
                state.isEnded = true
                messaging.desks.remove(self)
                return (.end, over)
            }
            let isDue = state.due.map { $0 <= now } ?? false
            guard let rings = state.rings, rings == ringing, !isDue else { return (.look(state.waiters), over) }
            let deadline = state.waiters.reduce(first.deadline) { min($0, $1.deadline) }
            return (.sleep(since: rings, until: min(deadline, state.due ?? deadline)), over)
        }
    }

    private func sleep(since rings: UInt64, until deadline: ContinuousClock.Instant) async {
        let home = messaging.store.home
        let nap = Task { [bell] in _ = try await home.sleep(at: bell, since: rings, until: deadline) }
        let isNeeded = state.withLock { state in
            state.nap = nap
            state.napEnds = deadline
            // Who came or went in between could not end a nap that was not there.
            return !state.waiters.isEmpty && state.waiters.allSatisfy { $0.deadline >= deadline }
        }
        if !isNeeded { nap.cancel() }
        let result = await nap.result
        state.withLock { state in
            state.nap = nil
            state.napEnds = nil
        }
        if case .failure(let error) = result, !(error is CancellationError) { end(error) }
    }

    private func look(for waiters: [Waiter]) async {
        let rings = messaging.store.home.rings(of: bell)
        do {
            let look = try await messaging.look(at: queue, number: number, waiters.map(\.demand))
            var unclaimed: [Messaging.Receipt] = []
            let due = messaging.instant(of: look.next)
            let asked = Set(waiters.map(\.id))
            let claims = state.withLock { state -> [(Waiter, [Messaging.Received])] in
                state.wait = look.wait
                state.rings = look.isExhausted && look.results.last?.isEmpty == true ? rings : nil
                state.due = due
                var claims: [(Waiter, [Messaging.Received])] = []
                for (waiter, messages) in zip(waiters, look.results) where !messages.isEmpty {
                    if let index = state.waiters.firstIndex(where: { $0.id == waiter.id }) {
                        state.waiters.remove(at: index)
                        claims.append((waiter, messages))
                    } else {
                        unclaimed += messages.map(\.receipt)
                    }
                }
                for index in state.waiters.indices where asked.contains(state.waiters[index].id) { state.waiters[index].isBound = true }
                return claims
            }
            for (waiter, messages) in claims { waiter.continuation.resume(returning: messages) }
            // For those who had gone.
            if !unclaimed.isEmpty { await messaging.giveBack(unclaimed, in: queue) }
        } catch let error as MessagingError where error.code == .queueDoesNotExist {
            messaging.desks.remove(self)
            end(error)
        } catch {
            fail(waiters, error)
        }
    }

    /// Those for whom the look was meant are told; who came since looks again.
    private func fail(_ waiters: [Waiter], _ error: any Error) {
        let asked = Set(waiters.map(\.id))
        let failed = state.withLock { state in
            let failed = state.waiters.filter { asked.contains($0.id) }
            state.waiters.removeAll { asked.contains($0.id) }
            return failed
        }
        for waiter in failed { waiter.continuation.resume(throwing: error) }
    }
}

extension Messaging {
    /// A point in home time on the clock that sleepers go by.
    func instant(of time: HomeTime?) -> ContinuousClock.Instant? {
        time.map { time in .now + .milliseconds(max(0, time.milliseconds - store.home.now().milliseconds)) }
    }
}
