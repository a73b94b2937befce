public import Foundation

/// Sends the calls of some addresses elsewhere, or lets them fail or wait, without touching what is registered.
///
/// ```swift
/// configuration.overrides = [
///     Override("ais.scheduler->get-job", .redirect(to: "http://127.0.0.1:8080/")),
///     try Override("ais.users", .reply(json: User(id: 7)), .delayed(.milliseconds(200))),
///     Override("billing.*", .failing(rate: 0.1), until: .now + 3_600, note: "load test"),
/// ]
/// ```
///
/// At most one of ``redirect``, ``home`` and ``reply`` says where calls go; ``failureRate`` and ``delay`` go with any of them, or alone.
/// Where an address leads by an override is final: no other is applied to it. For this process, overrides are in the configuration or in
/// the file that `DISCOVERY_OVERRIDES` names; for all that share a home, ``Discovery/override(_:)-swift.method`` keeps them there.
///
/// As JSON, in the file, in the home and on the command line, `pattern` and one action at least:
///
/// ```json
/// {"pattern": "ais.*", "redirect": "http://127.0.0.1:8080/", "delay": 0.2, "failureRate": 0.1,
///  "expires": "2026-01-02T03:04:05Z", "note": "load test"}
/// {"pattern": "ais.*", "home": "/var/lib/discovery"}
/// {"pattern": "ais.*", "reply": {"status": 200, "body": {"id": 7}}}
/// {"pattern": "ais.*", "reply": {"status": 503, "text": "busy", "contentType": "text/plain"}}
/// ```
public struct Override: Sendable, Hashable {
    /// Which addresses are meant.
    public var pattern: AddressPattern
    /// Where calls go instead: an `http:` or `https:` URL, or another address.
    public var redirect: String?
    /// The home in whose registry addresses are looked up instead: an absolute path.
    public var home: String?
    /// What calls are answered with: nobody is called.
    public var reply: Reply?
    /// The share of calls that fail with `.unreachable`, from 0 to 1.
    public var failureRate: Double?
    /// How long a call waits before it is made, within its deadline; at most an hour.
    public var delay: Duration?
    /// From when on the override counts no more; `nil` for one that stays until it is removed.
    public var expires: Date?
    /// Why it is there, for whoever finds it; at most ``maximumNoteLength`` bytes.
    public var note: String?

    /// The most bytes of UTF-8 a note may have: 1,024.
    public static let maximumNoteLength = 1_024
    /// The longest a call may be made to wait: an hour.
    public static let maximumDelay = Duration.seconds(3_600)

    /// Makes an override. It is checked where it is used; of the same action given twice the last counts.
    public init(_ pattern: AddressPattern, _ actions: Action..., until expires: Date? = nil, note: String? = nil) {
        self.pattern = pattern
        self.expires = expires
        self.note = note
        for action in actions {
            switch action {
            case .redirect(let place): redirect = place
            case .home(let path): home = path
            case .reply(let canned): reply = canned
            case .failing(let rate): failureRate = rate
            case .delayed(let time): delay = time
            }
        }
    }

    /// What happens to a call.
    public enum Action: Sendable, Hashable {
        /// It goes to an `http:` or `https:` URL, or to another address.
        case redirect(to: String)
        /// Its address is looked up in another home: the absolute path of one.
        case home(String)
        /// It is answered with this.
        case reply(Reply)
        /// A share of calls, from 0 to 1, fails with `.unreachable`.
        case failing(rate: Double)
        /// It waits before it is made, at most an hour.
        case delayed(Duration)

        /// It is answered with a text.
        ///
        /// - Parameter status: 200 to 599; from 300 on, the function has failed.
        public static func reply(text: String, status: Int = 200) -> Action {
            .reply(Reply(text: text, status: status))
        }

        /// It is answered with a value as JSON.
        ///
        /// - Parameter status: 200 to 599; from 300 on, the function has failed.
        /// - Throws: `.coding` when the value cannot be encoded.
        public static func reply(json value: some Encodable, status: Int = 200) throws(DiscoveryError) -> Action {
            .reply(try Reply(json: value, status: status))
        }
    }

    /// Whether it counts no more.
    ///
    /// - Parameter now: the time by the wall clock.
    public func isExpired(at now: Date) -> Bool {
        expires.map { $0 <= now } ?? false
    }

    /// Of those that count now, the first whose pattern means an address of `namespace` that was taken apart into `parts`.
    package static func first(
        of overrides: some Sequence<Override>, matching parts: Address.Parts, in namespace: String, at now: Date
    ) -> Override? {
        overrides.first { !$0.isExpired(at: now) && $0.pattern.matches(parts, in: namespace) }
    }

    // MARK: What it does to a call

    /// Where calls go.
    package enum Destination: Sendable, Hashable {
        case location(String)
        case address(Address)
        case home(String)
        case reply(Reply)
    }

    /// Where calls go instead; `nil` when they go where they would go anyway, only later or not always.
    package var destination: Destination? {
        if let redirect { return Self.isURL(redirect) ? .location(redirect) : .address(Address(stringLiteral: redirect)) }
        if let home { return .home(home) }
        return reply.map { .reply($0) }
    }

    /// Whether one call is to fail, by chance.
    package func fails(using generator: inout some RandomNumberGenerator) -> Bool {
        guard let failureRate else { return false }
        return Double.random(in: 0..<1, using: &generator) < failureRate
    }

    /// The error of a call that is to fail.
    package func failure(of address: Address) -> DiscoveryError {
        DiscoveryError(
            .unreachable,
            "\(address) is overridden to be unreachable at times, as now: `\(pattern)` is \(self). Remove the override if that is not wanted.",
            address: address)
    }

    static func isURL(_ redirect: String) -> Bool { redirect.contains("://") }
}

extension Override: CustomStringConvertible {
    /// What it does, on one line: without what may be secret in a URL, and without what calls are answered with.
    public var description: String {
        var parts: [String] = []
        if let redirect { parts.append("redirected to \(Resource.shown(redirect))") }
        if let home { parts.append("looked up in the home \(home.excerpt(reach: 200))") }
        if let reply { parts.append("answered with \(reply)") }
        if let failureRate { parts.append("failing at a rate of \(failureRate)") }
        if let delay { parts.append("delayed by \(delay.inSeconds) s") }
        if parts.isEmpty { parts.append("left as it is") }
        if let expires { parts.append("until \(expires.timestamp)") }
        return parts.joined(separator: ", ") + (note.map { " (\($0.excerpt(reach: 200)))" } ?? "")
    }
}
