internal import DiscoveryKit
internal import Foundation
internal import HTTPServing

/// What a request asks of an address, read from its method, path, query and headers.
struct AddressOperation {
    enum Verb {
        case request, publish, queue, listen, resolve, explain, register, deregister
        case settle(receipt: String, Discovery.Settlement)
    }

    let verb: Verb
    let address: Address
    let action: AccessRule.Action
    private let query: FormFields
    private let headers: HTTPRequest.Headers

    /// - Throws: `DiscoveryError` for what is no operation on an address.
    init(_ call: Call) throws {
        let path = call.path.dropFirst("/_discovery/".count)
        guard let slash = path.firstIndex(of: "/") else { throw Self.unknown }
        query = try FormFields(call.query ?? "")
        headers = call.request.headers
        let word = path[..<slash]
        var rest = path[path.index(after: slash)...]
        switch (word, call.request.method) {
        case ("request", "POST"): (verb, action) = (.request, .request)
        case ("publish", "POST"): (verb, action) = (.publish, .publish)
        case ("queue", "POST"): (verb, action) = (.queue, .queue)
        case ("listen", "GET"): (verb, action) = (.listen, .listen)
        case ("resolve", "GET"): (verb, action) = (.resolve, .resolve)
        case ("explain", "GET"): (verb, action) = (.explain, .explain)
        case ("register", "PUT"): (verb, action) = (.register, .register)
        case ("register", "DELETE"): (verb, action) = (.deregister, .register)
        case ("listen", "POST"):
            // From the end: an address may hold slashes, a receipt holds none.
            let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count >= 3 else { throw Self.unknown }
            let (end, receipt) = (parts[parts.count - 2], String(parts[parts.count - 1]))
            (verb, action) = (.settle(receipt: receipt, try Self.settlement(end, query, call.request.body)), .listen)
            rest = rest.dropLast(end.count + receipt.count + 2)
        default: throw Self.unknown
        }
        guard let text = String(rest).removingPercentEncoding else {
            throw DiscoveryError(.malformedAddress, "The address in the path is not percent-encoded UTF-8. Encode it.")
        }
        address = try Address(parsing: text)
    }

    private static let unknown = DiscoveryError(
        .notFound,
        "There is no such operation. POST request, publish, queue or listen/…/finish|retry|dead-letter|extend/RECEIPT; GET listen, resolve or explain; PUT or DELETE register: each as /_discovery/OPERATION/ADDRESS."
    )

    private static func settlement(
        _ word: Substring, _ query: FormFields, _ body: [UInt8]
    ) throws(DiscoveryError) -> Discovery.Settlement {
        let said = String(decoding: body.prefix(1_024), as: UTF8.self)
        switch word {
        case "finish": return .finish
        case "retry":
            return .retry(after: try query.seconds("after", in: 0...43_200) ?? .zero, because: said.isEmpty ? nil : said)
        case "dead-letter": return .deadLetter(because: said.isEmpty ? "Its receiver gave it up." : said)
        case "extend": return .extend(to: try query.seconds("visibility", in: 0...43_200) ?? .seconds(30))
        default: throw unknown
        }
    }

    // MARK: Options

    var isForLater: Bool { query["later"] == "true" }

    /// How long to wait for a message, 20 s unless told, and how long to have it then, 30 s.
    func patience() throws(DiscoveryError) -> (waiting: Duration, visibility: Duration) {
        (try query.seconds("wait", in: 0...20) ?? .seconds(20), try query.seconds("visibility", in: 1...43_200) ?? .seconds(30))
    }

    /// Of `If-Match`: the registration to remove, and no other.
    var incarnation: Int64? {
        get throws(DiscoveryError) {
            guard let text = headers["if-match"] else { return nil }
            guard let number = Int64(text.filter { $0 != "\"" }) else {
                throw DiscoveryError(.invalid, "`If-Match` names a registration by the `ETag` that registering returned.")
            }
            return number
        }
    }

    /// `discovery-timeout` in milliseconds, and `discovery-idempotent: true`.
    func requestOptions() throws(DiscoveryError) -> RequestOptions {
        var options = RequestOptions()
        if let text = headers[WireHeader.timeout] {
            guard let milliseconds = Int64(text), 1...86_400_000 ~= milliseconds else {
                throw DiscoveryError(.invalid, "`\(WireHeader.timeout)` is 1 to 86400000 milliseconds.")
            }
            options.deadline = .milliseconds(milliseconds)
        }
        if let text = headers["discovery-idempotent"] { options.isIdempotent = text == "true" }
        for name in ["traceparent", "tracestate", "baggage"] {
            if let value = headers[name] { options.headers[name] = value }
        }
        return options
    }

    /// `discovery-delay` in seconds, `discovery-deliver-at`, `discovery-group`, `discovery-deduplication` and `discovery-subject`.
    var sendOptions: SendOptions {
        get throws(DiscoveryError) {
            var options = SendOptions()
            if let text = headers["discovery-delay"] {
                guard let seconds = Double(text), seconds >= 0, seconds <= 3_155_760_000 else {
                    throw DiscoveryError(.invalid, "`discovery-delay` is a number of seconds, 0 or more.")
                }
                options.delay = .seconds(seconds)
            }
            if let text = headers["discovery-deliver-at"] {
                guard let date = try? Date(text, strategy: .iso8601) else {
                    throw DiscoveryError(.invalid, "`discovery-deliver-at` is a time such as 2030-01-31T12:00:00Z.")
                }
                options.deliverAt = date
            }
            options.group = headers["discovery-group"]
            options.deduplication = headers["discovery-deduplication"]
            options.subject = headers["discovery-subject"]
            return options
        }
    }

    /// The term of a registration that has to be renewed, in seconds.
    var lease: Substring? { query["lease"] }
}
