internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Functions behind an HTTP endpoint: a POST each.
///
/// A function's own error is a status of 300 and above, or the header `X-Amz-Function-Error`; its body may say `errorType` and `errorMessage`.
package struct HTTPFunctionAdapter: RequestAdapter {
    let maximumReplySize: Int

    package init(maximumReplySize: Int) { self.maximumReplySize = maximumReplySize }

    package func accepts(_ resource: Resource) -> Bool {
        resource.kind == .function && (resource.location.hasPrefix("http://") || resource.location.hasPrefix("https://"))
    }

    package func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
        do {
            return try reply(to: request, from: try await answer(to: outgoing(request, resource), until: request.deadline))
        } catch is NIOTooManyBytesError {
            throw tooLarge(request)
        } catch {
            throw Self.translated(error, request, resource)
        }
    }

    private struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    private func outgoing(_ request: Request, _ resource: Resource) -> HTTPClientRequest {
        var outgoing = HTTPClientRequest(url: resource.location)
        outgoing.method = .POST
        for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
        let left = ContinuousClock.now.duration(to: request.deadline)
        outgoing.headers.add(name: WireHeader.timeout, value: String(max(1, Int64(left / .milliseconds(1)))))
        if !outgoing.headers.contains(name: "content-type") {
            outgoing.headers.add(name: "content-type", value: request.message.contentType)
        }
        MessageHeaders.write(request.message.attributes) { outgoing.headers.add(name: $0, value: $1) }
        if !request.message.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.message.body)) }
        return outgoing
    }

    /// The deadline covers the body, which the client's own would not: one that trickles would be waited for without end.
    private func answer(to outgoing: HTTPClientRequest, until deadline: ContinuousClock.Instant) async throws -> Answer {
        try await EventLoopExecutor.withExecutorIfAlone { [maximumReplySize] executor in
            try await Deadlines.shared.run(on: executor, until: deadline) {
                let response = try await Self.client.execute(outgoing, deadline: .distantFuture)
                if let length = response.headers.first(name: "content-length").flatMap({ Int($0) }), length > maximumReplySize {
                    throw NIOTooManyBytesError(maxBytes: maximumReplySize)
                }
                let body = try await response.body.collect(upTo: maximumReplySize)
                return Answer(status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
            }
        }
    }

    private func reply(to request: Request, from answer: Answer) throws(DiscoveryError) -> Reply {
        let isOwn = answer.headers.contains(name: WireHeader.functionError)
        if !isOwn || answer.status == 421, let refusal = refusal(request, answer) { throw refusal }
        if answer.status >= 300 || isOwn {
            throw failure(request, answer.status, answer.body, location: answer.headers.first(name: "location"))
        }
        var message = Message(body: answer.body, attributes: MessageHeaders.read(answer.headers.lazy.map { ($0.name, $0.value) }))
        message.contentType = answer.headers.first(name: "content-type") ?? message.contentType
        return Reply(message: message, status: answer.status, servedBy: request.address)
    }

    private func tooLarge(_ request: Request) -> DiscoveryError {
        DiscoveryError(
            .tooLarge,
            "\(request.address) answered with more than \(maximumReplySize) bytes. Raise `maximumReplySize`, or answer with less.",
            address: request.address)
    }

    /// A status by which a server says that the function did not start.
    private func refusal(_ request: Request, _ answer: Answer) -> DiscoveryError? {
        func made(_ code: DiscoveryError.Code, _ message: String) -> DiscoveryError {
            DiscoveryError(
                code, message, address: request.address,
                functionError: .init(
                    message: String(decoding: answer.body.prefix(1_000), as: UTF8.self), status: answer.status, body: answer.body),
                retryAfter: answer.headers.first(name: "retry-after").flatMap { Int64($0) }.map { .seconds(max(0, min($0, 86_400))) })
        }
        return switch answer.status {
        case 429, 503:
            made(
                .unreachable, "\(request.address) is too busy or about to end (status \(answer.status)): it did not start. Try again.")
        case 421: made(.unreachable, "\(request.address) is not served there any more (status 421): nothing was started. Try again.")
        case 413, 431:
            made(.tooLarge, "\(request.address) takes no request as large as this one (status \(answer.status)). Send less.")
        default: nil
        }
    }

    private func failure(_ request: Request, _ status: Int, _ body: [UInt8], location: String?) -> DiscoveryError {
        struct Fault: Decodable { var errorType: String?, errorMessage: String? }
        let fault = try? JSONDecoder().decode(Fault.self, from: Data(body))
        var message =
            fault?.errorMessage ?? String(decoding: body.prefix(1_000), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if (300..<400).contains(status) {
            message = "it redirects to \(location ?? "nowhere"), which is not followed: register that location instead"
        }
        let type = fault?.errorType.map { "\($0.excerpt()): " } ?? ""
        let reason = message.isEmpty ? "it gave no reason" : message.excerpt(reach: 1_000)
        return DiscoveryError(
            .functionFailed,
            "The function \(request.address) failed with status \(status): \(type)\(reason)\(reason.hasSuffix(".") ? "" : ".")",
            address: request.address,
            functionError: .init(type: fault?.errorType, message: message, status: status, body: body))
    }

    private static func translated(_ error: any Error, _ request: Request, _ resource: Resource) -> DiscoveryError {
        if let error = error as? DiscoveryError { return error }
        let place = "\(request.address) at \(Resource.shown(resource.location))"
        func made(_ code: DiscoveryError.Code, _ message: String) -> DiscoveryError {
            DiscoveryError(code, message, address: request.address, cause: error)
        }
        if error is CancellationError { return made(.cancelled, "The calling task was cancelled.") }
        if neverConnected(error) {
            return made(.unreachable, "No connection to \(place): \(reason(error)). Start it, or register where it is now.")
        }
        // By ==: in a `case`, our own `~=` would take a code of the same name for one of ours.
        let clientError = error as? HTTPClientError
        if clientError == .cancelled { return made(.cancelled, "The calling task was cancelled.") }
        if error is Deadlines.Passed || clientError == .readTimeout || clientError == .getConnectionFromPoolTimeout {
            return made(.deadlineExceeded, "\(place) did not answer within the deadline. Give it more time, or look why it is slow.")
        }
        guard let clientError, clientError != .remoteConnectionClosed else {
            return made(
                .outcomeUnknown, "The connection to \(place) was lost after the request was sent: whether the function ran is unknown.")
        }
        return made(.invalid, "\(place) cannot be called: \(clientError.shortDescription). Correct the location or the headers.")
    }

    /// Whether it is certain that nothing was sent: the only failures after which anybody may try again unasked.
    private static func neverConnected(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError: true
        // Others, such as that the channel is closed, come of connections that were made, too.
        case let error as ChannelError: if case .connectTimeout = error { true } else { false }
        case let error as HTTPClientError: error == .connectTimeout || error == .tlsHandshakeTimeout
        // An established connection can meet any other code, too.
        case let error as IOError: [ECONNREFUSED, EADDRNOTAVAIL, EAFNOSUPPORT, EMFILE, ENFILE].contains(error.errnoCode)
        default: false
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case let error as NIOConnectionError: error.connectionErrors.first.map { reason($0.error) } ?? "the host is unknown"
        case let error as HTTPClientError: error.shortDescription.lowercased()
        default: "\(error)"
        }
    }

    /// One for the process, never shut down: a client of ours may be dropped without ceremony. Connections close when idle.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        // A redirected POST would be repeated elsewhere as a GET, without its body.
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        // A refused connection is told at once, so that the facade can resolve again; the client would wait and try the same place.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The facade's own spans cover the call.
        configuration.tracing.tracer = nil
        return HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }()
}
