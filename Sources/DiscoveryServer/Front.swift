internal import CoreMetrics
internal import HTTPServing
internal import Logging
internal import Synchronization

/// Between the socket and the endpoints: who is asked, whether the caller may come in, and what every reply carries.
final class Front: Sendable {
    private let router: Router
    private let gate: Gate
    private let traffic: Traffic
    private let logger: Logger

    init(router: Router, gate: Gate, traffic: Traffic, logger: Logger) {
        self.router = router
        self.gate = gate
        self.traffic = traffic
        self.logger = logger
    }

    /// The answer, where memory has it.
    func answerAtOnce(_ request: HTTPRequest) -> HTTPResponse? {
        let endpoint = router.endpoint(for: request)
        guard let caller = endpoint.isPublic(request) ? .stranger : gate.callerAtOnce(request) else { return nil }
        let call = Call(request: request, id: RequestID(), caller: caller)
        return endpoint.answerAtOnce(call).map { finished($0, call, endpoint) }
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let endpoint = router.endpoint(for: request)
        let start = ContinuousClock.now
        let id = RequestID()
        let call: Call
        do throws(Refusal) {
            call = Call(request: request, id: id, caller: try await gate.caller(request))
        } catch {
            let stranger = Call(request: request, id: id, caller: .stranger)
            return finished(endpoint.refusal(error, of: stranger), stranger, endpoint)
        }
        let response = await endpoint.answer(call)
        traffic.took(ContinuousClock.now - start, endpoint.name)
        return finished(response, call, endpoint)
    }

    /// What the server refuses by itself, before anybody could say what was asked.
    func refusal(_ refusal: HTTPRefusal) -> HTTPResponse {
        let bare = refusal.response
        traffic.answered("refused", bare.status)
        var response = JSONReply.error("refused", refusal.explanation, status: bare.status, headers: bare.headers)
        response.headers.append(("x-amzn-RequestId", RequestID().description))
        return response
    }

    private func finished(_ response: HTTPResponse, _ call: Call, _ endpoint: any Endpoint) -> HTTPResponse {
        traffic.answered(endpoint.name, response.status)
        let id = call.id.description
        var response = response
        response.headers.append(("x-amzn-RequestId", id))
        // What failed here its endpoint has logged, with the reason.
        logger.debug(
            "answered",
            metadata: [
                "discovery.endpoint": .string(endpoint.name), "discovery.status": .stringConvertible(response.status),
                "discovery.request": .string(id),
            ])
        return response
    }
}

/// What is counted of requests: by endpoint and class of status.
final class Traffic: Sendable {
    private struct Key: Hashable {
        let endpoint: String
        let status: Int
    }

    private struct Known {
        var counters: [Key: Counter] = [:]
        var timers: [String: Timer] = [:]
    }

    private let factory: any MetricsFactory
    private let known = Mutex(Known())

    init(_ factory: any MetricsFactory) { self.factory = factory }

    func answered(_ endpoint: String, _ status: Int) {
        let key = Key(endpoint: endpoint, status: status / 100)
        let counter = known.withLock { known in
            if let counter = known.counters[key] { return counter }
            let counter = Counter(
                label: "discovery.server.requests", dimensions: [("endpoint", endpoint), ("status", "\(key.status)xx")], factory: factory)
            known.counters[key] = counter
            return counter
        }
        counter.increment()
    }

    /// Of what was not answered at once.
    func took(_ duration: Duration, _ endpoint: String) {
        let timer = known.withLock { known in
            if let timer = known.timers[endpoint] { return timer }
            let timer = Timer(label: "discovery.server.duration", dimensions: [("endpoint", endpoint)], factory: factory)
            known.timers[endpoint] = timer
            return timer
        }
        timer.recordNanoseconds(Int64(duration / .nanoseconds(1)))
    }
}

extension HTTPRefusal {
    fileprivate var explanation: String {
        switch self {
        case .malformed: "This is no HTTP/1.1 request. Correct it."
        case .tooSlow: "The request did not come in time. Send it again, faster."
        case .bodyTooLong: "The body is longer than this daemon takes. Send less, or raise `maximum.body`."
        case .headTooLong: "The target and headers are longer than this daemon takes. Send less of them."
        case .versionUnknown: "This daemon speaks HTTP/1.1. Use that."
        case .encodingUnknown: "A body comes with its length, or in chunks. Use one of them."
        case .overloaded: "The daemon has as much to do as it takes on. Nothing was done; try again."
        case .leaving: "The daemon is about to end. Nothing was done; try again."
        case .notEncrypted: "This port speaks TLS. Use https."
        case .brokenReply: "The reply cannot be sent. This is a fault of the daemon."
        }
    }
}
