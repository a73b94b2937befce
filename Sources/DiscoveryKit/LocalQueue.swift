internal import Foundation

/// A queue of a home, as a location names it.
struct LocalQueue: Equatable {
    let name: String
    /// The home's path, where the location says one.
    let home: String?

    private static let prefix = "arn:aws:sqs:local:000000000000:"

    /// Reads `arn:aws:sqs:local:000000000000:NAME`, a bare name, `http://localhost:PORT/000000000000/NAME`, which a template's `!Ref` gives, and
    /// `file:///HOME/NAME`; `nil` for other queues. Whether there may be a queue of that name is for the home to say.
    init?(_ location: String) {
        var home: String?
        let name: Substring
        switch Resource.Location(location) {
        case .arn:
            guard location.hasPrefix(Self.prefix) else { return nil }
            name = location.dropFirst(Self.prefix.count)
        case .name: name = location[...]
        case .url("http", let host) where ["localhost", "127.0.0.1"].contains(host):
            let parts = location.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 5, parts[3] == "000000000000" else { return nil }
            name = parts[4]
        case .url("file", ""):
            guard let path = location.dropFirst("file://".count).removingPercentEncoding, let slash = path.lastIndex(of: "/"),
                slash > path.startIndex
            else { return nil }
            home = String(path[..<slash])
            name = path[path.index(after: slash)...]
        case .url: return nil
        }
        guard Self.isName(name) else { return nil }
        self.name = String(name)
        self.home = home
    }

    /// Whether a part of a location may be the name of a queue or topic.
    static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/:?#".utf8.contains($0) }
    }

    /// What `register` and templates write.
    static func arn(_ name: String) -> String { prefix + name }

    /// The same queue of another home, if it is one of a home that the location does not name.
    static func moved(_ resource: Resource, to home: String) -> Resource {
        guard resource.kind == .queue, let queue = LocalQueue(resource.location), queue.home == nil else { return resource }
        let path = home.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? home
        return Resource(.queue, at: "file://\(path)/\(queue.name)", attributes: resource.attributes)
    }
}
