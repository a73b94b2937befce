internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// Functions behind an HTTP endpoint: a POST each. ``FunctionAnswer`` says what comes back.
package struct HTTPFunctionAdapter: RequestAdapter {
    let maximumReplySize: Int
    private let reach: Reach

    package init(maximumReplySize: Int, reach: Reach = .everywhere) {
        self.maximumReplySize = maximumReplySize
        self.reach = reach
    }

    package func accepts(_ resource: Resource) -> Bool {
        guard resource.kind == .function else { return false }
        let location = resource.location.utf8
        if location.starts(with: "http://".utf8) || location.starts(with: "https://".utf8) { return true }
        // A scheme's case does not matter, but is hardly ever another.
        let start = location.prefix(8).map { $0 | 0x20 }
        return start.starts(with: "http://".utf8) || start.elementsEqual("https://".utf8)
    }

    package func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
        let exchange = HTTPExchange(maximumReplySize: maximumReplySize)
        let answer: FunctionAnswer
        do {
            let left = ContinuousClock.now.duration(to: request.deadline)
            answer = try await exchange.answer(to: outgoing(request, resource, left), by: reach.client, until: request.deadline)
        } catch is NIOTooManyBytesError {
            throw tooLarge(request)
        } catch {
            throw Self.translated(error, request, resource, wasSent: exchange.wasSent)
        }
        return try answer.reply(from: request.address)
    }

    private func outgoing(_ request: Request, _ resource: Resource, _ left: Duration) throws -> HTTPClient.Request {
        var headers = HTTPHeaders()
        headers.reserveCapacity(request.headers.count + 4)
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        headers.replaceOrAdd(name: WireHeader.timeout, value: String(max(1, Int64(left / .milliseconds(1)))))
        if !headers.contains(name: "content-type") { headers.add(name: "content-type", value: request.message.contentType) }
        MessageHeaders.write(request.message.attributes) { headers.add(name: $0, value: $1) }
        var outgoing = try Self.empty(to: resource.location)
        outgoing.headers = headers
        if !request.message.body.isEmpty { outgoing.body = .byteBuffer(ByteBuffer(bytes: request.message.body)) }
        return outgoing
    }

    /// A POST of nothing. Taking a URL apart costs more than all that the facade does for a call, and there are few.
    static func empty(to location: String) throws -> HTTPClient.Request {
        if let known = requests.withLock({ $0[location] }) { return known }
        let new = try HTTPClient.Request(url: location, method: .POST)
        requests.withLock { requests in
            if requests.count >= 1_024 { requests.removeAll(keepingCapacity: true) }
            requests[location] = new
        }
        return new
    }

    private static let requests = Mutex<[String: HTTPClient.Request]>([:])

    private func tooLarge(_ request: Request) -> DiscoveryError {
        DiscoveryError(
            .tooLarge,
            "\(request.address) answered with more than \(maximumReplySize) bytes. Raise `maximumReplySize`, or answer with less.",
            address: request.address)
    }

    private static func translated(
        _ error: any Error, _ request: Request, _ resource: Resource, wasSent: Bool
    ) -> DiscoveryError {
        if let error = error as? DiscoveryError { return error }
        let place = "\(request.address) at \(Resource.shown(resource.location))"
        func made(_ code: DiscoveryError.Code, _ message: String) -> DiscoveryError {
            DiscoveryError(code, message, address: request.address, cause: error)
        }
        if let error = error as? Reach.Forbidden {
            return made(.unsupported, "\(place) is not called: \(error.reason). Register it where callers can reach it themselves.")
        }
        if error is CancellationError { return made(.cancelled, "The calling task was cancelled.") }
        if error as? HTTPClientError == .getConnectionFromPoolTimeout || isOwnTrouble(error) {
            return made(
                .busy, "This process has no connection left for \(place): \(reason(error)). Nothing was sent; make fewer calls at once.")
        }
        if neverConnected(error) {
            return made(.unreachable, "No connection to \(place): \(reason(error)). Start it, or register where it is now.")
        }
        // By ==: in a `case`, our own `~=` would take a code of the same name for one of ours.
        let clientError = error as? HTTPClientError
        if clientError == .cancelled { return made(.cancelled, "The calling task was cancelled.") }
        if error is Deadlines.Passed || clientError == .deadlineExceeded || clientError == .readTimeout {
            return made(.deadlineExceeded, "\(place) did not answer within the deadline. Give it more time, or look why it is slow.")
        }
        guard let clientError, clientError != .remoteConnectionClosed else {
            // A connection that had closed already, which the client had not noticed.
            guard wasSent else { return made(.unreachable, "No connection to \(place): \(reason(error)). Nothing was sent; try again.") }
            return made(
                .outcomeUnknown, "The connection to \(place) was lost after the request was sent: whether the function ran is unknown.")
        }
        return made(.invalid, "\(place) cannot be called: \(clientError.shortDescription). Correct the location or the headers.")
    }

    /// Whether it is certain that nothing was sent: the only failures after which anybody may try again unasked.
    static func neverConnected(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError: true
        // Others, such as that the channel is closed, come of connections that were made, too.
        case let error as ChannelError: if case .connectTimeout = error { true } else { false }
        case let error as HTTPClientError: error == .connectTimeout || error == .tlsHandshakeTimeout
        // An established connection can meet any other code, too.
        case let error as IOError: [ECONNREFUSED, EAFNOSUPPORT].contains(error.errnoCode)
        default: false
        }
    }

    /// Whether nobody listens, at one of its addresses at least.
    static func wasRefused(_ error: any Error) -> Bool { met([ECONNREFUSED], in: error) }

    /// Whether this process or machine has no descriptor or port left.
    static func isOwnTrouble(_ error: any Error) -> Bool { met([EADDRNOTAVAIL, EMFILE, ENFILE], in: error) }

    /// Whether the system said one of these, about any of the addresses that were tried.
    private static func met(_ codes: [CInt], in error: any Error) -> Bool {
        switch error {
        case let error as NIOConnectionError: error.connectionErrors.contains { met(codes, in: $0.error) }
        case let error as IOError: codes.contains(error.errnoCode)
        default: false
        }
    }

    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case let error as NIOConnectionError: error.connectionErrors.first.map { reason($0.error) } ?? "the host is unknown"
        case let error as HTTPClientError: error.shortDescription.lowercased()
        default: "\(error)"
        }
    }
}
