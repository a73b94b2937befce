internal import NIOPosix
internal import Synchronization

/// Something that is opened by the first who needs it, on a thread that may wait for the disk, once for all who come meanwhile. What could
/// not be opened is tried again by the next.
final class Opened<Value: AnyObject & Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Result<Value, DiscoveryError>, Never>

    private enum State {
        case closed
        case opening([Waiter])
        case open(Value)
        /// Shut down while it was being opened: by these.
        case shuttingDown([CheckedContinuation<Void, Never>])
        /// What was open is kept: somebody may be about to use it, and is told then that it is closed.
        case shutDown(Value?)
    }

    /// The address of what is open, for those who come after the first, 0 without: every operation of every thread asks, and a lock would be fought over.
    private let published = Atomic<UInt>(0)
    private let state = Mutex(State.closed)
    private let close: @Sendable (Value) -> Void

    /// - Parameter close: ends what is open; may wait for the disk.
    init(close: @escaping @Sendable (Value) -> Void) { self.close = close }

    /// What is open now.
    var current: Value? {
        // The state holds what was ever published for as long as this lives.
        UnsafeRawPointer(bitPattern: published.load(ordering: .acquiring)).map { Unmanaged<Value>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The value, made by `open` when there is none. Waits for the disk then.
    ///
    /// - Throws: what `open` throws; `.homeUnusable` after a shutdown.
    func value(_ open: @escaping @Sendable () throws(DiscoveryError) -> Value) async throws(DiscoveryError) -> Value {
        let result: Result<Value, DiscoveryError> = await withCheckedContinuation { continuation in
            let answer: Result<Value, DiscoveryError>? = state.withLock { state in
                switch state {
                case .open(let value): return .success(value)
                case .shuttingDown, .shutDown: return .failure(Self.wasShutDown)
                case .opening(let others):
                    state = .opening(others + [continuation])
                    return nil
                case .closed:
                    state = .opening([continuation])
                    NIOThreadPool.singleton.submit { _ in self.opened(Result(catching: open)) }
                    return nil
                }
            }
            if let answer { continuation.resume(returning: answer) }
        }
        return try result.get()
    }

    /// Closes it for good, and waits for that. Idempotent.
    func shutdown() async {
        await withCheckedContinuation { continuation in
            let (value, waiting, isOver) = state.withLock { state -> (Value?, [Waiter], Bool) in
                switch state {
                case .open(let value):
                    published.store(0, ordering: .releasing)
                    state = .shutDown(value)
                    return (value, [], false)
                case .opening(let waiting):
                    state = .shuttingDown([continuation])
                    return (nil, waiting, false)
                case .shuttingDown(let others):
                    state = .shuttingDown(others + [continuation])
                    return (nil, [], false)
                case .closed:
                    state = .shutDown(nil)
                    return (nil, [], true)
                case .shutDown: return (nil, [], true)
                }
            }
            for caller in waiting { caller.resume(returning: .failure(Self.wasShutDown)) }
            if isOver { continuation.resume() }
            guard let value else { return }
            NIOThreadPool.singleton.submit { [close] _ in
                close(value)
                continuation.resume()
            }
        }
    }

    // A client may be dropped without ceremony, anywhere: closing waits for threads, so it is left to one that may.
    deinit {
        guard case .open(let value) = state.withLock({ $0 }) else { return }
        NIOThreadPool.singleton.submit { [close] _ in close(value) }
    }

    private static var wasShutDown: DiscoveryError {
        DiscoveryError(.homeUnusable, "This client was shut down. Make another to go on.")
    }

    private func opened(_ result: Result<Value, DiscoveryError>) {
        let waiting: [Waiter]? = state.withLock { state in
            guard case .opening(let waiting) = state else { return nil }
            if case .success(let value) = result {
                state = .open(value)
                published.store(UInt(bitPattern: Unmanaged.passUnretained(value).toOpaque()), ordering: .releasing)
            } else {
                state = .closed
            }
            return waiting
        }
        for continuation in waiting ?? [] { continuation.resume(returning: result) }
        guard waiting == nil else { return }
        if case .success(let value) = result { close(value) }
        let enders = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .shuttingDown(let enders) = state else { return [] }
            state = .shutDown(nil)
            return enders
        }
        for continuation in enders { continuation.resume() }
    }
}
