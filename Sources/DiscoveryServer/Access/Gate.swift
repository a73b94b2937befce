internal import AWSProtocol
internal import Crypto
internal import Foundation
internal import HTTPServing

/// Lets callers in: everybody where there are no keys, else those who prove that they have one. By AWS Signature Version 4, in a header or a
/// presigned query; or, where nobody can listen on the way, by HTTP's Basic scheme: `curl --user ID:SECRET`.
struct Gate: Sendable {
    let keys: KeyFile?
    let isTLS: Bool
    private let signingKeys = SigV4.SigningKeys()

    init(_ keys: KeyFile?, isTLS: Bool) {
        self.keys = keys
        self.isTLS = isTLS
    }

    /// Who asks, where everybody is let in; `nil` where ``caller(_:)`` is to say.
    func callerAtOnce(_ request: HTTPRequest) -> Caller? {
        keys == nil && !request.isOfPage ? Caller(key: nil, isLocal: request.peer.isLoopback) : nil
    }

    /// - Throws: why somebody is not let in.
    func caller(_ request: HTTPRequest) async throws(Refusal) -> Caller {
        guard let keys else {
            guard !request.isOfPage else {
                throw Refusal(
                    .notAllowed,
                    "This comes from a web page, which could ask in anybody's name. Give the daemon keys, and the page one of them.")
            }
            return Caller(key: nil, isLocal: request.peer.isLoopback)
        }
        return try caller(request, await keys.current())
    }

    private func caller(_ request: HTTPRequest, _ keys: AccessKeys) throws(Refusal) -> Caller {
        let authorization = request.headers["authorization"]
        let key =
            if let authorization, authorization.utf8.starts(with: "Basic ".utf8) {
                try basic(authorization, request, keys)
            } else {
                try signed(request, keys)
            }
        return Caller(key: key, isLocal: request.peer.isLoopback)
    }

    private func signed(_ request: HTTPRequest, _ keys: AccessKeys) throws(Refusal) -> AccessKey {
        let signed = SigV4.Request(
            method: request.method, target: request.path, headers: request.headers.map { ($0.name, $0.value) },
            payload: .bytes(request.body))
        let claim: SigV4.Claim
        do throws(SigV4.Fault) {
            claim = try SigV4.check(signed, now: Date(), keys: signingKeys) { keys[$0.accessKeyID]?.secret }.claim
        } catch {
            throw Refusal(.signature(error), error.description)
        }
        // Without a secret nothing was checked.
        guard let key = keys[claim.accessKeyID] else {
            throw Refusal(.unknownKey, "The access key \(claim.accessKeyID.prefix(128)) is not known here.")
        }
        return key
    }

    /// RFC 7617.
    private func basic(_ authorization: String, _ request: HTTPRequest, _ keys: AccessKeys) throws(Refusal) -> AccessKey {
        guard isTLS || request.peer.isLoopback else {
            throw Refusal(.unauthenticated, "A secret is not sent in the clear. Use https, or sign the request.")
        }
        guard authorization.utf8.count <= 4_096, let bytes = Data(base64Encoded: String(authorization.dropFirst(6))),
            let text = String(validating: bytes, as: UTF8.self), let colon = text.firstIndex(of: ":")
        else { throw Refusal(.unauthenticated, "The Authorization header is no `Basic` with an id and a secret.") }
        let known = keys[String(text[..<colon])]
        // As long for an unknown key as for a wrong secret. Hashes, as comparing texts tells how far they agree.
        let isSame = Self.isSame(String(text[text.index(after: colon)...]), known?.secret ?? "\u{0}")
        guard let known, isSame else { throw Refusal(.unauthenticated, "The key or its secret is wrong.") }
        return known
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        let key = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: Data(other.utf8), using: key)
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(one.utf8), using: key)
    }
}

extension HTTPRequest {
    /// Whether a browser sent it for a page. For what changes something it says `Origin`, whichever page it is; for what only looks, a page can
    /// have its own name lead here, so that a public name in `Host` gives it away. Names that are nobody's in public are let pass: RFC 6761,
    /// RFC 8375.
    fileprivate var isOfPage: Bool {
        if headers["origin"] != nil { return true }
        guard method == "GET" || method == "HEAD", let host = headers["host"] else { return false }
        let name = (host.split(separator: ":").first ?? "").lowercased()
        guard !host.hasPrefix("["), name.contains("."), let last = name.split(separator: ".").last else { return false }
        return !last.allSatisfy(\.isNumber) && !["localhost", "local", "internal", "test", "lan", "arpa"].contains(last)
    }
}
