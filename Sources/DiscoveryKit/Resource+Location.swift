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
            if service(ofARN: location) != nil { "arn" } else if schemeLength(location) != nil { "url" } else { "id" }
        }

        private static func service(ofARN location: String) -> String? {
            guard location.utf8.starts(with: "arn:".utf8) else { return nil }
            let parts = location.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
            return parts.count == 6 ? String(Substring(parts[2])) : nil
        }

        private static func split(_ location: String) -> (scheme: Substring, rest: Substring)? {
            guard let length = schemeLength(location) else { return nil }
            let colon = location.utf8.index(location.startIndex, offsetBy: length)
            return (location[..<colon], location[location.utf8.index(colon, offsetBy: 3)...])
        }

        /// How many bytes come before `://`; `nil` where these are no scheme.
        private static func schemeLength(_ location: String) -> Int? {
            var bytes = location.utf8.makeIterator()
            guard let first = bytes.next(), Resource.isLetter(first) else { return nil }
            var length = 1
            var end = bytes.next()
            while let byte = end, Resource.isSchemeByte(byte) {
                length += 1
                end = bytes.next()
            }
            let slash = UInt8(ascii: "/")
            return end == UInt8(ascii: ":") && bytes.next() == slash && bytes.next() == slash ? length : nil
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

    static func isScheme(_ text: String) -> Bool {
        text.utf8.first.map(isLetter) ?? false && text.utf8.allSatisfy(isSchemeByte)
    }

    /// RFC 3986, section 3.1.
    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: isLetter(byte) || isDigit(byte)
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
}
