/// How an address resolved, for people: who was considered, who was left out and why, and who was chosen.
public struct Explanation: Sendable, Encodable, CustomStringConvertible {
    /// An instance of the service that was considered.
    public struct Candidate: Sendable, Encodable {
        /// The instance's own address.
        public let address: String
        /// Which registration of its id it is: in a home it grows with each, over the network it is just another.
        public let incarnation: Int64
        /// HEALTHY, UNHEALTHY, or UNKNOWN without a health check.
        public let health: String
        /// `none`, `alive`, `renewed` for one that lives by heartbeats, or `dead` when the process that registered it has ended.
        public let lease: String
        /// Its attributes.
        public let attributes: [String: String]
        /// Why it was left out; `nil` for one that may be chosen.
        public let leftOut: String?
        /// What this client knows of calls to it: whether it is left alone for a while, how many wait for it, its weight.
        public let calls: String?
    }

    /// The address as it was read.
    public let address: String
    /// The namespace that was looked in, the default filled in.
    public let namespace: String
    /// The service that was looked for.
    public let service: String
    /// Where names are kept.
    public let home: String
    /// `fresh` or `stale` and how old, or `empty`: what this client remembered of the address when it was asked. `stale` is also what is used
    /// because the registry does not answer.
    public let cache: String
    /// The service's revision, which grows with each registration.
    public let revision: Int64?
    /// The override in effect, and its pattern.
    public let override: String?
    /// By which rules calls are made.
    public let policy: String?
    /// All instances of the service; for an address that names one, that one if it is there. At most 1,000.
    public let candidates: [Candidate]
    /// The kind of what was chosen.
    public let kind: String?
    /// Where what was chosen is.
    public let location: String?
    /// The address of the chosen instance.
    public let chosen: String?
    /// Why nothing was chosen.
    public let failure: String?

    /// A few lines of text.
    public var description: String {
        var lines = ["\(address)", "  namespace  \(namespace)", "  service    \(service)", "  home       \(home)", "  cache      \(cache)"]
        if let revision { lines.append("  revision   \(revision)") }
        if let override { lines.append("  override   \(override)") }
        if let policy { lines.append("  policy     \(policy)") }
        lines.append(candidates.isEmpty ? "  candidates none" : "  candidates \(candidates.count)")
        for candidate in candidates {
            let lease = candidate.lease == "none" ? "" : ", lease \(candidate.lease)"
            lines.append(
                "    \(candidate.address == chosen ? "*" : "-") \(candidate.address)  \(candidate.health)\(lease)"
                    + (candidate.leftOut.map { "  left out: \($0)" } ?? candidate.calls.map { "  \($0)" } ?? ""))
            lines.append("      " + candidate.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "  "))
        }
        if let chosen { lines.append("  chosen     \(chosen)") }
        if let kind, let location { lines.append("  resource   \(kind) at \(location)") }
        if let failure { lines.append("  failed     \(failure)") }
        return lines.joined(separator: "\n")
    }
}
