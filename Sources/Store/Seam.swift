/// Where a test may make a transaction fail, stop or die, or time pass. The closures of a transaction run on the writer's thread; in
/// production none is set.
package struct Seam: Sendable {
    package var insideTransaction: (@Sendable () throws(StoreError) -> Void)?
    package var atCommit: (@Sendable () throws(StoreError) -> Void)?
    /// After COMMIT and before the counter tells other processes.
    package var afterCommit: (@Sendable () -> Void)?
    /// Before the log is synced, on the thread that does it.
    package var atSync: (@Sendable () throws(StoreError) -> Void)?

    /// Instead of the home's clock.
    package var now: (@Sendable () -> HomeTime)?

    package init() {}
}
