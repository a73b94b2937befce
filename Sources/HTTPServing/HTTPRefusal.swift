/// Why a request was not handed to the handler. But for ``brokenReply``, none of these says that the handler has begun.
package enum HTTPRefusal: Equatable, Sendable, CaseIterable {
    case malformed
    case tooSlow
    case bodyTooLong
    case headTooLong
    case versionUnknown
    /// The body is encoded in a way other than in chunks.
    case encodingUnknown
    /// As much is in work, or in memory, as may be.
    case overloaded
    /// The server is about to end; the caller finds its successor by resolving again.
    case leaving
    /// Plain HTTP where TLS is spoken.
    case notEncrypted
    /// The handler gave a reply that would break the framing.
    case brokenReply

    /// The bare reply; whoever dresses it adds a body and headers of its own.
    package var response: HTTPResponse {
        switch self {
        case .malformed, .notEncrypted: HTTPResponse(status: 400)
        case .tooSlow: HTTPResponse(status: 408)
        case .bodyTooLong: HTTPResponse(status: 413)
        case .headTooLong: HTTPResponse(status: 431)
        case .brokenReply: HTTPResponse(status: 500)
        case .encodingUnknown: HTTPResponse(status: 501)
        case .versionUnknown: HTTPResponse(status: 505)
        case .overloaded: HTTPResponse(status: 503, headers: [("Retry-After", "1")])
        case .leaving: HTTPResponse(status: 503, headers: [("Retry-After", "0")])
        }
    }
}
