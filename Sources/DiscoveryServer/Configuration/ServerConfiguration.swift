package import Logging
package import Registry

/// How a daemon behaves. Every default is here.
package struct ServerConfiguration: Sendable {
    /// The home that is served: its path.
    package var home: String
    /// The group that shares the home, if it is made now.
    package var homeGroup: String?
    /// A literal address, or a name of this machine. Beyond loopback only with keys.
    package var host: String
    /// 0 lets the system choose.
    package var port: Int
    /// The namespace of addresses that name none.
    package var namespace: String
    /// The region of what is asked without one: unsigned requests.
    package var region: String
    /// Certificate chain and private key, PEM files that are read again when they change; plain HTTP without.
    package var tls: TLS?
    /// The file of keys, read again when it changes; without one whoever reaches the daemon may do everything.
    package var keyFile: String?
    /// AWS's delays, limits and quotas; otherwise everything happens at once and nothing but the disk is the limit.
    package var isFaithful: Bool
    /// What faithful means: delays, and quotas as an account has them unless it asked for others.
    package var faithful: Registry.Fidelity
    /// From one check of an instance over the network to the next, where its service has such checks; `nil` for 10 s, and 30 s, as Route 53's,
    /// of a faithful daemon; zero for none.
    package var healthCheckInterval: Duration?
    /// Whether calls are also made to this machine's loopback addresses for callers that are on another machine.
    package var allowsLoopback: Bool
    /// Whether calls are also made to link-local addresses, where clouds keep their machines' credentials.
    package var allowsLinkLocal: Bool
    package var maximumConnections: Int
    /// Calls of functions in flight for those who ask by `/_discovery/request`: each may hold an answer of 6 MiB.
    package var maximumCalls: Int
    /// Bytes of one request's body.
    package var maximumBodySize: Int
    /// Bytes of all bodies in work.
    package var maximumBodyMemory: Int
    /// From a request's first byte to the end of its headers.
    package var headerTimeout: Duration
    /// From there to the end of its body.
    package var bodyTimeout: Duration
    /// Between the requests of a connection.
    package var idleTimeout: Duration
    /// For requests in work when the daemon is told to end; what takes longer is cut.
    package var drainTimeout: Duration
    package var logger: Logger

    package struct TLS: Sendable, Hashable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package init(home: String, logger: Logger = Logger(label: "discoveryd")) {
        self.home = home
        homeGroup = nil
        host = "127.0.0.1"
        port = 4_580
        namespace = "default"
        region = "us-east-1"
        tls = nil
        keyFile = nil
        isFaithful = false
        faithful = .faithful
        healthCheckInterval = nil
        allowsLoopback = false
        allowsLinkLocal = false
        maximumConnections = 16_384
        maximumCalls = 1_024
        maximumBodySize = 6 << 20
        maximumBodyMemory = 256 << 20
        headerTimeout = .seconds(10)
        bodyTimeout = .seconds(60)
        idleTimeout = .seconds(60)
        drainTimeout = .seconds(30)
        self.logger = logger
    }

    /// The settings as they took effect, one a line, by their names in a configuration file. No secrets are among them.
    package var summary: String {
        [
            "home: \(home)", "listen: \(host.contains(":") ? "[\(host)]" : host):\(port)", "namespace: \(namespace)", "region: \(region)",
            "keys: \(keyFile ?? "none: everybody on this machine may do everything")",
            "tls.certificate: \(tls?.certificate ?? "none: plain HTTP")", "faithful: \(isFaithful)",
            "health.interval: \(checkInterval.components.seconds)", "allow.loopback: \(allowsLoopback)",
            "allow.link.local: \(allowsLinkLocal)", "maximum.connections: \(maximumConnections)", "maximum.calls: \(maximumCalls)",
            "maximum.body: \(maximumBodySize)",
            "maximum.body.memory: \(maximumBodyMemory)", "timeout.header: \(headerTimeout.components.seconds)",
            "timeout.body: \(bodyTimeout.components.seconds)", "timeout.idle: \(idleTimeout.components.seconds)",
            "drain.timeout: \(drainTimeout.components.seconds)",
        ].joined(separator: "\n")
    }

    var checkInterval: Duration { healthCheckInterval ?? (isFaithful ? .seconds(30) : .seconds(10)) }

    /// Whether only this machine can reach the daemon.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }
}

/// Why a daemon cannot begin, in one sentence that says what to do.
package struct ServerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable { case configuration, cannotListen, isServed, homeUnusable }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
