extension Resource {
    /// The three shapes of a location.
    enum Location: Equatable {
        case arn(service: String)
        /// Both in lower case; the host is empty in `file:///home/queue`.
        case url(scheme: String, host: String)
        case name

        init(_ location: String) {
            let parts = location.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            if parts.count == 6 && parts[0] == "arn" {
                self = .arn(service: String(parts[2]))
            } else if let (scheme, rest) = Self.split(location) {
                let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
                let host = authority.split(separator: "@").last?.prefix { $0 != ":" } ?? ""
                self = .url(scheme: scheme.lowercased(), host: host.lowercased())
            } else {
                self = .name
            }
        }

        /// The attribute that says such a location.
        var attribute: String {
            switch self {
            case .arn: "arn"
            case .url: "url"
            case .name: "id"
            }
        }

        private static func split(_ location: String) -> (scheme: Substring, rest: Substring)? {
            guard let colon = location.firstIndex(of: ":"), Resource.isScheme(location[..<colon]) else { return nil }
            let rest = location[location.index(after: colon)...]
            return rest.hasPrefix("//") ? (location[..<colon], rest.dropFirst(2)) : nil
        }
    }

    /// What a location calls its resource, to tell two spellings of one (a queue's ARN and its URL) from two resources.
    static func name(at location: String) -> Substring {
        let last = location.split { $0 == "/" || $0 == ":" }.last ?? ""
        guard case .arn(let service) = Location(location), service == "lambda" else { return last }
        // arn:aws:lambda:region:account:function:name[:alias]
        let parts = location.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 6 ? parts[6] : last
    }

    static func isScheme(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
    }
}
