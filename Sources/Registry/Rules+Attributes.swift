internal import Foundation

extension Rules {
    static let ipv4 = "AWS_INSTANCE_IPV4"
    static let ipv6 = "AWS_INSTANCE_IPV6"
    static let port = "AWS_INSTANCE_PORT"
    private static let cname = "AWS_INSTANCE_CNAME"
    static let alias = "AWS_ALIAS_DNS_NAME"
    private static let ec2 = "AWS_EC2_INSTANCE_ID"
    private static let initialHealth = "AWS_INIT_HEALTH_STATUS"

    /// An instance's attributes: number, sizes and characters, and what the service's records and checks need. RegisterInstance.
    static func check(
        attributes: Registry.Attributes, for service: Registry.Service.Configuration, in namespace: Registry.Namespace.Kind
    ) throws(RegistryError) {
        try checkSizes(attributes)
        try checkNeeds(attributes, for: service, in: namespace)
    }

    /// The half that depends on the service.
    static func checkNeeds(
        _ attributes: Registry.Attributes, for service: Registry.Service.Configuration, in namespace: Registry.Namespace.Kind
    ) throws(RegistryError) {
        try checkReserved(attributes, service, namespace)
        let hasAlias = attributes[alias] != nil
        func need(_ key: String, because reason: String) throws(RegistryError) {
            guard attributes[key] != nil else { throw invalid("The attribute \(key) is missing: \(reason).") }
        }
        if let records = service.dns?.records, !hasAlias {
            if records[.a] != nil { try need(ipv4, because: "the service has A records") }
            if records[.aaaa] != nil { try need(ipv6, because: "the service has AAAA records") }
            if records[.cname] != nil { try need(cname, because: "the service has CNAME records") }
            if records[.srv] != nil {
                try need(port, because: "the service has SRV records")
                guard attributes[ipv4] != nil || attributes[ipv6] != nil else {
                    throw invalid("\(ipv4) or \(ipv6) is missing: the service has SRV records.")
                }
            }
        }
        if service.healthCheck != nil, !hasAlias { try need(port, because: "the service has a health check") }
    }

    /// The health that a new instance starts with.
    static func initialHealth(_ attributes: Registry.Attributes, for service: Registry.Service.Configuration) -> Registry.Health {
        guard service.hasHealth else { return .unknown }
        return attributes[initialHealth] == "UNHEALTHY" ? .unhealthy : .healthy
    }

    /// How long a registration lives without being renewed, in seconds; `nil` when it is for good.
    static func heartbeat(_ attributes: Registry.Attributes) throws(RegistryError) -> Int? {
        guard let text = attributes[Registry.Heartbeat.attribute] else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int(text), Registry.Heartbeat.seconds.contains(seconds)
        else {
            throw invalid("\(Registry.Heartbeat.attribute) is 1 to 86400 seconds, not \(quoted(text)).")
        }
        return seconds
    }

    /// The half that does not.
    ///
    /// - Returns: whether any key is reserved.
    @discardableResult
    package static func checkSizes(_ attributes: Registry.Attributes) throws(RegistryError) -> Bool {
        var total = 0
        var custom = 0
        for pair in attributes.pairs {
            let (key, value) = (pair.key, pair.value)
            total += key.utf8.count + value.utf8.count
            if !isReserved(key) { custom += 1 }
            guard isAttributeKey(key) else {
                throw invalid("An attribute's key has 1 to 255 visible ASCII characters; \(quoted(key)) does not fit.")
            }
            guard isAttributeValue(value) else {
                throw invalid(
                    "An attribute's value has up to 1,024 visible ASCII characters, spaces and tabs, and starts with neither; that of \(quoted(key)) does not fit."
                )
            }
        }
        guard custom <= 30 else { throw invalid("An instance has at most 30 attributes of its own, this one has \(custom).") }
        guard total <= 5_000 else {
            throw invalid("All keys and values of an instance have at most 5,000 characters together, these have \(total).")
        }
        return custom < attributes.count
    }

    /// What is asked of DiscoverInstances.
    package static func check(_ selection: Registry.Selection, limit: Int) throws(RegistryError) {
        guard (1...1_000).contains(limit) else { throw invalid("A result has 1 to 1,000 instances, not \(limit).") }
        for parameters in [selection.required, selection.preferred] {
            for (key, value) in parameters {
                guard isAttributeKey(key), isAttributeValue(value) else {
                    throw invalid(
                        "A parameter has a key of 1 to 255 and a value of at most 1,024 visible ASCII characters; \(quoted(key)) does not fit."
                    )
                }
            }
        }
    }

    private static func isAttributeKey(_ key: String) -> Bool { (1...255).contains(key.utf8.count) && TextScan.isGraphic(key) }

    /// Spaces and tabs are allowed too, but not at its beginning.
    private static func isAttributeValue(_ value: String) -> Bool {
        value.utf8.count <= 1_024 && value.utf8.first.map(isGraphic) ?? true
            && TextScan.isGraphicOrBlank(value)
    }

    /// Whether a key is one of those that mean something to AWS. By bytes, as every registration asks.
    package static func isReserved(_ key: String) -> Bool { key.utf8.first == UInt8(ascii: "A") && key.hasPrefix("AWS_") }

    private static func checkReserved(
        _ attributes: Registry.Attributes, _ service: Registry.Service.Configuration, _ namespace: Registry.Namespace.Kind
    ) throws(RegistryError) {
        for pair in attributes.pairs where isReserved(pair.key) {
            let (key, value) = (pair.key, pair.value)
            switch key {
            case ipv4: guard isAddress(value, AF_INET) else { throw invalid("\(key) is an IPv4 address, not \(quoted(value)).") }
            case ipv6: guard isAddress(value, AF_INET6) else { throw invalid("\(key) is an IPv6 address, not \(quoted(value)).") }
            case port:
                guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(value), port <= 65_535 else {
                    throw invalid("\(key) is 0 to 65535, not \(quoted(value)).")
                }
            case cname: guard !value.isEmpty else { throw invalid("\(key) is a host name.") }
            case initialHealth:
                guard value == "HEALTHY" || value == "UNHEALTHY" else {
                    throw invalid("\(key) is HEALTHY or UNHEALTHY, not \(quoted(value)).")
                }
                guard service.hasCustomHealth else { throw invalid("\(key) needs a service with custom health.") }
            case alias:
                guard let dns = service.dns, dns.routing == .weighted, dns.records[.a] != nil || dns.records[.aaaa] != nil else {
                    throw invalid("\(key) needs a service with A or AAAA records and the routing policy WEIGHTED.")
                }
                guard !attributes.pairs.contains(where: { $0.key.hasPrefix("AWS_INSTANCE_") }) else {
                    throw invalid("\(key) excludes all AWS_INSTANCE_ attributes.")
                }
            case ec2:
                // Cloud Map looks the instance's address up. There is no EC2 here to ask, and an invented address would be wrong: whoever
                // knows it gives AWS_INSTANCE_IPV4 as well, which Cloud Map refuses; otherwise there is none.
                guard namespace == .http else { throw invalid("\(key) is for HTTP namespaces only.") }
                guard attributes.pairs.map(\.key).allSatisfy({ !isReserved($0) || $0 == ec2 || $0 == initialHealth || $0 == ipv4 }) else {
                    throw invalid("Beside \(key) only AWS_INIT_HEALTH_STATUS and AWS_INSTANCE_IPV4 may be given.")
                }
            default: throw invalid("\(quoted(key)): keys that start with AWS_ are reserved.")
            }
        }
    }

    private static func isAddress(_ text: String, _ family: Int32) -> Bool {
        var address = in6_addr()
        return inet_pton(family, text, &address) == 1
    }
}
