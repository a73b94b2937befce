/// For how long what a client was told over the network counts. The defaults are what is documented of the backend.
package struct RemoteTimes: Sendable {
    /// What was last confirmed so long ago is used without asking.
    package var timeToLive: Duration
    /// From then on the next use has it confirmed, without waiting for that: so names that are in use are never waited for.
    package var confirmation: Duration
    /// Health, and the ends of processes that share the daemon's home, change no revision: after so long instances are read themselves.
    package var rereading: Duration
    /// For so long after it was last confirmed it is used when nobody answers.
    package var staleness: Duration
    /// For so long after it was asked for an answer is waited for where what is remembered can be used instead.
    package var patience: Duration
    /// When nobody answers, somebody asks again after so long.
    package var pause: Duration
    /// The term of a lease: one that is not renewed is unhealthy after it, where its service has health, and gone after twice that.
    package var lease: Duration

    package init(
        timeToLive: Duration = .seconds(1), confirmation: Duration = .milliseconds(500), rereading: Duration = .seconds(3),
        staleness: Duration = .seconds(300), patience: Duration = .seconds(1), pause: Duration = .seconds(1),
        lease: Duration = .seconds(10)
    ) {
        self.timeToLive = timeToLive
        self.confirmation = confirmation
        self.rereading = rereading
        self.staleness = staleness
        self.patience = patience
        self.pause = pause
        self.lease = lease
    }
}
