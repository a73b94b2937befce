/// How to make one request. What is left `nil` comes from the configuration.
public struct RequestOptions: Sendable, Hashable {
    /// How long the call may take in all; at most a year.
    public var deadline: Duration?
    /// Whether doing it twice does no harm, so that the call may be tried again when it may have been done already.
    public var isIdempotent: Bool?
    /// HTTP headers to send along, besides the configured ones; of the same name, in whatever case, these win.
    public var headers: [String: String] = [:]

    /// Leaves everything to the configuration.
    public init() {}

    /// Where not even the configuration says.
    static let defaultDeadline = Duration.seconds(30)
    /// What timers can count.
    static let longestDeadline = Duration.seconds(365 * 86_400)

    /// The headers to send, by lower-case name, those of `defaults` included.
    func headers(over defaults: RequestOptions) -> [String: String] {
        if headers.isEmpty && defaults.headers.isEmpty { return [:] }
        func lowercased(_ headers: [String: String]) -> [String: String] {
            Dictionary(headers.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        return lowercased(headers).merging(lowercased(defaults.headers)) { own, _ in own }
    }
}
