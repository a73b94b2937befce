/// How to serve a function. What is left `nil` comes from the configuration.
public struct ServeOptions: Sendable, Hashable {
    /// The address to bind and to register: an IPv4 or IPv6 address or a host name that callers can reach.
    public var host: String?
    /// The port to bind and to register, 0 to 65535; 0 takes any that is free.
    public var port: Int?
    /// How many requests are handled at once, from 1; callers beyond get a 503, which reaches them as `.unreachable`.
    public var concurrency: Int?
    /// Attributes to register with the instance, for filters and weights.
    public var attributes: [String: String] = [:]

    /// Leaves everything to the configuration.
    public init() {}

    /// These options, with what they leave open taken from `defaults`; of attributes of the same name, these win.
    package func completed(from defaults: ServeOptions) -> ServeOptions {
        var options = self
        options.host = host ?? defaults.host
        options.port = port ?? defaults.port
        options.concurrency = concurrency ?? defaults.concurrency
        options.attributes.merge(defaults.attributes) { own, _ in own }
        return options
    }
}
