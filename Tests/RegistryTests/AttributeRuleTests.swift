import Testing

@testable import Registry

/// Which attributes an instance may and must have, and which configurations a service.
struct AttributeRuleTests {
    private typealias Configuration = Registry.Service.Configuration

    private func isRefused(
        _ attributes: [String: String], _ service: Configuration = .init(), _ kind: Registry.Namespace.Kind = .http
    ) -> Bool {
        do { try Rules.check(attributes: .init(attributes), for: service, in: kind) } catch { return error.code == .invalidInput }
        return false
    }

    private func isRefused(_ configuration: Configuration, _ kind: Registry.Namespace.Kind) -> Bool {
        do { try Rules.check(configuration, in: kind) } catch { return error.code == .invalidInput }
        return false
    }

    @Test func `an instance has at most thirty attributes of its own and five thousand characters in all`() {
        let thirty = Dictionary(uniqueKeysWithValues: (0..<30).map { ("key\($0)", "v") })
        #expect(!isRefused(thirty))
        #expect(!isRefused(thirty.merging(["AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "80"]) { $1 }))
        #expect(isRefused(thirty.merging(["more": ""]) { $1 }))
        // 4 × (1 + 1,024) + 900 = 5,000.
        var full = ["a": 1_024, "b": 1_024, "c": 1_024, "d": 1_024].mapValues { String(repeating: "x", count: $0) }
        full["e"] = String(repeating: "x", count: 899)
        #expect(full.reduce(0) { $0 + $1.key.count + $1.value.count } == 5_000 && !isRefused(full))
        full["e"]?.append("x")
        #expect(isRefused(full))
    }

    @Test func `keys are 1 to 255 visible characters, values up to 1,024 with spaces and tabs inside`() {
        for key in ["a", "a!b~", "key-1", String(repeating: "k", count: 255)] { #expect(!isRefused([key: "v"]), "\(key)") }
        for key in ["", " ", "a b", "ä", "a\0", "a\n", "\t", String(repeating: "k", count: 256)] {
            #expect(isRefused([key: "v"]), "\(key)")
        }
        for value in ["", "v", "a b\tc", "a ", "{\"a\":1}", String(repeating: "v", count: 1_024)] {
            #expect(!isRefused(["k": value]), "\(value)")
        }
        for value in [" a", "\ta", "a\nb", "ä", "a\0", "a\u{7F}", String(repeating: "v", count: 1_025)] {
            #expect(isRefused(["k": value]), "\(value)")
        }
    }

    @Test func `reserved attributes are what they say`() {
        let good: [(String, [String])] = [
            ("AWS_INSTANCE_IPV4", ["0.0.0.0", "127.0.0.1", "255.255.255.255"]),
            ("AWS_INSTANCE_IPV6", ["::1", "2001:db8::1", "::ffff:1.2.3.4"]),
            ("AWS_INSTANCE_PORT", ["0", "80", "65535"]), ("AWS_INSTANCE_CNAME", ["example.com"]), ("AWS_EC2_INSTANCE_ID", ["i-1"]),
        ]
        let bad: [(String, [String])] = [
            ("AWS_INSTANCE_IPV4", ["", "1.2.3", "256.1.1.1", "::1", "localhost", "1.2.3.4.5", "1.2.3.4 "]),
            ("AWS_INSTANCE_IPV6", ["", "1.2.3.4", ":::", "fe80::1%eth0", "[::1]"]),
            ("AWS_INSTANCE_PORT", ["", "-1", "65536", "http", "8 0", "0x50", "80.0", "+80", "-0", "99999999999999999999"]),
            ("AWS_INSTANCE_CNAME", [""]), ("AWS_SOMETHING", ["x"]), ("AWS_", ["x"]), ("AWS_INIT_HEALTH_STATUS", ["HEALTHY"]),
            ("AWS_ALIAS_DNS_NAME", ["example.com"]),
        ]
        for (key, values) in good { for value in values { #expect(!isRefused([key: value]), "\(key)=\(value)") } }
        for (key, values) in bad { for value in values { #expect(isRefused([key: value]), "\(key)=\(value)") } }
        #expect(!isRefused(["aws_something": "x", "AWSX": "x"]))
    }

    @Test func `each type of record needs its attributes`() {
        let ipv4 = ["AWS_INSTANCE_IPV4": "10.0.0.1"]
        let ipv6 = ["AWS_INSTANCE_IPV6": "::1"]
        let port = ["AWS_INSTANCE_PORT": "80"]
        let cname = ["AWS_INSTANCE_CNAME": "example.com"]
        func all(_ parts: [String: String]...) -> [String: String] { parts.reduce(into: [:]) { $0.merge($1) { $1 } } }
        typealias Records = [Registry.DNSConfiguration.Record: Int]
        let cases: [(Records, good: [[String: String]], bad: [[String: String]])] = [
            ([.a: 60], [ipv4, all(ipv4, ipv6, port)], [[:], ipv6, port, cname]),
            ([.aaaa: 60], [ipv6, all(ipv4, ipv6)], [[:], ipv4]),
            ([.a: 60, .aaaa: 60], [all(ipv4, ipv6)], [[:], ipv4, ipv6]),
            ([.srv: 60], [all(ipv4, port), all(ipv6, port), all(ipv4, ipv6, port)], [[:], port, ipv4, all(ipv4, ipv6)]),
            ([.cname: 60], [cname], [[:], ipv4]),
        ]
        for (records, good, bad) in cases {
            let service = Configuration(dns: .init(records: records, routing: .weighted))
            for attributes in good { #expect(!isRefused(attributes, service, .privateDNS), "\(records) \(attributes)") }
            for attributes in bad { #expect(isRefused(attributes, service, .privateDNS), "\(records) \(attributes)") }
        }
        let checked = Configuration(healthCheck: .init(kind: .tcp))
        #expect(isRefused([:], checked) && isRefused(ipv4, checked) && !isRefused(port, checked))
    }

    @Test func `an alias needs weighted A or AAAA records and excludes all of an instance's own`() {
        let alias = ["AWS_ALIAS_DNS_NAME": "lb.example.com"]
        func service(_ records: [Registry.DNSConfiguration.Record: Int], _ routing: Registry.DNSConfiguration.Routing) -> Configuration {
            Configuration(dns: .init(records: records, routing: routing))
        }
        #expect(!isRefused(alias, service([.a: 1], .weighted), .privateDNS))
        #expect(!isRefused(alias, service([.a: 1, .aaaa: 1], .weighted), .publicDNS))
        #expect(!isRefused(alias.merging(["own": "x"]) { $1 }, service([.a: 1], .weighted), .privateDNS))
        #expect(isRefused(alias, service([.a: 1], .multivalue), .privateDNS))
        #expect(isRefused(alias, service([.srv: 1], .weighted), .privateDNS))
        #expect(isRefused(alias.merging(["AWS_INSTANCE_IPV4": "1.2.3.4"]) { $1 }, service([.a: 1], .weighted), .privateDNS))
        #expect(isRefused(alias.merging(["AWS_INSTANCE_PORT": "1"]) { $1 }, service([.a: 1], .weighted), .privateDNS))
        var checked = service([.a: 1], .weighted)
        checked.healthCheck = .init(kind: .http)
        #expect(!isRefused(alias, checked, .publicDNS))
    }

    @Test func `an EC2 instance is for HTTP namespaces and comes with little else`() {
        let custom = Configuration(hasCustomHealth: true)
        let ec2 = ["AWS_EC2_INSTANCE_ID": "i-1"]
        #expect(!isRefused(ec2) && !isRefused(ec2.merging(["AWS_INIT_HEALTH_STATUS": "UNHEALTHY", "own": "x"]) { $1 }, custom))
        #expect(isRefused(ec2, .init(), .privateDNS))
        #expect(isRefused(ec2.merging(["AWS_INSTANCE_PORT": "1"]) { $1 }))
    }

    @Test func `the first health is told by an attribute where health is custom`() {
        let custom = Configuration(hasCustomHealth: true)
        let checked = Configuration(healthCheck: .init(kind: .tcp))
        #expect(!isRefused(["AWS_INIT_HEALTH_STATUS": "UNHEALTHY"], custom))
        #expect(isRefused(["AWS_INIT_HEALTH_STATUS": "unhealthy"], custom) && isRefused(["AWS_INIT_HEALTH_STATUS": "UNKNOWN"], custom))
        #expect(isRefused(["AWS_INIT_HEALTH_STATUS": "HEALTHY", "AWS_INSTANCE_PORT": "1"], checked))
        #expect(Rules.initialHealth(["AWS_INIT_HEALTH_STATUS": "UNHEALTHY"], for: custom) == .unhealthy)
        #expect(Rules.initialHealth([:], for: custom) == .healthy)
        #expect(Rules.initialHealth([:], for: checked) == .healthy)
        #expect(Rules.initialHealth(["AWS_INIT_HEALTH_STATUS": "UNHEALTHY"], for: .init()) == .unknown)
    }

    @Test func `a service's records come in five sets, with times to live in range`() {
        typealias Records = [Registry.DNSConfiguration.Record: Int]
        let good: [Records] = [[.a: 60], [.aaaa: 0], [.a: 1, .aaaa: 2_147_483_647], [.srv: 60], [.cname: 60]]
        let bad: [Records] = [
            [:], [.a: 1, .srv: 1], [.a: 1, .cname: 1], [.srv: 1, .cname: 1], [.aaaa: 1, .srv: 1], [.a: 1, .aaaa: 1, .srv: 1], [.a: -1],
            [.a: 2_147_483_648],
        ]
        for records in good {
            #expect(!isRefused(Configuration(dns: .init(records: records, routing: .weighted)), .privateDNS), "\(records)")
        }
        for records in bad {
            #expect(isRefused(Configuration(dns: .init(records: records, routing: .weighted)), .privateDNS), "\(records)")
        }
        #expect(isRefused(Configuration(dns: .init(records: [.a: 60])), .http))
        #expect(isRefused(Configuration(dns: .init(records: [.cname: 60], routing: .multivalue)), .privateDNS))
        #expect(
            isRefused(Configuration(dns: .init(records: [.cname: 60], routing: .weighted), healthCheck: .init(kind: .http)), .publicDNS))
    }

    @Test func `a service has a health check or custom health, and checks are for HTTP and public DNS namespaces`() {
        let tcp = Registry.HealthCheck(kind: .tcp)
        #expect(!isRefused(Configuration(healthCheck: tcp), .http) && !isRefused(Configuration(healthCheck: tcp), .publicDNS))
        #expect(isRefused(Configuration(healthCheck: tcp), .privateDNS))
        #expect(isRefused(Configuration(healthCheck: tcp, hasCustomHealth: true), .http))
        #expect(!isRefused(Configuration(hasCustomHealth: true), .privateDNS))
        for threshold in [0, 11, -1] { #expect(isRefused(Configuration(healthCheck: .init(kind: .http, threshold: threshold)), .http)) }
        for threshold in [1, 10] { #expect(!isRefused(Configuration(healthCheck: .init(kind: .https, threshold: threshold)), .http)) }
        #expect(isRefused(Configuration(healthCheck: .init(kind: .tcp, path: "/")), .http))
        #expect(isRefused(Configuration(healthCheck: .init(kind: .http, path: "/" + String(repeating: "p", count: 255))), .http))
        #expect(!isRefused(Configuration(healthCheck: .init(kind: .http, path: "/" + String(repeating: "p", count: 254))), .http))
        #expect(isRefused(Configuration(description: String(repeating: "d", count: 1_025)), .http))
    }
}
