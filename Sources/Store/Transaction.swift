/// One transaction while it is being made, shared by the operations of many callers. Lives on the writer's thread; not to be kept.
package final class Transaction {
    package let connection: Connection
    /// The home's time at the start of this transaction: the same for all its operations.
    package let now: HomeTime
    /// Differs from transaction to transaction within a process; keys what an owner remembers for the length of one.
    package let number: UInt64
    private(set) var bells: UInt64 = 0
    private(set) var settled = 0
    private var last: [(Transaction) throws(StoreError) -> Void] = []

    init(_ connection: Connection, now: HomeTime, number: UInt64) {
        self.connection = connection
        self.now = now
        self.number = number
    }

    /// Has `body` run once all operations are done, as part of the transaction.
    package func beforeCommit(_ body: @escaping (Transaction) throws(StoreError) -> Void) { last.append(body) }

    /// Runs `body`, which writes what earlier operations decided: the operation in whose course that is done has not written by it.
    package func settle(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        let before = connection.totalChanges
        try body()
        settled += connection.totalChanges - before
    }

    func finish() throws(StoreError) {
        for body in last { try body(self) }
    }

    /// Wakes those who sleep at `bell`, once this transaction is committed.
    package func ring(_ bell: Bell) { bells |= bell.mask }
}

/// When a confirmed operation survives what.
package enum Durability: Sendable, Comparable {
    /// Survives `kill -9`; survives power loss once any later `synced` transaction is confirmed.
    case ordered
    /// Survives power loss: the transaction is synced before it is confirmed.
    case synced
}
