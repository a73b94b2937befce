internal import Synchronization
internal import Store

/// A service as the operations of one transaction have left it.
final class KnownService: @unchecked Sendable {  // the writer's thread alone touches it
    fileprivate let name: Registry.ServiceName
    var row: ServiceRow
    /// Whether the instances of dead processes were removed in this transaction.
    var isSwept = false
    /// Changes since the row was last written.
    fileprivate var unwritten: Int64 = 0

    fileprivate init(_ row: ServiceRow, as name: Registry.ServiceName) {
        self.row = row
        self.name = name
    }
}

/// What the writer's thread knows about services for the length of one transaction: a thousand registrations in it look a service up once,
/// and write its revision once, at the end. Who reads a service's row from the database within the transaction calls `flush` first.
final class TransactionMemo: Sendable {
    private struct State {
        var transaction: UInt64 = 0
        /// A service can be named in several ways and has one revision, so one entry.
        var services: [Registry.ServiceName: KnownService] = [:]
        var byNumber: [Int64: KnownService] = [:]
        /// Asked for again and again, most of the time.
        var last: KnownService?
        var willFlush = false
    }

    private let state = Mutex(State())

    func recall(_ name: Registry.ServiceName, in transaction: Transaction) -> KnownService? {
        state.withLock { state in
            guard state.transaction == transaction.number else { return nil }
            if let last = state.last, last.name == name { return last }
            guard let known = state.services[name] else { return nil }
            state.last = known
            return known
        }
    }

    /// Remembers a service that was read or made in this transaction.
    func enter(_ row: ServiceRow, as name: Registry.ServiceName, in transaction: Transaction) -> KnownService {
        state.withLock { state in
            Self.enter(transaction, &state)
            let known = state.byNumber[row.number] ?? KnownService(row, as: name)
            state.byNumber[row.number] = known
            state.services[name] = known
            state.last = known
            return known
        }
    }

    /// Notes that a service's revision has changed, to be written before the commit, and wakes those who watch it.
    func changed(_ known: KnownService, in transaction: Transaction) {
        transaction.ring(for: known.row)
        known.unwritten += 1
        guard known.unwritten == 1 else { return }
        let isFirst = state.withLock { state in
            defer { state.willFlush = true }
            return !state.willFlush
        }
        if isFirst { transaction.beforeCommit { transaction throws(StoreError) in try self.flush(in: transaction) } }
    }

    /// Writes what was noted.
    func flush(in transaction: Transaction) throws(StoreError) {
        let changed = state.withLock { state in
            Self.enter(transaction, &state)
            return state.byNumber.values.filter { $0.unwritten > 0 }
        }
        guard !changed.isEmpty else { return }
        try transaction.settle { () throws(StoreError) in
            for known in changed {
                try transaction.connection.run(
                    "UPDATE services SET revision = max(revision, ?), changes = changes + ? WHERE number = ?",
                    .integer(known.row.revision), .integer(known.unwritten), .integer(known.row.number))
                known.unwritten = 0
            }
        }
    }

    /// After a change that was written at once.
    func forget() {
        state.withLock { state in
            let willFlush = state.willFlush
            state = State(transaction: state.transaction)
            state.willFlush = willFlush
        }
    }

    private static func enter(_ transaction: Transaction, _ state: inout State) {
        if state.transaction != transaction.number { state = State(transaction: transaction.number) }
    }
}
