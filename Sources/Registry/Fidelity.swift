extension Registry {
    /// How much of AWS's slowness and of its quotas there is.
    package struct Fidelity: Sendable, Hashable {
        /// From the acceptance of a ``Change`` until it is made.
        package var operationDelay: Duration
        /// From the first report of another custom health until it counts.
        package var healthDelay: Duration
        package var quotas: Quotas?

        package init(operationDelay: Duration = .zero, healthDelay: Duration = .zero, quotas: Quotas? = nil) {
            self.operationDelay = operationDelay
            self.healthDelay = healthDelay
            self.quotas = quotas
        }

        /// Changes are made before they are answered, and nothing is limited.
        package static let instant = Fidelity()
        /// As on AWS. How long its operations take is documented nowhere: a few seconds, as people see them.
        package static let faithful = Fidelity(operationDelay: .seconds(3), healthDelay: .seconds(30), quotas: Quotas())
    }

    /// Cloud Map's quotas for an account and a region.
    package struct Quotas: Sendable, Hashable {
        package var namespaces: Int
        package var instancesPerNamespace: Int
        package var instancesPerService: Int
        package var discoverInstances: TokenBucket.Rate
        package var discoverInstancesRevision: TokenBucket.Rate

        package init(
            namespaces: Int = 50, instancesPerNamespace: Int = 2_000, instancesPerService: Int = 1_000,
            discoverInstances: TokenBucket.Rate = .init(perSecond: 1_000, burst: 2_000),
            discoverInstancesRevision: TokenBucket.Rate = .init(perSecond: 3_000, burst: 3_000)
        ) {
            self.namespaces = namespaces
            self.instancesPerNamespace = instancesPerNamespace
            self.instancesPerService = instancesPerService
            self.discoverInstances = discoverInstances
            self.discoverInstancesRevision = discoverInstancesRevision
        }
    }
}
