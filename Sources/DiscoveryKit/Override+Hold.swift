extension Override {
    /// Does what it asks for before something is sent: waits, or fails.
    ///
    /// - Returns: whether time has passed by that.
    func hold(_ address: Address, until deadline: ContinuousClock.Instant) async throws(DiscoveryError) -> Bool {
        if let delay {
            let left = ContinuousClock.now.duration(to: deadline)
            try await Task.sleep(min(delay, left), before: address)
            guard delay < left else {
                throw DiscoveryError(
                    .deadlineExceeded, "\(address) is overridden, \(self), which is longer than the deadline. Nothing was sent.",
                    address: address)
            }
        }
        var generator = SystemRandomNumberGenerator()
        if fails(using: &generator) { throw failure(of: address) }
        return delay != nil
    }
}

extension Task where Success == Never, Failure == Never {
    /// Sleeps between what is done about an address.
    static func sleep(_ duration: Duration, before address: Address) async throws(DiscoveryError) {
        do { try await Task.sleep(for: duration) } catch {
            throw DiscoveryError(.cancelled, "The calling task was cancelled.", address: address)
        }
    }
}
