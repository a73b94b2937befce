internal import HTTPServing

/// A part of what the server speaks: one AWS service, or one of its own. It translates shapes and faults, and holds no rules.
protocol Endpoint: Sendable {
    /// What it is called where requests are counted.
    var name: String { get }

    /// The answer, where memory has it: given on the event loop, which waits for nothing. `nil` for what ``answer(_:)`` is to do.
    func answerAtOnce(_ call: Call) -> HTTPResponse?

    func answer(_ call: Call) async -> HTTPResponse

    /// How it spells that somebody may not come in.
    func refusal(_ refusal: Refusal, of call: Call) -> HTTPResponse
}

extension Endpoint {
    func answerAtOnce(_ call: Call) -> HTTPResponse? { nil }
}

/// One request, as an endpoint is given it.
struct Call: Sendable {
    let request: HTTPRequest
    /// Under which it is answered.
    let id: RequestID
    let caller: Caller
}

/// Why somebody may not come in, or not do what they ask.
struct Refusal: Error, Sendable, Hashable {
    enum Code: Sendable, Hashable {
        /// Nothing says who asks.
        case unauthenticated
        case unknownKey
        case wrongSignature
        /// What says who asks is incomplete, or cannot be read.
        case malformedSignature
        /// Signed too long ago, or for later.
        case expiredSignature
        case notAllowed
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
