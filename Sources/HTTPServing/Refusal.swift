/// Why a request was not handed to the handler. None of these says that the handler has begun.
enum Refusal: Equatable {
    case malformed
    case tooSlow
    case bodyTooLong
    case headTooLong
    case versionUnknown
    /// As much is in work, or in memory, as may be.
    case overloaded
    /// The server is about to end; the caller finds its successor by resolving again.
    case leaving

    var response: HTTPResponse {
        switch self {
        case .malformed: HTTPResponse(status: 400)
        case .tooSlow: HTTPResponse(status: 408)
        case .bodyTooLong: HTTPResponse(status: 413)
        case .headTooLong: HTTPResponse(status: 431)
        case .versionUnknown: HTTPResponse(status: 505)
        case .overloaded: HTTPResponse(status: 503, headers: [("Retry-After", "1")])
        case .leaving: HTTPResponse(status: 503, headers: [("Retry-After", "0")])
        }
    }
}
