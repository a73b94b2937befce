internal import Foundation

/// Where a service is reached: AWS's own address, or that of whoever speaks its protocol.
package struct AWSEndpoint: Hashable, Sendable {
    package var isSecure: Bool
    /// A name or an address; one of IPv6 in brackets.
    package var host: String
    /// Nil: 80 or 443.
    package var port: Int?
    /// Of what stands before the service's own: empty, or starts with a slash and ends without.
    package var path: String
    /// Whether an operation's host prefix is put before names: `AWS_DISABLE_HOST_PREFIX_INJECTION` asks for the contrary.
    package var takesHostPrefix = true

    /// - Throws: `InvalidInput`, for what is no such URL.
    package init(parsing url: String) throws(AWSFault) {
        guard url.utf8.count <= 2_048, let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty, host.utf8.allSatisfy(Self.isOfHost),
            parts.query == nil, parts.fragment == nil,
            parts.user == nil, parts.password == nil, (1...65_535).contains(parts.port ?? 80)
        else {
            throw AWSFault(
                .invalidInput, "an endpoint is written as http://HOST:PORT or https://HOST, without a query: not \(url.prefix(200))")
        }
        isSecure = scheme == "https"
        self.host = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host.lowercased()
        port = parts.port == (isSecure ? 443 : 80) ? nil : parts.port
        var path = parts.percentEncodedPath[...]
        while path.last == "/" { path.removeLast() }
        self.path = String(path)
    }

    /// A label before an address makes a name that nobody can resolve, and `data-localhost` is no host either: there nothing is put before.
    package func host(for prefix: String?) -> String {
        guard let prefix, takesHostPrefix, !isAddress, host != "localhost", !host.hasSuffix(".localhost") else { return host }
        return prefix + host
    }

    /// What percent-encoding hid would otherwise come out in the `Host` header.
    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }

    private var isAddress: Bool {
        if host.hasPrefix("[") { return true }
        // The last label of a name is never a number, RFC 1123, section 2.1; one of an address is always.
        let last = host.split(separator: ".").last ?? ""
        return !last.isEmpty && last.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
