internal import Crypto
package import Foundation

extension SigV4 {
    /// Who signed a request, checked.
    ///
    /// - Parameters:
    ///   - secret: the secret of a key id, or nil where nobody has it; then the caller's own fault is thrown, not one of these.
    ///   - now: the server's time.
    /// - Returns: the claim, and whether its key is known. What else is wrong with a request whose key is unknown is not looked at.
    package static func check(
        _ request: Request, now: Date, keys: SigningKeys? = nil, secret: (Claim) -> String?
    ) throws(Fault) -> (claim: Claim, isKnown: Bool) {
        let parts = try Parts(request)
        let claim = try Claim(parts)
        guard let secret = secret(claim) else { return (claim, false) }
        try claim.check(parts, payload: request.payload, secret: secret, now: now, keys: keys)
        return (claim, true)
    }
}

extension SigV4.Claim {
    /// Returns if the request was signed with the secret, and is of this time.
    package func check(
        _ request: SigV4.Request, secret: String, now: Date, keys: SigV4.SigningKeys? = nil
    ) throws(SigV4.Fault) {
        try check(SigV4.Parts(request), payload: request.payload, secret: secret, now: now, keys: keys)
    }

    func check(_ parts: SigV4.Parts, payload: SigV4.Payload, secret: String, now: Date, keys: SigV4.SigningKeys?) throws(SigV4.Fault) {
        try checkTime(now)
        try checkSignedHeaders(parts)
        let payloadHash = try checkedHash(of: payload, parts)
        let canonical = parts.canonical(
            signed: signedHeaders, payloadHash: payloadHash, service: scope.service, omitting: isPresigned ? "X-Amz-Signature" : nil)
        let cached = keys?.key(for: accessKeyID, secret: secret, scope: scope)
        let key = cached ?? SigV4.signingKey(secret: secret, scope: scope)
        // Compares in constant time.
        func isSigned(_ canonical: String) -> Bool {
            let text = SigV4.stringToSign(timestamp: timestamp, scope: scope, canonical: canonical)
            return HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: Array(text.utf8), using: key)
        }
        guard isSigned(canonical) || asItStands(parts, payloadHash).map(isSigned) ?? false else { throw .wrongSignature }
        if cached == nil { keys?.keep(key, for: accessKeyID, secret: secret, scope: scope) }
    }

    /// The service in the scope of what is no service of AWS's.
    private static let ownService = "discovery"

    /// What curl before version 8 signs: the path as it is in the request line, where AWS has it percent-encoded once more. For our own
    /// service, whose addresses hold a `>`. A path that could be another's encoding, with `%25` in it, is not taken so.
    private func asItStands(_ parts: SigV4.Parts, _ payloadHash: String) -> String? {
        guard scope.service == Self.ownService, !parts.path.contains("%25") else { return nil }
        return parts.canonical(
            signed: signedHeaders, payloadHash: payloadHash, path: parts.path, omitting: isPresigned ? "X-Amz-Signature" : nil)
    }

    private func checkTime(_ now: Date) throws(SigV4.Fault) {
        let signed = Double(SigV4.seconds(ofTimestamp: timestamp) ?? 0)
        let (now, skew) = (now.timeIntervalSince1970, Double(SigV4.longestSkew))
        let times = "it was signed at \(timestamp), and here it is \(SigV4.timestamp(of: Date(timeIntervalSince1970: now)))"
        switch form {
        case .header: guard abs(now - signed) <= skew else { throw .skewed(times) }
        case .query(let expiry):
            guard signed - now <= skew else { throw .skewed(times) }
            guard now <= signed + Double(expiry) else { throw .expired("\(times), which is more than \(expiry) s") }
        }
    }

    /// "Create a signed AWS API request", step 1: the canonical headers must hold `host` and any `x-amz-*` header of the request. A header
    /// that is not signed could be added by anyone on the way, and `X-Amz-Target` says what is to be done.
    private func checkSignedHeaders(_ parts: SigV4.Parts) throws(SigV4.Fault) {
        let signed = Set(signedHeaders)
        guard signed.contains("host") else { throw .incomplete("the Host header is not among the signed") }
        for name in signedHeaders where parts.headers[name] == nil {
            throw .incomplete("the header \(name.prefix(100)) is signed, and is not there")
        }
        for name in parts.headers.keys.sorted() where name.hasPrefix("x-amz-") && !signed.contains(name) {
            throw .incomplete("the header \(name.prefix(100)) is not among the signed, and every x-amz- header has to be")
        }
    }

    /// The hash that was signed, once the body is known to have it.
    private func checkedHash(of payload: SigV4.Payload, _ parts: SigV4.Parts) throws(SigV4.Fault) -> String {
        let encodings = parts.headers["content-encoding"]?.lowercased().split { $0 == "," || $0 == " " } ?? []
        var said = parts.headers["x-amz-content-sha256"]
        if said == nil, isPresigned {
            // In the query its case is the signer's: SDKs write `X-Amz-Content-Sha256`.
            said = parts.query.first { String(decoding: $0.name, as: UTF8.self).lowercased() == "x-amz-content-sha256" }
                .map { String(decoding: $0.value, as: UTF8.self) }
            if said == nil, scope.service == "s3" { said = SigV4.unsignedPayload }
        }
        guard !encodings.contains("aws-chunked"), said?.hasPrefix("STREAMING-") != true else { throw .chunkedPayload }
        guard said != SigV4.unsignedPayload else { return SigV4.unsignedPayload }
        let hash = SigV4.payloadHash(of: payload)
        guard said == nil || said == hash else { throw .wrongPayload }
        return hash
    }
}
