import Registry
import Store
import Synchronization

/// A home's clock that a test moves.
final class HandClock: Sendable {
    private let time = Mutex(HomeTime(milliseconds: 1_700_000_000_000))

    var now: HomeTime { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }

    /// A registry whose time this is, in a home of its own.
    static func withRegistry(_ body: (Registry, HandClock) async throws -> Void) async throws {
        try await withFolder { path in
            let clock = HandClock()
            var seam = Seam()
            seam.now = { clock.now }
            let registry = try Registry(Home(path: path, seam: seam))
            defer { registry.close() }
            try await body(registry, clock)
        }
    }
}

extension Registry.Fidelity {
    /// Operations take three seconds and health thirty; no quotas.
    static let slow = Registry.Fidelity(operationDelay: .seconds(3), healthDelay: .seconds(30))
}

extension Registry {
    /// Submits, and tells what became of it.
    @discardableResult
    func done(_ change: Change, requestID: String? = nil, fidelity: Fidelity = .instant) async throws -> Operation {
        try await operation(submit(change, requestID: requestID, fidelity: fidelity))
    }
}

extension HomeTime {
    /// Seconds after an arbitrary start.
    static func at(_ seconds: Double) -> HomeTime { HomeTime(milliseconds: 1_000_000 + Int64(seconds * 1_000)) }
}
