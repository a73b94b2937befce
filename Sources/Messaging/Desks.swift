internal import Store
internal import Synchronization

/// The desks at which those in this process wait for messages, one per queue while somebody does.
final class Desks: Sendable {
    private struct State {
        var desks: [String: Desk] = [:]
        var closed: StoreError?
    }

    private let state = Mutex(State())

    func desk(_ queue: String) -> Desk? { state.withLock { $0.desks[queue] } }

    /// The desk of a queue, opened when there is none or only one of a queue that had the name before.
    func open(_ queue: String, number: Int64, messaging: Messaging, rings: UInt64, _ look: Messaging.Look) -> Desk {
        state.withLock { state in
            if let desk = state.desks[queue], desk.number == number { return desk }
            let desk = Desk(queue, number: number, messaging: messaging, rings: rings, look, closed: state.closed)
            if state.closed == nil { state.desks[queue] = desk }
            return desk
        }
    }

    func remove(_ desk: Desk) {
        state.withLock { state in
            if state.desks[desk.queue] === desk { state.desks[desk.queue] = nil }
        }
    }

    func close(path: String) {
        let error = StoreError(.closed, "The home at \(path) was shut down by this process. Open it again to go on.")
        let desks = state.withLock { state in
            defer { state.desks = [:] }
            state.closed = error
            return state.desks.values
        }
        for desk in desks { desk.end(error) }
    }
}
