/// Cloud Map's rules as pure functions: what may be stored. Limits are those of its API reference.
package enum Rules {
    /// API-only namespaces: `^(?!arn:)[!-~]{1,1024}$`.
    package static func checkNamespace(name: String, kind: Registry.Namespace.Kind) throws(RegistryError) {
        let limit = kind == .http ? 1_024 : 253
        guard !name.isEmpty, name.utf8.count <= limit, TextScan.isGraphic(name), !name.hasPrefix("arn:") else {
            throw invalid(
                "A namespace's name has 1 to \(limit) visible ASCII characters and does not start with `arn:`; \(quoted(name)) does not fit."
            )
        }
        if kind == .publicDNS, !isDomain(name) {
            throw invalid("A public DNS namespace is a domain name such as `example.com`; \(quoted(name)) is none.")
        }
    }

    /// Labels of letters, digits, `_` and `-`, at most 63 each and 127 in all; or the single `.`.
    package static func checkService(name: String) throws(RegistryError) {
        guard
            name == "."
                || (name.utf8.count <= 127 && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ isLabel($0) }))
        else {
            throw invalid(
                "A service's name has labels of letters, digits, `_` and `-` (1 to 63 characters, no `-` at either end) with dots between, at most 127 characters; \(quoted(name)) does not fit."
            )
        }
    }

    /// A namespace and a service as they are asked for: `^[!-~]{1,1024}$`, and a service's name. What cannot be there is no name.
    package static func checkQuestion(namespace: String, service: String) throws(RegistryError) {
        guard (1...1_024).contains(namespace.utf8.count), TextScan.isGraphic(namespace) else {
            throw invalid("A namespace's name has 1 to 1,024 visible ASCII characters; \(quoted(namespace)) does not fit.")
        }
        try checkService(name: service)
    }

    /// The id of an instance that is asked for, which may not be there.
    static func checkQuestion(instance id: String) throws(RegistryError) {
        guard id.unicodeScalars.count > 64 else { return }
        throw invalid("An instance's id has at most 64 characters; \(quoted(id)) does not fit.")
    }

    /// 1 to 64 of letters, digits and `_/:.@-`.
    package static func checkInstance(id: String) throws(RegistryError) {
        guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy({ isAlphanumeric($0) || "_/:.@-".utf8.contains($0) }) else {
            throw invalid("An instance's id has 1 to 64 letters, digits and `_/:.@-`; \(quoted(id)) does not fit.")
        }
    }

    static func checkText(_ text: String?, of what: String, limit: Int) throws(RegistryError) {
        guard let text, text.unicodeScalars.count > limit else { return }
        throw invalid("\(what) has at most \(limit) characters, this one has \(text.unicodeScalars.count).")
    }

    static func check(_ configuration: Registry.Service.Configuration, in namespace: Registry.Namespace.Kind) throws(RegistryError) {
        try checkText(configuration.description, of: "A description", limit: 1_024)
        if configuration.healthCheck != nil, configuration.hasCustomHealth {
            throw invalid("A service has a health check or custom health, not both.")
        }
        if let check = configuration.healthCheck {
            guard namespace != .privateDNS else {
                throw invalid("A service in a private DNS namespace cannot have a health check; give it custom health.")
            }
            guard (1...10).contains(check.threshold) else {
                throw invalid("A health check's failure threshold is 1 to 10, not \(check.threshold).")
            }
            guard check.kind != .tcp || check.path == nil else { throw invalid("A TCP health check has no path.") }
            try checkText(check.path, of: "A health check's path", limit: 255)
        }
        guard let dns = configuration.dns else { return }
        guard namespace != .http else { throw invalid("A service in an HTTP namespace has no DNS records.") }
        let types = Set(dns.records.keys)
        guard [[.a], [.aaaa], [.a, .aaaa], [.srv], [.cname]].contains(types) else {
            throw invalid("A service's DNS records are A, AAAA, A and AAAA, SRV, or CNAME.")
        }
        if let ttl = dns.records.values.first(where: { !(0...2_147_483_647).contains($0) }) {
            throw invalid("A time to live is 0 to 2,147,483,647 seconds, not \(ttl).")
        }
        if types == [.cname] {
            guard dns.routing == .weighted else { throw invalid("CNAME records need the routing policy WEIGHTED.") }
            guard configuration.healthCheck == nil else { throw invalid("A service with CNAME records cannot have a health check.") }
        }
    }

    static func invalid(_ message: String) -> RegistryError { RegistryError(.invalidInput, message) }

    /// Outside text in a message: bounded, and free of control characters.
    static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(60).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
        return "`" + String(String.UnicodeScalarView(shown)) + (text.unicodeScalars.count > 60 ? "…`" : "`")
    }

    private static func isLabel(_ label: Substring) -> Bool {
        let bytes = label.utf8
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        if bytes.count == 1 { return isAlphanumeric(first) }
        let isEdge = { (byte: UInt8) in isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
        return isEdge(first) && isEdge(last) && bytes.allSatisfy { isEdge($0) || $0 == UInt8(ascii: "-") }
    }

    /// Two labels or more of letters, digits and `-`: `^([a-zA-Z0-9]([a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?\.)+…$`.
    private static func isDomain(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count > 1 && labels.allSatisfy { isLabel($0) && !$0.utf8.contains(UInt8(ascii: "_")) }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// `!` to `~`.
    static func isGraphic(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }
}
