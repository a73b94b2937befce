internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// Takes notifications to HTTP endpoints: a POST each, once. Whether and when to try again is its caller's to say, who has the policy.
struct EndpointDelivery: Sendable {
    /// What a try came to. Reasons are one sentence, for a message's last failure.
    enum Outcome: Sendable, Hashable {
        case delivered
        /// It may go better later.
        ///
        /// - Parameter after: how long the endpoint asked to be left alone, an hour at most.
        case retry(String, after: Duration? = nil)
        /// The endpoint does not want it, and would not the next time.
        case refused(String)
    }

    /// How long a try may take in all, as SNS has it.
    static let patience = Duration.seconds(15)

    /// The body alone instead of an envelope. Confirmations are enveloped all the same.
    var isRaw = false
    /// The subscription's own, if it has one.
    var contentType: String?
    var reach = Reach.everywhere

    /// Answers are read to their end, so that the connection can be kept, but no further than this; a status counts whatever follows it.
    private static let longestAnswer = 64 << 10

    /// POSTs a notification. Redirects are not followed.
    ///
    /// - Throws: `CancellationError` only: whether the notification came to the endpoint is not known then.
    func deliver(
        _ notification: Notification, to url: String, until deadline: ContinuousClock.Instant = .now + patience
    ) async throws(CancellationError) -> Outcome {
        let place = "`\(Resource.shown(url))`"
        guard case .url(let scheme, let host) = Resource.Location(url), ["http", "https"].contains(scheme), !host.isEmpty else {
            return .refused("\(place) is no URL of HTTP. Subscribe an endpoint like `https://example.com/events`.")
        }
        do {
            let exchange = HTTPExchange(maximumReplySize: Self.longestAnswer, needsWholeReply: false)
            let answer = try await exchange.answer(
                to: request(notification, to: url), by: reach.client, until: deadline)
            return Self.outcome(of: answer, from: place)
        } catch {
            // By ==: in a `case`, our own `~=` would take a code of the same name for one of ours.
            if error is CancellationError || error as? HTTPClientError == .cancelled { throw CancellationError() }
            return Self.outcome(of: error, from: place)
        }
    }

    private func request(_ notification: Notification, to url: String) throws -> HTTPClient.Request {
        let isRaw = isRaw && notification.kind == .notification
        var request = try HTTPFunctionAdapter.empty(to: url)
        for (name, value) in notification.headers(isRaw: isRaw, contentType: contentType) { request.headers.add(name: name, value: value) }
        request.body = .byteBuffer(ByteBuffer(bytes: isRaw ? notification.body : notification.envelope()))
        return request
    }

    // MARK: Outcomes

    /// What an answer means: SNS tries again unless the client is at fault, and a redirect is the endpoint's fault.
    static func outcome(of answer: FunctionAnswer, from place: String) -> Outcome {
        func said(_ rest: String = "") -> String {
            let text = String(decoding: answer.body.prefix(200), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            return "\(place) answered with status \(answer.status)\(rest)\(text.isEmpty ? "." : ": \(text.excerpt(reach: 200))")"
        }
        switch answer.status {
        case 200..<300: return .delivered
        case 300..<400:
            let location = answer.headers.first(name: "location").map { Resource.shown($0) } ?? "nowhere"
            return .retry("\(place) redirects to `\(location)`, which is not followed. Subscribe that instead.")
        case 429, 503: return .retry(said(), after: retryAfter(answer.headers))
        case 400..<500: return .refused(said(", which is not tried again"))
        default: return .retry(said())
        }
    }

    /// What an answer that did not come means: nothing was proved against the message, unless it could not even be sent.
    private static func outcome(of error: any Error, from place: String) -> Outcome {
        let clientError = error as? HTTPClientError
        if error is Deadlines.Passed || clientError == .deadlineExceeded || clientError == .readTimeout {
            return .retry("\(place) did not answer in time.")
        }
        if let error = error as? Reach.Forbidden { return .refused("\(place) is not called: \(error.reason).") }
        if let clientError, unsendable.contains(clientError.shortDescription) {
            return .refused("\(place) cannot be called: \(clientError.shortDescription). Correct the endpoint or its content type.")
        }
        return .retry("\(place) did not answer: \(HTTPFunctionAdapter.reason(error)).")
    }

    /// By description: errors about headers differ with what is in them.
    private static let unsendable = Set(
        [.invalidURL, .emptyHost, .invalidHeaderFieldNames([]), .invalidHeaderFieldValues([])].map { (error: HTTPClientError) in
            error.shortDescription
        })

    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        headers.first(name: "retry-after").flatMap { Int64($0) }.map { .seconds(max(0, min($0, 3_600))) }
    }
}
