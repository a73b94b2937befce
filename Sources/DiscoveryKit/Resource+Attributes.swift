package import Registry

extension Resource {
    /// Reads what an instance's attributes say.
    ///
    /// The location is the first present of `rid`, `arn`, `url`, `id` (`url` comes before `arn` for a queue); without any,
    /// `scheme://host:port/path` of `AWS_INSTANCE_IPV4`, `AWS_INSTANCE_IPV6` or `AWS_INSTANCE_CNAME`, in this order, `AWS_INSTANCE_PORT`,
    /// `scheme` (else `http`) and `path`. The kind is what `type` says, else what the location implies. An empty attribute is absent.
    ///
    /// - Returns: the resource, and a sentence for each contradiction among the attributes, for the caller to warn about once.
    /// - Throws: `.unsupported` for a type, or without a type a location, of no known kind; `.invalid` when there is no location, nothing
    ///   to tell the kind by, or a host, port, scheme or path that none can be.
    package static func resource(from attributes: [String: String]) throws(DiscoveryError) -> (resource: Resource, conflicts: [String]) {
        var declared: Kind?
        if let type = present("type", in: attributes) {
            declared = Kind(type: type)
            if declared == nil {
                throw DiscoveryError(
                    .unsupported,
                    "The instance has the type `\(type.excerpt())`, which is none of: \(Kind.accepted). Register it again with one of "
                        + "these.")
            }
        }
        guard let location = try location(from: attributes, kind: declared) else {
            throw DiscoveryError(
                .invalid,
                "The instance does not say where it is; it has \(listed(attributes)). Register it again with one of the attributes "
                    + "`arn`, `url`, `id` and `rid`, or with `AWS_INSTANCE_IPV4` and `AWS_INSTANCE_PORT`.")
        }
        let shape = Location(location)
        // What the first identifier says, also where a queue's URL is then preferred to it: by itself that may be anything's.
        let said = identifiers(for: nil).lazy.compactMap { present($0, in: attributes) }.first ?? location
        let implied = Kind(impliedBy: Location(said))
        guard let kind = declared ?? implied else {
            let advice = "Register it again with the attribute `type`, one of: \(Kind.accepted)."
            switch shape {
            case .arn(let service):
                throw DiscoveryError(
                    .unsupported, "The instance has no `type`, and its ARN's service `\(service.excerpt())` implies none. \(advice)")
            case .url(let scheme, _):
                throw DiscoveryError(
                    .unsupported, "The instance has no `type`, and its URL's scheme `\(scheme.excerpt())` implies none. \(advice)")
            case .name:
                throw DiscoveryError(
                    .invalid, "The instance has no `type`, and a bare name implies none; it has \(listed(attributes)). \(advice)")
            }
        }
        var conflicts = conflicts(among: attributes, chosen: location, kind: kind)
        if let declared, let implied, case .arn = shape, declared != implied {
            conflicts.append(
                "It is registered as a \(declared), but `\(location.excerpt())` is a \(implied)'s ARN. Correct `type` or the ARN.")
        }
        return (Resource(kind, at: location, attributes: attributes), conflicts)
    }

    /// Whether the instance says no more than a host and a port: such instances of one service are replicas of each other.
    package var isHostAndPort: Bool {
        Self.identifiers(for: kind).allSatisfy { Self.present($0, in: attributes) == nil }
            && Self.hosts.contains { Self.present($0, in: attributes) != nil }
    }

    /// The attributes to register, from which ``resource(from:)`` reads the same kind and location: `type`, and `url`, `arn` or `id` by the
    /// location's shape. A location that the attributes say already, as of a host and a port, is left as they say it.
    package var registrationAttributes: Registry.Attributes {
        // Most say nothing of kind and place yet.
        guard attributes.keys.contains(where: Self.saysSomething) else {
            var registration = Registry.Attributes(attributes)
            registration.insert(kind.type, for: "type")
            registration.insert(location, for: Location.attribute(saying: location))
            return registration
        }
        var registration = attributes
        if Self.present("type", in: attributes).flatMap(Kind.init(type:)) != kind { registration["type"] = kind.type }
        // An attribute nobody can read says nothing.
        if let said = try? Self.location(from: attributes, kind: kind), said == location { return Registry.Attributes(registration) }
        for identifier in Self.identifiers(for: kind) { registration[identifier] = nil }
        registration[Location.attribute(saying: location)] = location
        return Registry.Attributes(registration)
    }

    // MARK: Location

    /// Whether a key takes part in saying what and where a resource is.
    private static func saysSomething(_ key: String) -> Bool {
        switch key {
        case "type", "rid", "arn", "url", "id": true
        default: Rules.isReserved(key)
        }
    }

    private static let hosts = ["AWS_INSTANCE_IPV4", "AWS_INSTANCE_IPV6", "AWS_INSTANCE_CNAME"]

    private static func identifiers(for kind: Kind?) -> [String] {
        kind == .queue ? ["rid", "url", "arn", "id"] : ["rid", "arn", "url", "id"]
    }

    /// `nil` when nothing says where the instance is. Without a declared kind, an ARN or URL that is a queue's counts as one.
    private static func location(from attributes: [String: String], kind: Kind?) throws(DiscoveryError) -> String? {
        func first(for kind: Kind?) -> String? {
            identifiers(for: kind).lazy.compactMap { present($0, in: attributes) }.first
        }
        guard let found = first(for: kind) else { return try endpoint(from: attributes) }
        return kind == nil && Kind(impliedBy: Location(found)) == .queue ? first(for: .queue) : found
    }

    private static func endpoint(from attributes: [String: String]) throws(DiscoveryError) -> String? {
        guard let key = hosts.first(where: { present($0, in: attributes) != nil }), let host = attributes[key] else { return nil }
        guard isHost(host, in: key) else { throw unreadable(key, host, expected: "a host of that kind") }
        let scheme = present("scheme", in: attributes) ?? "http"
        guard isScheme(scheme) else { throw unreadable("scheme", scheme, expected: "a URL's scheme such as `http`") }
        var authority = key == "AWS_INSTANCE_IPV6" ? "[\(host)]" : host
        if let port = present("AWS_INSTANCE_PORT", in: attributes) {
            guard let number = UInt16(port), number > 0 else {
                throw unreadable("AWS_INSTANCE_PORT", port, expected: "a number from 1 to 65535")
            }
            authority += ":\(number)"
        }
        let path = present("path", in: attributes) ?? ""
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw unreadable("path", path, expected: "a URL's path, percent-encoded")
        }
        return "\(scheme)://\(authority)\(path.isEmpty || path.hasPrefix("/") ? "" : "/")\(path)"
    }

    /// Whether a host can go into a URL and be nothing but its host; whether it exists is for the network to say.
    private static func isHost(_ host: String, in key: String) -> Bool {
        switch key {
        case "AWS_INSTANCE_IPV4":
            let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
            return numbers.count == 4 && numbers.allSatisfy { $0.utf8.allSatisfy(isDigit) && UInt8($0) != nil }
        case "AWS_INSTANCE_IPV6":
            return host.utf8.count(where: { $0 == UInt8(ascii: ":") }) >= 2
                && host.utf8.allSatisfy { isDigit($0) || "abcdefABCDEF:.".utf8.contains($0) }
        default:
            return host.utf8.count <= 253 && host.utf8.allSatisfy { isDigit($0) || isLetter($0) || "-._".utf8.contains($0) }
        }
    }

    // MARK: Sentences

    private static func conflicts(among attributes: [String: String], chosen: String, kind: Kind) -> [String] {
        identifiers(for: kind).compactMap { key in
            guard let other = present(key, in: attributes), other != chosen, name(at: other) != name(at: chosen) else { return nil }
            return
                "Its attribute `\(key)` says `\(other.excerpt())`, but `\(chosen.excerpt())` comes first and is used. Remove one of them."
        }
    }

    private static func unreadable(_ key: String, _ value: String, expected: String) -> DiscoveryError {
        DiscoveryError(
            .invalid, "The instance's attribute `\(key)` is `\(value.excerpt())`, not \(expected). Register it again with one that is.")
    }

    private static func listed(_ attributes: [String: String]) -> String {
        let keys = attributes.keys.sorted()
        guard !keys.isEmpty else { return "no attributes" }
        return "the attributes " + keys.prefix(12).map { "`\($0.excerpt())`" }.joined(separator: ", ") + (keys.count > 12 ? ", …" : "")
    }

    private static func present(_ key: String, in attributes: [String: String]) -> String? {
        guard let value = attributes[key], !value.isEmpty else { return nil }
        return value
    }
}
