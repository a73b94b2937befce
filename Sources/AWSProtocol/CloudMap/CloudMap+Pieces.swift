extension CloudMap.HTTPInstanceSummary {
    /// What the codec would write, quick enough to be written whenever an instance changes and kept until it does.
    package var json: [UInt8] {
        var text = JSONText()
        if let attributes { text.object("Attributes", attributes) }
        if let healthStatus { text.member("HealthStatus", healthStatus.rawValue) }
        if let instanceID { text.member("InstanceId", instanceID) }
        if let namespaceName { text.member("NamespaceName", namespaceName) }
        if let serviceName { text.member("ServiceName", serviceName) }
        return text.closed()
    }
}

extension CloudMap.DiscoverInstances {
    /// The body of an answer from pieces that `HTTPInstanceSummary.json` wrote.
    package static func body(joining pieces: some Collection<[UInt8]>, instancesRevision: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pieces.reduce(64) { $0 + $1.count + 1 })
        bytes += #"{"Instances":["#.utf8
        var isFirst = true
        for piece in pieces {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            bytes += piece
        }
        bytes += #"],"InstancesRevision":\#(instancesRevision)}"#.utf8
        return bytes
    }
}
