internal import DiscoveryKit
internal import Foundation
internal import HTTPServing

/// What the facade returned or threw, as a reply.
enum DiscoveryReply {
    /// A text that a header may hold.
    static func header(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .urlQueryAllowed.union(CharacterSet(charactersIn: " "))) ?? ""
    }

    /// JSON with the members of the error. Never a cause: what is underneath may be anything.
    static func error(_ error: DiscoveryError) -> HTTPResponse {
        let function = error.functionError.map { Body.Function(type: $0.type, message: $0.message, status: $0.status) }
        let body = Body(
            code: error.code.description, message: error.message, address: error.address?.description, isRetryable: error.isRetryable,
            functionError: function)
        var headers: [(String, String)] = []
        if let pause = error.retryAfter { headers.append(("Retry-After", String(max(0, Int64((pause / .seconds(1)).rounded(.up)))))) }
        return JSONReply.value(body, status: status(of: error.code), headers: headers)
    }

    private struct Body: Encodable {
        struct Function: Encodable {
            let type: String?
            let message: String
            let status: Int
        }

        let code: String
        let message: String
        let address: String?
        let isRetryable: Bool
        let functionError: Function?
    }

    /// Whether it is for those who run the daemon to look after.
    static func isOurFault(_ code: DiscoveryError.Code) -> Bool { [500, 507].contains(status(of: code)) }

    /// RFC 9110, section 15, as far as it has one that fits.
    static func status(of code: DiscoveryError.Code) -> Int {
        switch code {
        case .malformedAddress, .wrongKind, .coding, .invalid: 400
        case .notFound: 404
        case .ambiguous, .alreadyExists: 409
        case .leaseLost: 410
        case .tooLarge: 413
        case .unsupported: 501
        case .unreachable, .functionFailed: 502
        case .busy, .cancelled, .homeUnusable: 503
        case .deadlineExceeded: 504
        case .full: 507
        default: 500
        }
    }
}

/// What was registered.
struct RegisteredReply: Encodable {
    let address: String
    let kind: String
    let location: String
    let replaced: Bool

    init(_ address: Address, _ resource: Resource, replaced: Bool) {
        self.address = address.description
        kind = resource.kind.description
        location = resource.location
        self.replaced = replaced
    }
}
