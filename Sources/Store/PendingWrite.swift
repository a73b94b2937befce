internal import Foundation

/// What a caller wants written. Closures are made into one by ``Store/write(_:bytes:patience:reclaims:_:)``; a class of its own, which costs
/// no generic code, is for what many thousands of callers a second do.
package protocol WriteOperation: AnyObject, Sendable {
    /// Decides and writes, on the writer's thread; possibly more than once, of which the last counts. It decides first and writes then: an
    /// error thrown before the first write costs the others nothing.
    func perform(_ transaction: Transaction) throws
}

/// An operation that is a closure, and what it came to. The writer's until it is confirmed, its caller's then.
final class ClosureOperation<Value: Sendable>: WriteOperation, @unchecked Sendable {
    private let body: (Transaction) throws -> Value
    private(set) var value: Value?

    init(_ body: @escaping @Sendable (Transaction) throws -> Value) { self.body = body }

    func perform(_ transaction: Transaction) throws { value = try body(transaction) }
}

/// One caller's operation on its way through the writer. While it is queued the writer's lock guards it; before and after that it belongs to
/// one thread at a time.
final class PendingWrite: @unchecked Sendable {
    let durability: Durability
    let bytes: Int
    /// Frees room on the disk, so it may use the ballast.
    let reclaims: Bool
    /// How long it waits for other processes, seconds.
    let patience: TimeInterval
    /// Until when, once it has to: the clock is not asked before.
    var deadline: Date?
    private let operation: any WriteOperation
    private var refusal: (any Error)?
    // Resumed exactly once, by `finish`; the checked kind costs the writer's thread a tenth of a registration.
    private var continuation: UnsafeContinuation<Void, any Error>?

    init(_ operation: any WriteOperation, _ durability: Durability, bytes: Int, patience: TimeInterval, reclaims: Bool) {
        self.operation = operation
        self.durability = durability
        self.bytes = bytes
        self.patience = patience
        self.reclaims = reclaims
    }

    func prepare(_ continuation: UnsafeContinuation<Void, any Error>) { self.continuation = continuation }

    /// Until when it waits for other processes if it begins at `now`, or has begun before.
    func deadline(from now: Date) -> Date { deadline ?? now.addingTimeInterval(patience) }

    /// Decides and writes.
    ///
    /// - Returns: whether it was accepted. An operation that breaks a rule keeps its error.
    /// - Throws: only what the store itself met.
    func perform(_ transaction: Transaction) throws(StoreError) -> Bool {
        do {
            try operation.perform(transaction)
            refusal = nil
            return true
        } catch {
            if let error = error as? StoreError, error.code != .statement { throw error }
            refusal = error
            return false
        }
    }

    /// Tells the caller: the store's failure, or else what `perform` came to.
    func finish(_ failure: StoreError?) {
        let continuation = self.continuation
        self.continuation = nil
        if let error = failure ?? refusal { continuation?.resume(throwing: error) } else { continuation?.resume() }
    }
}
