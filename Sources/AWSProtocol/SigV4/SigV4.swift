/// AWS Signature Version 4, as "Create a signed AWS API request" of AWS's Identity and Access Management guide has it: made by a client,
/// checked by a server. Nothing here reads a clock or knows a secret by itself.
package enum SigV4 {
    static let algorithm = "AWS4-HMAC-SHA256"
    static let terminator = "aws4_request"
    static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// How far the two clocks may be apart, in seconds.
    package static let longestSkew = 15 * 60
    /// For how long a presigned request may be good, in seconds: a week.
    package static let longestExpiry = 604_800

    /// What is looked at of a request that strangers sent. More is refused before any work that grows with it.
    enum Limits {
        static let headers = 256
        static let signedHeaders = 128
        static let queryPairs = 1_024
        static let targetBytes = 65_536
        static let authorizationBytes = 8_192
    }

    package struct Credentials: Sendable {
        package var accessKeyID: String
        package var secret: String
        /// Of temporary credentials: goes along, signed, and means nothing here.
        package var securityToken: String?

        package init(accessKeyID: String, secret: String, securityToken: String? = nil) {
            self.accessKeyID = accessKeyID
            self.secret = secret
            self.securityToken = securityToken
        }
    }

    /// What a signing key is good for.
    package struct Scope: Hashable, Sendable, CustomStringConvertible {
        /// `20150830`
        package var day: String
        package var region: String
        /// The signing name: `servicediscovery`, `sqs`.
        package var service: String

        package init(day: String, region: String, service: String) {
            self.day = day
            self.region = region
            self.service = service
        }

        package var description: String { "\(day)/\(region)/\(service)/\(SigV4.terminator)" }
    }

    /// What of a request is signed.
    package struct Request: Sendable {
        package var method: String
        /// As in the request line: the path and the query with their percent-encoding.
        package var target: String
        /// In the order they are sent; a name may come again.
        package var headers: [(name: String, value: String)]
        package var payload: Payload

        package init(method: String, target: String, headers: [(name: String, value: String)], payload: Payload) {
            self.method = method
            self.target = target
            self.headers = headers
            self.payload = payload
        }
    }

    package enum Payload: Sendable {
        case bytes([UInt8])
        /// SHA-256 of the body, in lower-case hexadecimal.
        case hash(String)
        /// The body is not part of what is signed: TLS looks after it.
        case unsigned
    }

    /// A request cannot be trusted, and why. `description` is for the caller: it holds nothing that is secret.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// Neither an `Authorization` header nor `X-Amz-` parameters.
        case missing
        /// There is a signature, and something is wrong with its form.
        case incomplete(String)
        /// The request's time is more than 15 minutes away from the server's.
        case skewed(String)
        /// A presigned request whose time is over.
        case expired(String)
        case wrongSignature
        /// The body is not the one whose hash was signed.
        case wrongPayload
        /// The body comes in signed chunks, which none of the services spoken here asks for.
        case chunkedPayload

        package var description: String {
            switch self {
            case .missing: "the request is not signed: send an Authorization header (AWS Signature Version 4), or presign its query"
            case .incomplete(let reason): "the signature cannot be read: \(reason)"
            case .skewed(let reason): "the signature is out of its time: \(reason); set the clock of one of the two"
            case .expired(let reason): "the presigned request has expired: \(reason)"
            case .wrongSignature:
                "the signature does not match the one calculated here: check the secret key, and that nothing changes the request on its way"
            case .wrongPayload: "the body does not have the hash that x-amz-content-sha256 says"
            case .chunkedPayload: "bodies in signed chunks (aws-chunked, STREAMING-…) are not understood here: send the body in one piece"
            }
        }
    }
}
