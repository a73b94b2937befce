internal import Crypto
package import Foundation

extension SigV4 {
    /// What proxies and HTTP clients change on the way, or add by themselves: never signed.
    private static let unsigned: Set<String> = [
        "authorization", "connection", "content-length", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    /// The headers to add to a request, the `Authorization` among them.
    ///
    /// - Parameters:
    ///   - request: with its `Host`, and without `X-Amz-Date`, `X-Amz-Security-Token` and `Authorization`.
    ///   - names: the signing name of the service, and the region.
    ///   - addingPayloadHash: whether the body's hash is sent as a header too. S3 wants it.
    /// - Throws: `.incomplete` where the host is missing or there are too many headers.
    package static func sign(
        _ request: Request, with credentials: Credentials, region: String, service: String, at date: Date,
        addingPayloadHash: Bool = false, keys: SigningKeys? = nil
    ) throws(Fault) -> [(name: String, value: String)] {
        let timestamp = timestamp(of: date)
        let scope = Scope(day: String(timestamp.prefix(8)), region: region, service: service)
        var added: [(name: String, value: String)] = [("X-Amz-Date", timestamp)]
        if let token = credentials.securityToken { added.append(("X-Amz-Security-Token", token)) }
        let payloadHash = payloadHash(of: request.payload)
        if addingPayloadHash || payloadHash == unsignedPayload { added.append(("X-Amz-Content-SHA256", payloadHash)) }
        var whole = request
        whole.headers += added
        let parts = try Parts(whole)
        let signed = try names(toSign: parts)
        let canonical = parts.canonical(signed: signed, payloadHash: payloadHash, service: service)
        let signature = signature(
            stringToSign(timestamp: timestamp, scope: scope, canonical: canonical), credentials: credentials, scope: scope, keys: keys)
        let authorization =
            "\(algorithm) Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(signed.joined(separator: ";")), Signature=\(signature)"
        return added + [("Authorization", authorization)]
    }

    /// The target with a signature in its query, for who cannot set headers.
    ///
    /// - Parameters:
    ///   - request: with its `Host`; whoever sends it sends these headers.
    ///   - expiry: for how many seconds it is good, 1...604,800.
    package static func presign(
        _ request: Request, with credentials: Credentials, region: String, service: String, at date: Date, expiry: Int,
        keys: SigningKeys? = nil
    ) throws(Fault) -> String {
        guard (1...longestExpiry).contains(expiry) else { throw .incomplete("X-Amz-Expires is 1 to \(longestExpiry) seconds") }
        let timestamp = timestamp(of: date)
        let scope = Scope(day: String(timestamp.prefix(8)), region: region, service: service)
        let signed = try names(toSign: Parts(request))
        var parameters = [
            ("X-Amz-Algorithm", algorithm), ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope)"), ("X-Amz-Date", timestamp),
            ("X-Amz-Expires", String(expiry)), ("X-Amz-SignedHeaders", signed.joined(separator: ";")),
        ]
        if let token = credentials.securityToken { parameters.append(("X-Amz-Security-Token", token)) }
        var payloadHash = payloadHash(of: request.payload)
        // Who presigns for S3 does not know the body yet.
        if service == "s3" { payloadHash = unsignedPayload }
        if payloadHash == unsignedPayload, service != "s3" { parameters.append(("X-Amz-Content-Sha256", payloadHash)) }
        let query = parameters.map { "\($0.0)=\(encoded($0.1.utf8))" }.joined(separator: "&")
        var whole = request
        whole.target += (split(request.target).query.map { $0.isEmpty ? "" : "&" } ?? "?") + query
        let canonical = try Parts(whole).canonical(signed: signed, payloadHash: payloadHash, service: service)
        let signature = signature(
            stringToSign(timestamp: timestamp, scope: scope, canonical: canonical), credentials: credentials, scope: scope, keys: keys)
        return "\(whole.target)&X-Amz-Signature=\(signature)"
    }

    private static func names(toSign parts: Parts) throws(Fault) -> [String] {
        guard parts.headers["host"] != nil else { throw .incomplete("a request is signed with its Host header, and there is none") }
        let names = parts.headers.keys.filter { !unsigned.contains($0) }.sorted()
        guard names.count <= Limits.signedHeaders else { throw .incomplete("more than \(Limits.signedHeaders) headers would be signed") }
        return names
    }

    static func payloadHash(of payload: Payload) -> String {
        switch payload {
        case .bytes(let bytes): hash(bytes)
        case .hash(let hash): hash
        case .unsigned: unsignedPayload
        }
    }

    private static func signature(_ text: String, credentials: Credentials, scope: Scope, keys: SigningKeys?) -> String {
        let cached = keys?.key(for: credentials.accessKeyID, secret: credentials.secret, scope: scope)
        let key = cached ?? signingKey(secret: credentials.secret, scope: scope)
        if cached == nil { keys?.keep(key, for: credentials.accessKeyID, secret: credentials.secret, scope: scope) }
        return hexadecimal(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    static func signingKey(secret: String, scope: Scope) -> SymmetricKey {
        [scope.day, scope.region, scope.service, terminator].reduce(SymmetricKey(data: Array("AWS4\(secret)".utf8))) { key, part in
            SymmetricKey(data: Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key)))
        }
    }
}
