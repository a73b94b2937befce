internal import Registry
internal import Store

/// How a registration over the network is leased: by attributes, which everybody can read.
extension Registry.Instance {
    /// By which one registration by a client over the network is told from another of the same id.
    static let incarnationAttribute = "DISCOVERY_INCARNATION"

    /// Whether it lives only as long as the process that registered it.
    var isLeased: Bool { lease != nil || attributes[Registry.Heartbeat.attribute] != nil }

    /// For people.
    var heartbeatLease: String { attributes[Registry.Heartbeat.attribute] == nil ? "none" : "renewed" }

    static func incarnationText(_ incarnation: Int64) -> String { String(UInt64(bitPattern: incarnation), radix: 16) }

    /// Which registration has these attributes: what its client said, else what tells attributes from others.
    static func incarnation(of attributes: [String: String]) -> Int64 {
        if let said = attributes[incarnationAttribute], let number = UInt64(said, radix: 16) { return Int64(bitPattern: number) }
        let text = attributes.sorted { $0.key < $1.key }.map { "\($0.key)\0\($0.value)\0" }.joined()
        return Int64(bitPattern: StableHash.fnv1a(text.utf8))
    }
}
