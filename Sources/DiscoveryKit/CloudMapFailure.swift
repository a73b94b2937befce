internal import AWSProtocol
internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore

/// Why a call of Cloud Map failed: what the service answered, or what kept it from answering.
struct CloudMapFailure: Error {
    /// What the service answered; `nil` where nothing came.
    let fault: AWSFault?
    let error: DiscoveryError
    /// Whether nobody who knows answered, so that what is remembered is the best there is.
    let isDown: Bool
    /// Whether what was asked for may have been done.
    let isUncertain: Bool

    init(_ error: DiscoveryError, fault: AWSFault? = nil, isDown: Bool = false, isUncertain: Bool = false) {
        self.error = error
        self.fault = fault
        self.isDown = isDown
        self.isUncertain = isUncertain
    }

    /// Whether the same call may succeed in a moment.
    var mayPass: Bool {
        // What is done twice at a time has an operation, which is waited for.
        isUncertain || fault?.status == 503 || error.code == .busy && fault?.code != .duplicateRequest
    }

    /// Whether nobody listened; or did not when another call of this process asked: the HTTP client refuses all that wait for a connection
    /// once one of them is refused, also those that came later.
    var isRefused: Bool { error.cause.map(HTTPFunctionAdapter.wasRefused) ?? false }

    var isNotFound: Bool { error.code == .notFound }
}

extension CloudMapFailure {
    init(_ fault: AWSFault, from place: String) {
        func made(_ code: DiscoveryError.Code, _ advice: String = "", isDown: Bool = false, isUncertain: Bool = false) -> Self {
            let said = fault.message.isEmpty ? "\(fault.code)" : fault.message.prefix(1).uppercased() + fault.message.dropFirst()
            let sentence = said.hasSuffix(".") || said.hasSuffix("?") ? said : said + "."
            return Self(
                DiscoveryError(code, advice.isEmpty ? sentence : "\(sentence) \(advice)", cause: fault), fault: fault, isDown: isDown,
                isUncertain: isUncertain)
        }
        self =
            switch fault.code {
            case .instanceNotFound, .serviceNotFound, .namespaceNotFound, .operationNotFound, .resourceNotFound: made(.notFound)
            case .namespaceAlreadyExists, .serviceAlreadyExists: made(.alreadyExists)
            case .invalidInput, .resourceInUse, .customHealthNotFound, .resourceLimitExceeded, .tooManyTags,
                .serviceAttributesLimitExceeded:
                made(.invalid)
            case .duplicateRequest, .requestLimitExceeded, .throttling, "Throttling", "TooManyRequestsException": made(.busy, isDown: true)
            case .accessDenied: made(.configuration, "Have \(place) allow it to this key, or use another: AWS_ACCESS_KEY_ID.")
            case .signatureDoesNotMatch, .unrecognizedClient, "InvalidClientTokenId", "MissingAuthenticationTokenException",
                "IncompleteSignatureException", "ExpiredTokenException", "InvalidSignatureException":
                made(.configuration, "Give the id and the secret of a key of \(place): AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
            case .requestExpired: made(.configuration)
            case _ where fault.status == 429: made(.busy, isDown: true)
            case _ where fault.status == 503:
                made(.unreachable, "\(place) is too busy or about to end: nothing was done. Try again.", isDown: true)
            case _ where fault.status >= 500:
                made(.outcomeUnknown, "\(place) failed; its log says why.", isDown: true, isUncertain: true)
            case .unknownOperation, .serialization, .unreadableAnswer:
                made(.configuration, "\(place) does not speak Cloud Map. Correct DISCOVERY_ENDPOINT.")
            default: made(.unexpected, "\(place) answered \(fault.code).")
            }
    }

    /// - Parameter wasSent: whether any of the request was.
    init(_ cause: any Error, at place: String, wasSent: Bool) {
        func made(_ code: DiscoveryError.Code, _ message: String, isDown: Bool = true, isUncertain: Bool = false) -> Self {
            Self(DiscoveryError(code, message, cause: cause), isDown: isDown, isUncertain: isUncertain)
        }
        let clientError = cause as? HTTPClientError
        if cause is CancellationError || clientError == .cancelled {
            self = made(.cancelled, "The calling task was cancelled.", isDown: false)
        } else if let error = cause as? AWSFault {
            self = made(.invalid, "\(error.message).", isDown: false)
        } else if cause is NIOTooManyBytesError {
            self = made(.tooLarge, "\(place) answered with more than anybody should have to say.", isDown: false)
        } else if clientError == .getConnectionFromPoolTimeout || HTTPFunctionAdapter.isOwnTrouble(cause) {
            self = made(
                .busy, "This process has no connection left for \(place): \(HTTPFunctionAdapter.reason(cause)). Make fewer calls at once.")
        } else if !wasSent || HTTPFunctionAdapter.neverConnected(cause) {
            let reason = cause is Deadlines.Passed ? "it does not answer" : HTTPFunctionAdapter.reason(cause)
            self = made(.unreachable, "No connection to \(place): \(reason). Start discoveryd, or correct DISCOVERY_ENDPOINT.")
        } else if cause is Deadlines.Passed || clientError == .deadlineExceeded || clientError == .readTimeout {
            self = made(.deadlineExceeded, "\(place) did not answer in time. Look why it is slow.", isUncertain: true)
        } else {
            self = made(.outcomeUnknown, "The connection to \(place) was lost before it answered.", isUncertain: true)
        }
    }

    /// As it is told of what changes something: what is waited for no longer may be done yet.
    var ofChanging: CloudMapFailure {
        guard error.code == .deadlineExceeded, isUncertain else { return self }
        return CloudMapFailure(
            DiscoveryError(.outcomeUnknown, "\(error.message) Whether it was done is not known.", cause: error.cause), fault: fault,
            isDown: isDown, isUncertain: true)
    }

    /// As it is told of what changes nothing: it is never in doubt what was done.
    var ofReading: CloudMapFailure {
        guard error.code == .outcomeUnknown else { return self }
        return CloudMapFailure(
            DiscoveryError(.unreachable, "\(error.message) Try again.", cause: error.cause), fault: fault, isDown: isDown,
            isUncertain: isUncertain)
    }
}
