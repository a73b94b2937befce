internal import AWSProtocol
internal import HTTPServing
internal import Logging

/// A part of what the server speaks: one AWS service, or one of its own. It translates shapes and faults, and holds no rules.
protocol Endpoint: Sendable {
    /// What it is called where requests are counted.
    var name: String { get }

    /// Whether a request is answered to whoever asks.
    func isPublic(_ request: HTTPRequest) -> Bool

    /// The answer, where memory has it: given on the event loop, which waits for nothing. `nil` for what ``answer(_:)`` is to do.
    func answerAtOnce(_ call: Call) -> HTTPResponse?

    func answer(_ call: Call) async -> HTTPResponse

    /// How it spells that somebody may not come in.
    func refusal(_ refusal: Refusal, of call: Call) -> HTTPResponse
}

extension Endpoint {
    func isPublic(_ request: HTTPRequest) -> Bool { false }
    func answerAtOnce(_ call: Call) -> HTTPResponse? { nil }
}

/// One request, as an endpoint is given it.
struct Call: Sendable {
    let request: HTTPRequest
    /// Under which it is answered.
    let id: RequestID
    let caller: Caller

    /// Tells those who run the daemon why it could not do its part. What failed elsewhere is the caller's to know.
    func failed(_ error: any Error, at endpoint: String, _ logger: Logger) {
        logger.error(
            "a request failed",
            metadata: [
                "discovery.endpoint": .string(endpoint), "discovery.request": .string(id.description),
                "discovery.reason": .string("\(error)"),
            ])
    }
}

/// Why somebody may not come in, or not do what they ask.
struct Refusal: Error, Sendable, Hashable {
    enum Code: Sendable, Hashable {
        /// Nothing says who asks, or it is no proof.
        case unauthenticated
        /// What was signed cannot be believed.
        case signature(SigV4.Fault)
        case unknownKey
        case notAllowed
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// As AWS's services of JSON spell it.
    var fault: AWSFault {
        switch code {
        case .unauthenticated: AWSFault(AWSFault(SigV4.Fault.missing).code, message)
        case .signature(let fault): AWSFault(fault)
        case .unknownKey: AWSFault(.unrecognizedClient, message)
        case .notAllowed: AWSFault(.accessDenied, message)
        }
    }
}
