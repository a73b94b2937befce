internal import Foundation
internal import NIOHTTP1

/// What came back from an HTTP endpoint, or is said to have.
///
/// A function's own error is a status of 300 and above, or the header `X-Amz-Function-Error`; its body may say `errorType` and `errorMessage`.
struct FunctionAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    /// - Throws: `.functionFailed`; `.unreachable` and `.tooLarge` where the status says that the function did not start.
    func reply(from address: Address) throws(DiscoveryError) -> Reply {
        let isOwn = headers.contains(name: WireHeader.functionError)
        if !isOwn || status == 421, let refusal = refusal(by: address) { throw refusal }
        if status >= 300 || isOwn { throw failure(of: address) }
        var message = Message(body: body, attributes: MessageHeaders.read(headers.lazy.map { ($0.name, $0.value) }))
        message.contentType = headers.first(name: "content-type") ?? message.contentType
        return Reply(message: message, status: status, servedBy: address)
    }

    private func refusal(by address: Address) -> DiscoveryError? {
        func made(_ code: DiscoveryError.Code, _ message: String) -> DiscoveryError {
            DiscoveryError(
                code, message, address: address,
                functionError: .init(message: String(decoding: body.prefix(1_000), as: UTF8.self), status: status, body: body),
                retryAfter: headers.first(name: "retry-after").flatMap { Int64($0) }.map { .seconds(max(0, min($0, 86_400))) })
        }
        return switch status {
        case 429, 503: made(.unreachable, "\(address) is too busy or about to end (status \(status)): it did not start. Try again.")
        case 421: made(.unreachable, "\(address) is not served there any more (status 421): nothing was started. Try again.")
        case 413, 431: made(.tooLarge, "\(address) takes no request as large as this one (status \(status)). Send less.")
        default: nil
        }
    }

    private func failure(of address: Address) -> DiscoveryError {
        struct Fault: Decodable { var errorType: String?, errorMessage: String? }
        let fault = try? JSONDecoder().decode(Fault.self, from: Data(body))
        var message =
            fault?.errorMessage ?? String(decoding: body.prefix(1_000), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if (300..<400).contains(status) {
            let location = headers.first(name: "location") ?? "nowhere"
            message = "it redirects to \(location), which is not followed: register that location instead"
        }
        let type = fault?.errorType.map { "\($0.excerpt()): " } ?? ""
        let reason = message.isEmpty ? "it gave no reason" : message.excerpt(reach: 1_000)
        return DiscoveryError(
            .functionFailed,
            "The function \(address) failed with status \(status): \(type)\(reason)\(reason.hasSuffix(".") ? "" : ".")",
            address: address,
            functionError: .init(type: fault?.errorType, message: message, status: status, body: body))
    }
}
