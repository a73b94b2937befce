internal import Synchronization

/// The commit counter of one database, in the mapped page: lets a reader know by one atomic load that its snapshot is current.
///
/// Even: quiet. Odd: a commit is under way, by the holder of the lock. Odd with the lock free: the holder was killed between its COMMIT
/// and raising the counter, so something may have changed.
struct CommitWord: Sendable {
    private let signals: Signals
    private let lock: FairLock
    private let index: Int

    init(_ signals: Signals, index: Int, lock: FairLock) {
        self.signals = signals
        self.index = index
        self.lock = lock
    }

    private var word: UnsafeMutablePointer<Atomic<UInt64>> { signals.file.word(index) }

    /// The version of everything confirmed so far. One atomic load while nobody commits, two system calls while somebody does.
    ///
    /// Data read from the database *after* this call is at least as new as the version it returns.
    func version() -> UInt64 {
        while true {
            let value = word.pointee.load(ordering: .acquiring)
            if value & 1 == 0 { return value }
            // A living writer has not confirmed yet, so what was true before it still is.
            if lock.isHeld() { return value &- 1 }
            repair(value)
        }
    }

    /// Whether the version is still `known`: the fast path of every cached read.
    @inline(__always)
    func isStill(_ known: UInt64) -> Bool {
        word.pointee.load(ordering: .acquiring) == known || version() == known
    }

    /// Of all who notice a dead writer, one raises the counter for it; a new writer may be among them.
    private func repair(_ odd: UInt64) {
        _ = word.pointee.compareExchange(expected: odd, desired: odd &+ 1, ordering: .acquiringAndReleasing)
    }

    // MARK: Under the lock

    func recover() {
        let value = word.pointee.load(ordering: .acquiring)
        if value & 1 == 1 { repair(value) }
    }

    func beginCommit() { word.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent) }
    func endCommit() { word.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent) }
}
