extension SigV4 {
    /// What a request says of who signed it. Nothing of it is true before `check` has returned.
    package struct Claim: Hashable, Sendable {
        enum Form: Hashable { case header, query(expiry: Int) }

        package let accessKeyID: String
        package let scope: Scope
        /// Of temporary credentials, as sent.
        package let securityToken: String?

        let form: Form
        let timestamp: String
        /// Lower-case names in order.
        let signedHeaders: [String]
        let signature: [UInt8]

        /// Whether it came in the query.
        package var isPresigned: Bool { form != .header }

        /// Reads the `Authorization` header, or the `X-Amz-` parameters of the query.
        ///
        /// - Throws: `.missing` where there is neither, `.incomplete` where what there is cannot be read.
        package init(_ request: Request) throws(Fault) {
            self = try Claim(Parts(request))
        }

        init(_ parts: Parts) throws(Fault) {
            let isInQuery = parts.value(ofQuery: "X-Amz-Algorithm") != nil || parts.value(ofQuery: "X-Amz-Signature") != nil
            guard let authorization = parts.headers["authorization"] else {
                guard isInQuery else { throw .missing }
                self = try Claim(query: parts)
                return
            }
            guard !isInQuery else { throw .incomplete("there is an Authorization header and a presigned query: send one of them") }
            guard authorization.utf8.count <= Limits.authorizationBytes else {
                throw .incomplete("the Authorization header has more than \(Limits.authorizationBytes) bytes")
            }
            let fields = try Claim.fields(ofAuthorization: authorization)
            var timestamp = parts.headers["x-amz-date"]
            if timestamp == nil, let date = parts.headers["date"] { timestamp = SigV4.timestamp(ofHeader: date) }
            guard let timestamp else { throw .incomplete("there is no X-Amz-Date") }
            try self.init(
                credential: fields.credential, signedHeaders: fields.signedHeaders, signature: fields.signature, timestamp: timestamp,
                securityToken: parts.headers["x-amz-security-token"], form: .header)
        }

        /// Key id and scope of an `Authorization` header alone, for who needs the region and trusts anybody.
        package static func credential(ofAuthorization text: String) throws(Fault) -> (accessKeyID: String, scope: Scope) {
            guard text.utf8.count <= Limits.authorizationBytes else { throw .incomplete("the Authorization header is too long") }
            return try scope(ofCredential: fields(ofAuthorization: text).credential)
        }

        private static func fields(
            ofAuthorization text: String
        ) throws(Fault) -> (credential: Substring, signedHeaders: Substring, signature: Substring) {
            // By bytes: a server reads one of these for every request, and characters cost ten times as much.
            guard text.utf8.starts(with: "\(algorithm) ".utf8) else {
                throw .incomplete("the Authorization header does not start with \(algorithm): no other scheme is understood")
            }
            var credential: Substring?
            var headers: Substring?
            var signature: Substring?
            for field in text.utf8.dropFirst(algorithm.utf8.count + 1).split(separator: UInt8(ascii: ","), maxSplits: 8) {
                let field = field.drop { $0 == UInt8(ascii: " ") }
                guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else {
                    throw .incomplete("a part of the Authorization header has no `=`")
                }
                let (name, value) = (field[..<equals], Substring(field[equals...].dropFirst()))
                func keep(_ place: inout Substring?) throws(Fault) {
                    guard place == nil else { throw .incomplete("a part of the Authorization header comes twice") }
                    place = value
                }
                if name.elementsEqual("Credential".utf8) { try keep(&credential) }
                if name.elementsEqual("SignedHeaders".utf8) { try keep(&headers) }
                if name.elementsEqual("Signature".utf8) { try keep(&signature) }
            }
            guard let credential else { throw .incomplete("the Authorization header has no Credential") }
            guard let headers else { throw .incomplete("the Authorization header has no SignedHeaders") }
            guard let signature else { throw .incomplete("the Authorization header has no Signature") }
            return (credential, headers, signature)
        }

        private init(query parts: Parts) throws(Fault) {
            var found: [String: String] = [:]
            for pair in parts.query {
                guard let name = String(validating: pair.name, as: UTF8.self), name.hasPrefix("X-Amz-") else { continue }
                guard let value = String(validating: pair.value, as: UTF8.self) else { throw .incomplete("\(name) is not UTF-8") }
                guard found.updateValue(value, forKey: name) == nil else { throw .incomplete("\(name) comes twice") }
            }
            func required(_ name: String) throws(Fault) -> Substring {
                guard let value = found[name] else { throw .incomplete("the query has no \(name)") }
                return Substring(value)
            }
            guard try required("X-Amz-Algorithm") == algorithm else { throw .incomplete("X-Amz-Algorithm is not \(algorithm)") }
            guard let expiry = Int(try required("X-Amz-Expires")), (1...longestExpiry).contains(expiry) else {
                throw .incomplete("X-Amz-Expires is 1 to \(longestExpiry) seconds")
            }
            try self.init(
                credential: required("X-Amz-Credential"), signedHeaders: required("X-Amz-SignedHeaders"),
                signature: required("X-Amz-Signature"), timestamp: String(required("X-Amz-Date")),
                securityToken: found["X-Amz-Security-Token"], form: .query(expiry: expiry))
        }

        private init(
            credential: Substring, signedHeaders: Substring, signature: Substring, timestamp: String, securityToken: String?, form: Form
        ) throws(Fault) {
            (accessKeyID, scope) = try Self.scope(ofCredential: credential)
            guard SigV4.seconds(ofTimestamp: timestamp) != nil else {
                throw .incomplete("the time of the request is not written as 20150830T123600Z")
            }
            guard timestamp.hasPrefix(scope.day) else { throw .incomplete("the credential is of another day than the request") }
            self.timestamp = timestamp
            let names = signedHeaders.utf8.split(separator: UInt8(ascii: ";"), maxSplits: Limits.signedHeaders)
            guard names.count <= Limits.signedHeaders else { throw .incomplete("more than \(Limits.signedHeaders) headers are signed") }
            // The order is the signer's to keep: it is part of what is signed.
            self.signedHeaders = names.map { String(decoding: $0, as: UTF8.self) }
            guard signature.utf8.count == 64 else { throw .incomplete("the signature is not of 64 hexadecimal digits") }
            var bytes: [UInt8] = []
            var high: UInt8?
            for byte in signature.utf8 {
                guard let digit = SigV4.digit(byte) else { throw .incomplete("the signature is not of 64 hexadecimal digits") }
                if let first = high { bytes.append(first << 4 | digit) }
                high = high == nil ? digit : nil
            }
            self.signature = bytes
            self.securityToken = securityToken
            self.form = form
        }

        private static func scope(ofCredential text: Substring) throws(Fault) -> (accessKeyID: String, scope: Scope) {
            let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 6, omittingEmptySubsequences: false).map { Substring($0) }
            guard parts.count == 5, parts.allSatisfy({ !$0.isEmpty }), parts[4] == terminator, parts[1].utf8.count == 8 else {
                throw .incomplete("the credential is not KEY/YYYYMMDD/REGION/SERVICE/\(terminator)")
            }
            return (String(parts[0]), Scope(day: String(parts[1]), region: String(parts[2]), service: String(parts[3])))
        }
    }
}
