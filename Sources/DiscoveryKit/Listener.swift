internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Listens to one address: does what its ``ListenMachine`` decides. One task runs it; deliveries, sequences and timers only change its state
/// and wake that task.
final class Listener: Sendable {
    typealias Ticket = ListenMachine.Ticket
    typealias Handler = @concurrent @Sendable (Delivery) async throws -> Void

    /// A message that is held, until its delivery is dropped.
    struct Letter: Sendable {
        enum Stage: Sendable { case open, settling, settled, lost }

        let message: QueuedMessage
        let place: Queues.Place
        var stage = Stage.open
    }

    struct State {
        var machine: ListenMachine
        var letters: [Ticket: Letter] = [:]
        /// The receiving in flight.
        var poll: Task<Result<[QueuedMessage], DiscoveryError>, Never>?
        /// Whether receiving has ever worked.
        var hasReceived = false
        /// Who watches for the registration to be replaced.
        var watch: (place: Queues.Place, task: Task<Void, Never>)?
        /// Sequences that wait for a delivery, in order.
        var consumers: [(id: UInt64, continuation: Consumer)] = []
        var nextConsumer: UInt64 = 0
        /// What it ended by.
        var failure: DiscoveryError?
        var isOver = false
        var isAwake = true
        var sleeper: CheckedContinuation<Void, Never>?
        /// How many messages may have been handed over to handlers, and how many of those are dealt with.
        var granted = 0
        var handled = 0
        /// Since when there is nothing to receive.
        var quietSince: ContinuousClock.Instant?
        var timer: (deadline: ContinuousClock.Instant, scheduled: Scheduled<Void>)?
    }

    typealias Consumer = CheckedContinuation<Result<Delivery?, DiscoveryError>, Never>

    let address: Address
    let queues: Queues
    /// What it hears of topics, where there is a home.
    private let topics: TopicListening?
    private let candidacy: Candidacy
    let names: any NameService
    let telemetry: Telemetry
    let logger: Logger
    let visibility: Duration
    let undecodable: ListenOptions.Undecodable
    let retryBackoff: Backoff
    let limit: Int?
    let patience: Duration?
    let state: Mutex<State>
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    /// - Parameters:
    ///   - isSequence: messages are handed over as they are asked for, and not as many at once as the options say.
    ///   - subscription: what to hear of a topic, should the address lead to one.
    init(
        _ address: Address, _ client: Client, _ options: ListenOptions?, isSequence: Bool,
        subscription: SubscribeOptions = SubscribeOptions()
    ) throws(DiscoveryError) {
        do {
            try options?.check()
        } catch {
            throw error.with(address: address)
        }
        let options = (options ?? ListenOptions()).completed(from: client.configuration.listen.completed(from: .defaults))
        guard let concurrency = options.concurrency, let prefetch = options.prefetch, let visibility = options.visibility,
            let undecodable = options.undecodable, let first = options.firstBackoff, let longest = options.longestBackoff
        else { preconditionFailure("A field of ListenOptions has no default. Give it one in ListenOptions.defaults.") }
        self.address = address
        topics = try TopicListening(client, subscription, address)
        var queues = client.queues
        if let topics { queues.adapters.append(topics) }
        self.queues = queues
        candidacy = client.candidacy
        names = client.names
        telemetry = client.telemetry
        logger = client.configuration.logger
        self.visibility = visibility
        self.undecodable = undecodable
        retryBackoff = Backoff(first: first, longest: longest)
        limit = isSequence ? nil : options.limit
        patience = options.patience
        let slots = min(concurrency, limit ?? .max)
        let capacity = isSequence ? 1 : slots
        let rule = ListenMachine.Rule(prefetch: prefetch, mostBlocked: 10 * (capacity + prefetch), visibility: visibility)
        state = Mutex(State(machine: ListenMachine(rule, slots: isSequence ? 0 : slots), granted: slots))
    }

    /// How long until a message that failed may be received again.
    func backoff(_ receiveCount: Int) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return retryBackoff.delay(beforeRetry: receiveCount, using: &generator)
    }

    // MARK: Running

    /// Listens until it is stopped and holds nothing any more.
    ///
    /// - Parameter handler: `nil` when a sequence is what messages are handed to.
    /// - Throws: what no other try could mend.
    func run(_ handler: Handler?) async throws(DiscoveryError) {
        // Who is about to go would begin deliveries that he cannot end.
        guard limit == nil, patience == nil else { return try await listen(handler) }
        try await candidacy.stand { () throws(DiscoveryError) in try await listen(handler) }
    }

    private func listen(_ handler: Handler?) async throws(DiscoveryError) {
        await withDiscardingTaskGroup { group in
            while true {
                for action in decide() { group.addTask { await self.perform(action, handler) } }
                // Not an iteration, which would end with the task's cancellation, and give nothing back.
                if state.withLock({ $0.isOver }) { break }
                await sleep()
            }
        }
        await topics?.end()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Receives no more, and gives back what was not handed over. What was handed over goes on.
    func stop(_ failure: DiscoveryError? = nil) {
        change { state in
            if state.failure == nil, !state.machine.isStopping { state.failure = failure }
            state.machine.stop()
        }
    }

    /// Changes the state, and has it looked at.
    func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, sleeper) = state.withLock { state in
            let value = body(&state)
            state.isAwake = state.sleeper == nil
            return (value, state.sleeper.take())
        }
        sleeper?.resume()
        return value
    }

    private func sleep() async {
        await withCheckedContinuation { continuation in
            let isAwake = state.withLock { state in
                defer { state.isAwake = false }
                if !state.isAwake { state.sleeper = continuation }
                return state.isAwake
            }
            if isAwake { continuation.resume() }
        }
    }

    /// What to do now; what is handed to sequences is handed over already.
    private func decide() -> [ListenMachine.Action] {
        var handed: [(Consumer, Result<Delivery?, DiscoveryError>)] = []
        let (actions, watch) = state.withLock { state -> ([ListenMachine.Action], Task<Void, Never>?) in
            var actions: [ListenMachine.Action] = []
            for action in state.machine.actions(at: .now) {
                if case .start(let ticket) = action, !state.consumers.isEmpty, let letter = state.letters[ticket] {
                    let consumer = state.consumers.removeFirst()
                    handed.append((consumer.continuation, .success(Delivery(letter.message, ticket, self))))
                } else {
                    actions.append(action)
                }
            }
            if state.machine.isStopping {
                for consumer in state.consumers { handed.append((consumer.continuation, Self.end(of: &state))) }
                state.consumers = []
            }
            setTimer(state.machine.nextDeadline, &state)
            state.isOver = state.machine.isOver
            guard state.isOver else { return (actions, nil) }
            return (actions, state.watch.take()?.task)
        }
        watch?.cancel()
        for (consumer, result) in handed { consumer.resume(returning: result) }
        return actions
    }

    /// What the end of a sequence is: an error once.
    private static func end(of state: inout State) -> Result<Delivery?, DiscoveryError> {
        state.failure.take().map { .failure($0) } ?? .success(nil)
    }

    private func setTimer(_ deadline: ContinuousClock.Instant?, _ state: inout State) {
        if state.isOver || deadline == nil {
            state.timer.take()?.scheduled.cancel()
            return
        }
        guard let deadline, state.timer.map({ deadline < $0.deadline }) ?? true else { return }
        state.timer?.scheduled.cancel()
        // An event loop's timer: a sleeping child task would not sleep any more in a cancelled group.
        let delay = max(0, Int64(ContinuousClock.now.duration(to: deadline) / .nanoseconds(1)))
        state.timer = (
            deadline,
            loop.scheduleTask(in: .nanoseconds(delay)) { [weak self] in
                self?.change { $0.timer = nil }
            }
        )
    }

    // MARK: Sequences

    /// The next delivery; `nil` when it was stopped.
    func next() async throws(DiscoveryError) -> Delivery? {
        let id = state.withLock { state in
            state.nextConsumer += 1
            return state.nextConsumer
        }
        let result: Result<Delivery?, DiscoveryError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let end: Result<Delivery?, DiscoveryError>? = change { state in
                    if Task.isCancelled { return .failure(Self.cancelled) }
                    if state.machine.isStopping { return Self.end(of: &state) }
                    state.consumers.append((id, continuation))
                    state.machine.addSlots(1)
                    return nil
                }
                if let end { continuation.resume(returning: end) }
            }
        } onCancel: {
            let consumer = change { state -> Consumer? in
                guard let position = state.consumers.firstIndex(where: { $0.id == id }) else { return nil }
                state.machine.addSlots(-1)
                return state.consumers.remove(at: position).continuation
            }
            consumer?.resume(returning: .failure(Self.cancelled))
        }
        do { return try result.get() } catch { throw error.with(address: address) }
    }

    static let cancelled = DiscoveryError(.cancelled, "The listening task was cancelled.")
}
