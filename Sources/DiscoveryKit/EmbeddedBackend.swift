internal import Foundation
internal import NIOPosix
internal import Registry
package import Store
internal import Synchronization

/// The home of a client on the embedded backend: opened by the first operation, on a thread that may wait for the disk, once for all who
/// come meanwhile. A home that could not be opened is tried again by the next operation.
package final class EmbeddedBackend: Sendable {
    private typealias Waiter = CheckedContinuation<Result<Registry, DiscoveryError>, Never>

    private enum State {
        case closed
        case opening([Waiter])
        case open(Registry)
        /// Shut down while it was being opened: by these.
        case shuttingDown([CheckedContinuation<Void, Never>])
        case shutDown
    }

    let path: String
    private let group: String?
    private let state = Mutex(State.closed)

    init(home: String, group: String?) {
        path = home
        self.group = group
    }

    /// The registry, opened when it is not. Waits for the disk the first time.
    func registry() async throws(DiscoveryError) -> Registry {
        if let registry = state.withLock({ if case .open(let registry) = $0 { registry } else { nil } }) { return registry }
        let result: Result<Registry, DiscoveryError> = await withCheckedContinuation { continuation in
            let answer: Result<Registry, DiscoveryError>? = state.withLock { state in
                switch state {
                case .open(let registry): return .success(registry)
                case .shuttingDown, .shutDown: return .failure(Self.wasShutDown)
                case .opening(let others):
                    state = .opening(others + [continuation])
                    return nil
                case .closed:
                    state = .opening([continuation])
                    NIOThreadPool.singleton.submit { _ in self.open() }
                    return nil
                }
            }
            if let answer { continuation.resume(returning: answer) }
        }
        return try result.get()
    }

    /// Runs an operation on the registry and gives its errors the facade's form.
    // Not inlined: the optimiser of Swift 6.3.1 crashes where it splits the closures of callers that have it inlined.
    @inline(never)
    func run<Value>(_ operation: (Registry) async throws -> Value) async throws(DiscoveryError) -> Value {
        let registry = try await registry()
        do { return try await operation(registry) } catch { throw DiscoveryError(wrapping: error) }
    }

    package func shutdown() async {
        await withCheckedContinuation { continuation in
            let (registry, waiting, isOver) = state.withLock { state -> (Registry?, [Waiter], Bool) in
                switch state {
                case .open(let registry):
                    state = .shutDown
                    return (registry, [], false)
                case .opening(let waiting):
                    state = .shuttingDown([continuation])
                    return (nil, waiting, false)
                case .shuttingDown(let others):
                    state = .shuttingDown(others + [continuation])
                    return (nil, [], false)
                case .closed, .shutDown:
                    state = .shutDown
                    return (nil, [], true)
                }
            }
            for caller in waiting { caller.resume(returning: .failure(Self.wasShutDown)) }
            if isOver { continuation.resume() }
            guard let registry else { return }
            NIOThreadPool.singleton.submit { _ in
                registry.close()
                continuation.resume()
            }
        }
    }

    // A client may be dropped without ceremony, anywhere: closing waits for threads, so it is left to one that may.
    deinit {
        guard case .open(let registry) = state.withLock({ $0 }) else { return }
        NIOThreadPool.singleton.submit { _ in registry.close() }
    }

    private static let wasShutDown = DiscoveryError(.homeUnusable, "This client was shut down. Make another to go on.")

    private func open() {
        let result = Result { () throws(StoreError) in try Registry(Home(path: path, group: group)) }.mapError { DiscoveryError($0) }
        let waiting: [Waiter]? = state.withLock { state in
            guard case .opening(let waiting) = state else { return nil }
            if case .success(let registry) = result { state = .open(registry) } else { state = .closed }
            return waiting
        }
        for continuation in waiting ?? [] { continuation.resume(returning: result) }
        guard waiting == nil else { return }
        if case .success(let registry) = result { registry.close() }
        let enders = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .shuttingDown(let enders) = state else { return [] }
            state = .shutDown
            return enders
        }
        for continuation in enders { continuation.resume() }
    }
}

extension DiscoveryError {
    /// The leaves' errors are wrapped here, once.
    package init(wrapping error: any Error) {
        switch error {
        case let error as DiscoveryError: self = error
        case let error as StoreError: self.init(error)
        case let error as RegistryError: self.init(error)
        case is CancellationError: self.init(.cancelled, "The calling task was cancelled.")
        default: self.init(.unexpected, "An unexpected error: \(error).", cause: error)
        }
    }

    package init(_ error: StoreError) {
        let code: Code =
            switch error.code {
            case .unusable, .closed: .homeUnusable
            case .busy: .busy
            case .full: .full
            case .damaged, .statement: .damaged
            case .outcomeUnknown: .outcomeUnknown
            case .cancelled: .cancelled
            }
        self.init(code, error.message, cause: error.code == .statement ? error : nil)
    }

    private init(_ error: RegistryError) {
        let code: Code =
            switch error.code {
            case .namespaceNotFound, .serviceNotFound, .instanceNotFound: .notFound
            case .namespaceAlreadyExists, .serviceAlreadyExists: .alreadyExists
            case .resourceInUse, .invalidInput, .customHealthNotFound: .invalid
            }
        self.init(code, error.message)
    }
}
