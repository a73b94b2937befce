extension ContinuousClock.Instant {
    /// Any instant will do.
    private static let origin = ContinuousClock.now

    /// The instant as a duration from one that stays the same while the process runs. An instant's layout is the runtime's secret, so a value
    /// that keeps one pays for calls into the runtime with every access, even to its other fields; a duration is two words.
    var offset: Duration { Self.origin.duration(to: self) }

    init(offset: Duration) {
        self = Self.origin + offset
    }
}
