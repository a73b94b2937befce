internal import Foundation
internal import Synchronization

/// One caller's operation on its way through the writer. Its fields are touched by one thread at a time: the caller's until it is
/// queued, the writer's from then on.
class PendingWrite: @unchecked Sendable {
    let durability: Durability
    let bytes: Int
    let deadline: Date
    /// Frees room on the disk, so it may use the ballast.
    let reclaims: Bool

    init(_ durability: Durability, bytes: Int, deadline: Date, reclaims: Bool) {
        self.durability = durability
        self.bytes = bytes
        self.deadline = deadline
        self.reclaims = reclaims
    }

    /// Decides and writes.
    ///
    /// - Throws: only what the store itself met. An operation that breaks a rule keeps its error and returns false.
    func perform(_ transaction: Transaction) throws(StoreError) -> Bool { preconditionFailure("abstract") }

    /// Tells the caller: the store's failure, or else what `perform` came to.
    func finish(_ failure: StoreError?) { preconditionFailure("abstract") }
}

final class Write<Value: Sendable>: PendingWrite, @unchecked Sendable {  // as its superclass
    private let body: (Transaction) throws -> Value
    private var result: Result<Value, any Error>?
    // Resumed exactly once, by `finish`; the checked kind costs the writer's thread a tenth of a registration.
    private var continuation: UnsafeContinuation<Value, any Error>?

    init(
        _ durability: Durability, bytes: Int, deadline: Date, reclaims: Bool, body: @escaping @Sendable (Transaction) throws -> Value
    ) {
        self.body = body
        super.init(durability, bytes: bytes, deadline: deadline, reclaims: reclaims)
    }

    func prepare(_ continuation: UnsafeContinuation<Value, any Error>) { self.continuation = continuation }

    override func perform(_ transaction: Transaction) throws(StoreError) -> Bool {
        do {
            result = .success(try body(transaction))
            return true
        } catch {
            if let error = error as? StoreError, error.code != .statement { throw error }
            result = .failure(error)
            return false
        }
    }

    override func finish(_ failure: StoreError?) {
        let continuation = self.continuation
        self.continuation = nil
        if let failure {
            continuation?.resume(throwing: failure)
        } else if let result {
            continuation?.resume(with: result)
        }
    }
}
