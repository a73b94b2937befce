internal import Registry
internal import Store
internal import Synchronization

/// How often the two questions that are asked most may be asked, where AWS's quotas are kept.
final class RequestLimits: Sendable {
    enum Question { case discoverInstances, discoverInstancesRevision }

    private struct Buckets {
        var discoverInstances: TokenBucket
        var discoverInstancesRevision: TokenBucket
    }

    private let home: Home
    private let buckets: Mutex<Buckets>

    init(_ quotas: Registry.Quotas, _ home: Home) {
        self.home = home
        let now = home.now()
        buckets = Mutex(
            Buckets(
                discoverInstances: TokenBucket(quotas.discoverInstances, at: now),
                discoverInstancesRevision: TokenBucket(quotas.discoverInstancesRevision, at: now)))
    }

    /// - Throws: `.requestLimitExceeded`.
    func take(_ question: Question) throws(RegistryError) {
        let now = home.now()
        let result = buckets.withLock { buckets -> Result<Void, RegistryError> in
            do throws(RegistryError) {
                switch question {
                case .discoverInstances: try buckets.discoverInstances.take(at: now)
                case .discoverInstancesRevision: try buckets.discoverInstancesRevision.take(at: now)
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
