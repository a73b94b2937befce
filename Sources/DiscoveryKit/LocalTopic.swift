/// A topic of a home, as a location names it.
struct LocalTopic: Equatable {
    let name: String

    private static let prefix = "arn:aws:sns:local:000000000000:"

    /// Reads `arn:aws:sns:local:000000000000:NAME` and a bare name; `nil` for other topics. Whether there may be a topic of that name is for the
    /// home to say.
    init?(_ location: String) {
        let name: Substring
        switch Resource.Location(location) {
        case .arn:
            guard location.hasPrefix(Self.prefix) else { return nil }
            name = location.dropFirst(Self.prefix.count)
        case .name: name = location[...]
        case .url: return nil
        }
        guard LocalQueue.isName(name) else { return nil }
        self.name = String(name)
    }

    /// What `register` and templates write.
    static func arn(_ name: String) -> String { prefix + name }
}
