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

    private struct State {
        var waits: Waits
        var nextID = 0
        /// What a wait is that does not say.
        var wait: Duration
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
        state = Mutex(State(waits: Waits(rings: rings, due: messaging.instant(of: look.next)), wait: look.wait, closed: closed))
    }

    /// How many wait.
    var count: Int { state.withLock { $0.waits.waiters.count } }

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
                    let isBound = start != nil || state.waits.rings == ringing
                    state.waits.join(
                        .init(id: id, demand: demand, deadline: deadline, isBound: isBound) { continuation.resume(with: $0) })
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
        let (waiter, nap) = state.withLock { state in
            let waiter = state.waits.leave(id)
            return (waiter, waiter != nil && state.waits.waiters.isEmpty ? state.nap : nil)
        }
        waiter?.answer(.failure(CancellationError()))
        nap?.cancel()
    }

    /// Ends all who wait.
    func end(_ error: any Error) {
        let (waiters, nap) = state.withLock { state in
            state.isEnded = true
            if let error = error as? StoreError { state.closed = error }
            return (state.waits.leaveAll(), state.nap)
        }
        for waiter in waiters { waiter.answer(waiter.isBound || error is StoreError ? .failure(error) : .success(nil)) }
        nap?.cancel()
    }

    // MARK: The desk's task

    private func run() async {
        while true {
            let (turn, over) = nextTurn()
            for waiter in over { waiter.answer(.success([])) }
            switch turn {
            case .end: return
            case .sleep(let rings, let deadline): await sleep(since: rings, until: deadline)
            case .look(let waiters): await look(for: waiters)
            }
        }
    }

    private func nextTurn() -> (Waits.Turn, over: [Waits.Waiter]) {
        let now = ContinuousClock.now
        let ringing = messaging.store.home.rings(of: bell)
        return state.withLock { state in
            let (turn, over) = state.waits.turn(at: now, ringing: ringing)
            if case .end = turn {
                // Under the lock: whoever comes now finds it ended and asks anew.
                state.isEnded = true
                messaging.desks.remove(self)
            }
            return (turn, over)
        }
    }

    private func sleep(since rings: UInt64, until deadline: ContinuousClock.Instant) async {
        let home = messaging.store.home
        let nap = Task { [bell] in _ = try await home.sleep(at: bell, since: rings, until: deadline) }
        let isNeeded = state.withLock { state in
            state.nap = nap
            state.napEnds = deadline
            // Who came or went in between could not end a nap that was not there.
            let waiters = state.waits.waiters
            return !waiters.isEmpty && waiters.allSatisfy { $0.deadline >= deadline }
        }
        if !isNeeded { nap.cancel() }
        let result = await nap.result
        state.withLock { state in
            state.nap = nil
            state.napEnds = nil
        }
        if case .failure(let error) = result, !(error is CancellationError) { end(error) }
    }

    private func look(for waiters: [Waits.Waiter]) async {
        let start = ContinuousClock.now
        let rings = messaging.store.home.rings(of: bell)
        do {
            let look = try await messaging.look(at: queue, number: number, waiters.map(\.demand))
            let due = messaging.instant(of: look.next)
            let hasAll = look.isExhausted && look.results.last?.isEmpty == true
            let (answered, unclaimed) = state.withLock { state in
                state.wait = look.wait
                return state.waits.looked(for: waiters, from: start, rings: hasAll ? rings : nil, due: due, found: look.results)
            }
            for (waiter, messages) in answered { waiter.answer(.success(messages)) }
            // For those who had gone.
            if !unclaimed.isEmpty { await messaging.giveBack(unclaimed.map(\.receipt), in: queue) }
        } catch let error as MessagingError where error.code == .queueDoesNotExist {
            messaging.desks.remove(self)
            end(error)
        } catch {
            // Those for whom the look was meant are told; who came since looks again.
            let asked = Set(waiters.map(\.id))
            let failed = state.withLock { $0.waits.leaveAll { asked.contains($0.id) } }
            for waiter in failed { waiter.answer(waiter.deadline <= start ? .success([]) : .failure(error)) }
        }
    }
}

extension Messaging {
    /// A point in home time on the clock that sleepers go by.
    func instant(of time: HomeTime?) -> ContinuousClock.Instant? {
        time.map { time in .now + .milliseconds(max(0, time.milliseconds - store.home.now().milliseconds)) }
    }
}
