internal import NIOCore

/// One connection's time limit, cheap to move: a request that comes and goes at once costs a store, not a scheduled task.
///
/// The scheduled task is left where it is when the limit moves away, and finds out when it fires.
/// Belongs to its event loop, as the handler that owns it.
struct ConnectionTimer {
    /// When patience ends; nil if it does not.
    private var limit: NIODeadline?
    private var scheduled: (at: NIODeadline, task: Scheduled<Void>)?

    /// - Parameter fire: Runs on the loop, and calls `fired(at:)`.
    mutating func set(_ limit: NIODeadline?, on loop: any EventLoop, fire: @autoclosure () -> @Sendable () -> Void) {
        self.limit = limit
        guard let limit else { return }
        if let scheduled {
            if scheduled.at <= limit { return }
            scheduled.task.cancel()
        }
        scheduled = (limit, loop.scheduleTask(deadline: limit, fire()))
    }

    /// - Returns: Whether the limit has passed. If it has moved, the task is scheduled again.
    mutating func fired(at now: NIODeadline, on loop: any EventLoop, fire: @autoclosure () -> @Sendable () -> Void) -> Bool {
        scheduled = nil
        guard let limit else { return false }
        guard limit > now else {
            self.limit = nil
            return true
        }
        set(limit, on: loop, fire: fire())
        return false
    }

    mutating func cancel() {
        limit = nil
        scheduled?.task.cancel()
        scheduled = nil
    }
}

extension TimeAmount {
    /// At most a year, so that adding it to a point in time cannot overflow.
    init(limited duration: Duration) {
        self.init(min(max(duration, .zero), .seconds(365 * 24 * 3600)))
    }
}
