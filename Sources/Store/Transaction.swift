/// One transaction while it is being made, shared by the operations of many callers. Lives on the writer's thread; not to be kept.
package final class Transaction {
    package let connection: Connection
    /// The home's time at the start of this transaction: the same for all its operations.
    package let now: HomeTime
    /// Differs from transaction to transaction within a process; keys what an owner remembers for the length of one.
    package let number: UInt64
    private(set) var bells: UInt64 = 0

    init(_ connection: Connection, now: HomeTime, number: UInt64) {
        self.connection = connection
        self.now = now
        self.number = number
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
