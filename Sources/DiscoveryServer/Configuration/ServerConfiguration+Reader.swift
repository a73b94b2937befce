package import Configuration
internal import Foundation
internal import Registry
internal import Store

extension ServerConfiguration {
    /// The settings that a daemon knows, by their names in a configuration file; in the environment they are in capitals behind `DISCOVERY_`,
    /// with `_` for the dot.
    ///
    /// | key | meaning | default |
    /// |---|---|---|
    /// | `home` | the home's path | `$XDG_STATE_HOME/discovery`, else `~/.local/state/discovery` |
    /// | `home.group` | the group that shares a home made now | none |
    /// | `listen` | `HOST:PORT`, `[IPV6]:PORT` | `127.0.0.1:4580` |
    /// | `namespace` | namespace of addresses that name none | `default` |
    /// | `region` | region of unsigned requests | `us-east-1` |
    /// | `tls.certificate`, `tls.key` | PEM files | none: plain HTTP |
    /// | `keys` | the file of keys | none |
    /// | `faithful` | AWS's delays, limits and quotas | `false` |
    /// | `quota.namespaces` | of a faithful daemon | 50 |
    /// | `quota.discover.instances` | DiscoverInstances a second, twice as many after a rest | 1000 |
    /// | `quota.discover.instances.revision` | DiscoverInstancesRevision a second | 3000 |
    /// | `health.interval` | seconds from one check of an instance to the next, 1 to 3600; 0: none are made | 10; 30 of a faithful daemon |
    /// | `allow.loopback` | calls to loopback for remote callers | `false` |
    /// | `allow.link.local` | calls to link-local addresses | `false` |
    /// | `maximum.connections` | open connections, 1 to 1,000,000 | 16384 |
    /// | `maximum.calls` | calls of functions in flight by `/_discovery/request` | 1024 |
    /// | `maximum.body` | bytes of one request's body | 6291456 |
    /// | `maximum.body.memory` | bytes of all bodies in work | 268435456 |
    /// | `timeout.header`, `timeout.body` | seconds for a request's headers, and for its body, to come, 1 to 3600 | 10, 60 |
    /// | `timeout.idle` | seconds between the requests of a connection, 1 to 86400 | 60 |
    /// | `drain.timeout` | seconds for requests in work at the end | 30 |
    ///
    /// - Parameters:
    ///   - reader: all its values are texts.
    ///   - whenAllIsRead: called once each setting was asked for, and before they are held against each other.
    /// - Throws: `.configuration` for a value that means nothing; what `whenAllIsRead` throws.
    package init(_ reader: ConfigReader, defaultHome: String, whenAllIsRead: () throws(ServerError) -> Void = {}) throws(ServerError) {
        func text(_ key: ConfigKey) -> String? { reader.string(forKey: key).flatMap { $0.isEmpty ? nil : $0 } }
        func number(_ key: ConfigKey, _ name: String, in range: ClosedRange<Int>, unless value: Int) throws(ServerError) -> Int {
            guard let text = text(key) else { return value }
            guard let number = Int(text), range.contains(number) else {
                throw ServerError(
                    .configuration, "`\(name)` is `\(text)`, not a number from \(range.lowerBound) to \(range.upperBound). Correct it.")
            }
            return number
        }
        func flag(_ key: ConfigKey, _ name: String) throws(ServerError) -> Bool {
            guard let text = text(key) else { return false }
            guard let flag = Bool(text.lowercased()) else {
                throw ServerError(.configuration, "`\(name)` is `\(text)`, neither `true` nor `false`. Correct it.")
            }
            return flag
        }
        self.init(home: text("home") ?? defaultHome)
        homeGroup = text("home.group")
        if let listen = text("listen") { (host, port) = try Self.place(listen) }
        namespace = text("namespace") ?? namespace
        region = text("region") ?? region
        keyFile = text("keys")
        let (certificate, key) = (text("tls.certificate"), text("tls.key"))
        isFaithful = try flag("faithful", "faithful")
        var quotas = faithful.quotas ?? Registry.Quotas()
        quotas.namespaces = try number("quota.namespaces", "quota.namespaces", in: 1...1_000_000, unless: quotas.namespaces)
        let (found, revised) = (quotas.discoverInstances, quotas.discoverInstancesRevision)
        let instances = try number("quota.discover.instances", "quota.discover.instances", in: 1...1_000_000, unless: found.perSecond)
        quotas.discoverInstances = .init(perSecond: instances, burst: 2 * instances)
        let revisions = try number(
            "quota.discover.instances.revision", "quota.discover.instances.revision", in: 1...1_000_000, unless: revised.perSecond)
        quotas.discoverInstancesRevision = .init(perSecond: revisions, burst: revisions)
        faithful.quotas = quotas
        let interval = try number("health.interval", "health.interval", in: 0...3_600, unless: Int(checkInterval.components.seconds))
        healthCheckInterval = .seconds(interval)
        allowsLoopback = try flag("allow.loopback", "allow.loopback")
        allowsLinkLocal = try flag("allow.link.local", "allow.link.local")
        maximumConnections = try number("maximum.connections", "maximum.connections", in: 1...1_000_000, unless: maximumConnections)
        maximumCalls = try number("maximum.calls", "maximum.calls", in: 1...1_000_000, unless: maximumCalls)
        maximumBodySize = try number("maximum.body", "maximum.body", in: 1...(1 << 30), unless: maximumBodySize)
        maximumBodyMemory = try number("maximum.body.memory", "maximum.body.memory", in: 1...(1 << 40), unless: maximumBodyMemory)
        headerTimeout = .seconds(try number("timeout.header", "timeout.header", in: 1...3_600, unless: 10))
        bodyTimeout = .seconds(try number("timeout.body", "timeout.body", in: 1...3_600, unless: 60))
        idleTimeout = .seconds(try number("timeout.idle", "timeout.idle", in: 1...86_400, unless: 60))
        drainTimeout = .seconds(try number("drain.timeout", "drain.timeout", in: 0...86_400, unless: 30))
        try whenAllIsRead()
        switch (certificate, key) {
        case (let certificate?, let key?): tls = TLS(certificate: certificate, key: key)
        case (nil, nil): break
        default: throw ServerError(.configuration, "TLS needs both `tls.certificate` and `tls.key`. Give the other one too.")
        }
        try check()
    }

    /// `HOST:PORT`; an IPv6 address stands in brackets.
    static func place(_ listen: String) throws(ServerError) -> (host: String, port: Int) {
        let fault = ServerError(
            .configuration, "`\(listen)` is no place to listen. Write `HOST:PORT`, such as `127.0.0.1:4580`, or `[::1]:4580`.")
        guard let colon = listen.lastIndex(of: ":"), let port = UInt16(listen[listen.index(after: colon)...]) else { throw fault }
        var host = listen[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") { throw fault }
        guard !host.isEmpty else { throw fault }
        return (String(host), Int(port))
    }

    /// - Throws: `.configuration` for settings that contradict one another.
    package func check() throws(ServerError) {
        guard isLoopback || keyFile != nil else {
            throw ServerError(
                .configuration,
                "\(host) can be reached from other machines, and without keys whoever reaches the daemon may do everything. Name a file of keys with --keys, or listen on 127.0.0.1."
            )
        }
    }
}
