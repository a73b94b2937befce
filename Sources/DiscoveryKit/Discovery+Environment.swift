internal import Configuration
internal import Foundation
internal import Store

extension Discovery.Configuration {
    /// The settings that the environment asks for:
    ///
    /// | variable | meaning | default |
    /// |---|---|---|
    /// | `DISCOVERY_BACKEND` | `embedded`, or `daemon` | `daemon` with `DISCOVERY_ENDPOINT`, else `embedded` |
    /// | `DISCOVERY_ENDPOINT` | the daemon's URL, as `http://127.0.0.1:4580`; a home is not used then | none |
    /// | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | the key that requests to a daemon are signed with | none: unsigned |
    /// | `AWS_REGION`, `AWS_DEFAULT_REGION` | the region that they are signed for | `us-east-1` |
    /// | `DISCOVERY_HOME` | the home's path | `$XDG_STATE_HOME/discovery`, else `~/.local/state/discovery` |
    /// | `DISCOVERY_HOME_GROUP` | the group that shares a home made now | none: mode 0700 |
    /// | `DISCOVERY_NAMESPACE` | namespace of addresses that name none | `default-$DISCOVERY_ENV`, `default-$ENV`, else `default` |
    /// | `DISCOVERY_ENV` | the environment's name, as `prod` | `ENV`, when that is one label |
    /// | `DISCOVERY_DEADLINE` | seconds for a request, fractions allowed | 30 |
    /// | `DISCOVERY_STRICT_FIFO` | `true`: messages for FIFO queues have to name their group and deduplication | `false` |
    /// | `DISCOVERY_JOURNEYS` | `false`: what happens to messages is not noted | `true` |
    /// | `DISCOVERY_OVERRIDES` | a file of overrides (``Override/read(fileAt:)``) | none |
    ///
    /// Blocks for the disk where a file is named.
    ///
    /// - Throws: `.configuration` for a value that means nothing.
    public static func fromEnvironment() throws(DiscoveryError) -> Self {
        try fromEnvironment(ProcessInfo.processInfo.environment)
    }

    package static func fromEnvironment(_ environment: [String: String]) throws(DiscoveryError) -> Self {
        let reader = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment))
        func text(_ key: ConfigKey) -> String? {
            guard let value = reader.string(forKey: key), !value.isEmpty else { return nil }
            return value
        }
        var configuration = Self()
        configuration.backend = try backend(named: text("discovery.backend"), endpoint: text("discovery.endpoint"), environment) {
            .embedded(home: text("discovery.home") ?? Home.defaultPath(environment: environment), group: text("discovery.home.group"))
        }
        if let namespace = text("discovery.namespace") {
            configuration.namespace = namespace
        } else if let stage = text("discovery.env") ?? text("env").flatMap({ isLabel($0) ? $0 : nil }) {
            configuration.namespace = "default-\(stage)"
        }
        if let deadline = text("discovery.deadline") {
            guard let seconds = Double(deadline), seconds > 0, seconds <= 86_400 else {
                throw DiscoveryError(
                    .configuration,
                    "DISCOVERY_DEADLINE is `\(deadline.excerpt())`, not a number of seconds above 0 and up to 86400. Correct it.")
            }
            configuration.request.deadline = .seconds(seconds)
        }
        func flag(_ key: ConfigKey, _ name: String) throws(DiscoveryError) -> Bool? {
            guard let value = text(key) else { return nil }
            guard let flag = Bool(value.lowercased()) else {
                throw DiscoveryError(.configuration, "\(name) is `\(value.excerpt())`, neither `true` nor `false`. Correct it.")
            }
            return flag
        }
        configuration.isStrictFIFO = try flag("discovery.strict.fifo", "DISCOVERY_STRICT_FIFO") ?? false
        configuration.keepsJourneys = try flag("discovery.journeys", "DISCOVERY_JOURNEYS") ?? true
        if let path = text("discovery.overrides") {
            do throws(DiscoveryError) {
                configuration.overrides += try Override.read(fileAt: path)
            } catch {
                throw DiscoveryError(.configuration, "DISCOVERY_OVERRIDES cannot be used. \(error.message)", cause: error.cause)
            }
        }
        try configuration.check()
        return configuration
    }

    private static func backend(
        named name: String?, endpoint: String?, _ environment: [String: String], embedded: () -> Discovery.Backend
    ) throws(DiscoveryError) -> Discovery.Backend {
        switch (name, endpoint) {
        case (nil, nil), ("embedded", nil): return embedded()
        case (nil, let endpoint?), ("daemon", let endpoint?): return .daemon(endpoint, environment: environment)
        case ("daemon", nil):
            throw DiscoveryError(
                .configuration,
                "DISCOVERY_BACKEND is `daemon`, and DISCOVERY_ENDPOINT does not say where one is. Set it, as to http://127.0.0.1:4580.")
        case ("embedded", _):
            throw DiscoveryError(
                .configuration, "DISCOVERY_BACKEND is `embedded`, and DISCOVERY_ENDPOINT names a daemon. Unset one of them.")
        case (let name?, _):
            throw DiscoveryError(
                .configuration,
                "DISCOVERY_BACKEND is `\(name.excerpt())`; this version knows `embedded` and `daemon`. Unset it, or set it to one of them.")
        }
    }

    /// `ENV` is a name that many programs use for many things: a path or a list in it is not ours.
    private static func isLabel(_ text: String) -> Bool {
        text.utf8.count <= 63
            && text.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "-_".utf8.contains($0)
            }
    }
}
