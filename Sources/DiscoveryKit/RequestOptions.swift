/// How to make one request. What is left `nil` comes from the configuration.
public struct RequestOptions: Sendable, Hashable {
    /// How long the call may take in all; at most a year.
    public var deadline: Duration?
    /// Whether doing it twice does no harm, so that the call may be tried again when it may have been done already. This version tries
    /// nothing again by itself.
    public var isIdempotent: Bool?
    /// HTTP headers to send along, besides the configured ones; of the same name, in whatever case, these win.
    public var headers: [String: String] = [:]

    /// Leaves everything to the configuration.
    public init() {}

    /// Where not even the configuration says.
    static let defaultDeadline = Duration.seconds(30)

    /// These options, with what they leave open taken from `defaults`.
    package func completed(from defaults: RequestOptions) -> RequestOptions {
        var options = self
        // Neither endless, as nobody would notice, nor beyond what timers can count.
        options.deadline = min(deadline ?? defaults.deadline ?? Self.defaultDeadline, .seconds(365 * 86_400))
        options.isIdempotent = isIdempotent ?? defaults.isIdempotent
        let names = Set(headers.keys.map { $0.lowercased() })
        for (name, value) in defaults.headers where !names.contains(name.lowercased()) { options.headers[name] = value }
        return options
    }
}
