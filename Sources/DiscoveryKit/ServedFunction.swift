internal import Foundation
internal import HTTPServing
internal import ServiceContextModule

/// Between HTTP and a handler: what came in becomes a `Request`, what the handler returns or throws a response.
struct ServedFunction: Sendable {
    private let address: Address
    private let defaultDeadline: Duration
    private let telemetry: Telemetry
    private let handler: @concurrent @Sendable (Request) async throws -> Message

    init(
        address: Address, defaultDeadline: Duration, _ telemetry: Telemetry,
        _ handler: @escaping @concurrent @Sendable (Request) async throws -> Message
    ) {
        self.address = address
        self.defaultDeadline = defaultDeadline
        self.telemetry = telemetry
        self.handler = handler
    }

    func respond(to incoming: HTTPRequest) async -> HTTPResponse {
        guard incoming.method == "POST" else {
            return failure(405, "MethodNotAllowed", "A function is called with POST.", [("Allow", "POST")])
        }
        if let meant = incoming.headers[WireHeader.address], meant != address.text {
            return failure(421, "MisdirectedRequest", "This is \(address), not \(meant.excerpt()).")
        }
        let left = incoming.headers[WireHeader.timeout].flatMap { Int64($0) }.map { Duration.milliseconds(max(0, min($0, 86_400_000))) }
        let headers = Dictionary(incoming.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let request = Request(Message(incoming), to: address, deadline: ContinuousClock.now + (left ?? defaultDeadline), headers: headers)
        return await Telemetry.withTrace(from: request.headers) { await answer(request) }
    }

    private func answer(_ request: Request) async -> HTTPResponse {
        do throws(DiscoveryError) {
            let reply = try await telemetry.observe(.serve, address) { observation throws(DiscoveryError) in
                observation.kind = .function
                do {
                    return try await handler(request)
                } catch {
                    throw Self.wrapped(error)
                }
            }
            return HTTPResponse(reply)
        } catch {
            // A request that cannot be decoded is the caller's fault; everything else the function's.
            if error.code == .coding, error.cause is Request.Undecodable { return failure(400, error.code.description, error.message) }
            if let own = error.functionError, error.cause == nil { return failure(502, own.type ?? error.code.description, own.message) }
            return failure(500, error.cause.map { String(describing: type(of: $0)) } ?? error.code.description, error.message)
        }
    }

    private static func wrapped(_ error: any Error) -> DiscoveryError {
        (error as? DiscoveryError) ?? DiscoveryError(.functionFailed, String(describing: error), cause: error)
    }

    private func failure(_ status: Int, _ type: String, _ message: String, _ headers: [(String, String)] = []) -> HTTPResponse {
        let body = (try? JSONEncoder().encode(["errorType": type, "errorMessage": message])) ?? Data("{}".utf8)
        return HTTPResponse(
            status: status, headers: [("Content-Type", "application/json"), ("X-Amz-Function-Error", "Unhandled")] + headers,
            body: Array(body))
    }
}
