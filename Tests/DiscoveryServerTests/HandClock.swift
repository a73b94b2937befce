import Store
import Synchronization

/// A home's time, which the test moves.
final class HandClock: Sendable {
    private let time = Mutex(HomeTime(milliseconds: 1_700_000_000_000))

    var now: HomeTime { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// A home's disk, which fails when it is told to.
final class HandDisk: Sendable {
    private let fails = Mutex(false)

    func fail(_ fails: Bool) { self.fails.withLock { $0 = fails } }

    func pass() throws(StoreError) {
        if fails.withLock({ $0 }) { throw StoreError(.outcomeUnknown, "The disk failed.") }
    }
}
