/// How to make one request. What is left `nil` comes from the configuration.
public struct RequestOptions: Sendable, Hashable {
    /// How long the call may take in all, retries included.
    public var deadline: Duration?
    /// Whether doing it twice does no harm: then it is also retried when it may have been done already, as after a 500, a 502 or a 504, a
    /// connection lost after bytes were sent, or a late reply.
    public var isIdempotent: Bool?
    /// HTTP headers to send along, besides the configured ones; of the same name, in whatever case, these win.
    public var headers: [String: String] = [:]

    /// Leaves everything to the configuration.
    public init() {}

    /// These options, with what they leave open taken from `defaults`.
    package func completed(from defaults: RequestOptions) -> RequestOptions {
        var options = self
        options.deadline = deadline ?? defaults.deadline
        options.isIdempotent = isIdempotent ?? defaults.isIdempotent
        let names = Set(headers.keys.map { $0.lowercased() })
        for (name, value) in defaults.headers where !names.contains(name.lowercased()) { options.headers[name] = value }
        return options
    }
}
