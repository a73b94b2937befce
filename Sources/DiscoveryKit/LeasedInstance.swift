internal import Registry

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
        // FNV-1a: the same everywhere and always, which `Hasher` is not.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
            for byte in key.utf8 { add(byte) }
            add(0)
            for byte in value.utf8 { add(byte) }
            add(0)
        }
        return Int64(bitPattern: hash)
    }
}
