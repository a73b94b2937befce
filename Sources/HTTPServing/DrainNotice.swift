internal import Synchronization

/// Tells handlers that wait, as long polls do, that the server is draining, so that they answer at once.
package final class DrainNotice: Sendable {
    private struct Guarded {
        var isDraining = false
        var next = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let guarded = Mutex(Guarded())

    package init() {}

    package var isDraining: Bool { guarded.withLock { $0.isDraining } }

    /// Returns when a drain has begun, or when the task is cancelled.
    package func wait() async {
        let number = guarded.withLock { guarded in
            guarded.next += 1
            return guarded.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isOver = guarded.withLock {
                    if $0.isDraining || Task.isCancelled { return true }
                    $0.waiters[number] = waiter
                    return false
                }
                if isOver { waiter.resume() }
            }
        } onCancel: {
            guarded.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    func begin() {
        let waiters = guarded.withLock { guarded in
            defer { guarded.waiters = [:] }
            guarded.isDraining = true
            return guarded.waiters.values.map(\.self)
        }
        for waiter in waiters { waiter.resume() }
    }
}
