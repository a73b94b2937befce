import HTTPServing
import Synchronization

/// What an endpoint was sent, and what it says to each: the last answer again and again.
final class Endpoint: Sendable {
    private let state: Mutex<(statuses: [Int], requests: [HTTPRequest])>
    private let arrived = Event<Void>()

    init(_ statuses: Int...) { state = Mutex((statuses, [])) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }
    var bodies: [String] { requests.map { String(decoding: $0.body, as: UTF8.self) } }

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        let status = state.withLock { state in
            state.requests.append(request)
            return state.statuses.count > 1 ? state.statuses.removeFirst() : state.statuses[0]
        }
        arrived.happened(())
        return HTTPResponse(status: status, headers: [], body: [])
    }

    /// Returns once so many requests came.
    func came(_ count: Int) async {
        while requests.count < count { await arrived.wait() }
    }
}
