internal import Foundation

extension Resource {
    /// The three shapes of a location.
    enum Location: Equatable {
        case arn(service: String)
        /// Both in lower case; the host is empty in `file:///home/queue`.
        case url(scheme: String, host: String)
        case name

        init(_ location: String) {
            if let service = Self.service(ofARN: location) {
                self = .arn(service: service)
            } else if let (scheme, rest) = Self.split(location) {
                // By bytes: what divides a URL is ASCII, and characters cost ten times as much.
                let bytes = rest.utf8
                let authority = bytes.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
                let start = authority.lastIndex(of: UInt8(ascii: "@")).map(authority.index(after:)) ?? authority.startIndex
                let host = authority[start...].prefix { $0 != UInt8(ascii: ":") }
                self = .url(scheme: scheme.lowercased(), host: Substring(host).lowercased())
            } else {
                self = .name
            }
        }

        /// The attribute that says a location of such a shape.
        static func attribute(saying location: String) -> String {
            if service(ofARN: location) != nil { "arn" } else if split(location) != nil { "url" } else { "id" }
        }

        private static func service(ofARN location: String) -> String? {
            guard location.utf8.starts(with: "arn:".utf8) else { return nil }
            let parts = location.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
            return parts.count == 6 ? String(Substring(parts[2])) : nil
        }

        private static func split(_ location: String) -> (scheme: Substring, rest: Substring)? {
            let bytes = location.utf8
            guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), Resource.isScheme(location[..<colon]) else { return nil }
            let rest = bytes[bytes.index(after: colon)...]
            return rest.starts(with: "//".utf8) ? (location[..<colon], Substring(rest.dropFirst(2))) : nil
        }
    }

    /// The host of its URL, if it has one; of IPv6 the address alone.
    package var host: String? {
        guard case .url = Location(location), let host = URLComponents(string: location)?.host, !host.isEmpty else { return nil }
        return host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host.lowercased()
    }

    /// A location for a message: without what may be secret in a URL, its user and its query.
    static func shown(_ location: String) -> String {
        guard case .url = Location(location), let start = location.range(of: "://")?.upperBound else { return location.excerpt(reach: 200) }
        let rest = location[start...].prefix { $0 != "?" && $0 != "#" }
        let authority = rest.prefix { $0 != "/" }
        let host = authority.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
        return (location[..<start] + host + (location.contains("?") ? "?…" : "")).description.excerpt(reach: 200)
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
