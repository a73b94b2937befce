package import Store

extension Registry {
    /// A report of another custom health that does not count yet. It counts some time after the first report: repeats do not make that
    /// earlier, and a report of the old health takes it back.
    package struct PendingHealth: Sendable, Hashable {
        package let health: Health
        package let due: HomeTime

        package init(_ health: Health, due: HomeTime) {
            self.health = health
            self.due = due
        }

        /// What an instance has after a report.
        ///
        /// - Returns: its health, and what is pending then.
        package static func reported(
            _ report: Health, of health: Health, pending: PendingHealth?, at now: HomeTime, delay: Duration
        ) -> (health: Health, pending: PendingHealth?) {
            // What is due counts, whether or not somebody has written so.
            let (current, pending) = settled(health, pending, at: now)
            if report == current { return (current, nil) }
            if delay <= .zero { return (report, nil) }
            if let pending, pending.health == report { return (current, pending) }
            return (current, PendingHealth(report, due: now + delay))
        }

        /// What an instance has once what is due counts.
        package static func settled(_ health: Health, _ pending: PendingHealth?, at now: HomeTime) -> (Health, PendingHealth?) {
            guard let pending, pending.due <= now else { return (health, pending) }
            return (pending.health, nil)
        }
    }
}
