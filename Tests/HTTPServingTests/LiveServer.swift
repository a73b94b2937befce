import Synchronization
import Testing

@testable import HTTPServing

/// Runs a server for as long as `body` does, then cuts it off and checks that nothing of it is left.
func withServer(
    _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(linger: .zero),
    notice: DrainNotice = DrainNotice(),
    refuse: @escaping @Sendable (HTTPRefusal) -> HTTPResponse = \.response,
    atOnce: (@Sendable (HTTPRequest) -> HTTPResponse?)? = nil,
    respond: @escaping @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = echo,
    _ body: (HTTPServer) async throws -> Void
) async throws {
    let server = try await HTTPServer.bind(configuration, notice: notice, refuse: refuse, atOnce: atOnce, respond: respond)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            do { try await server.run() } catch is CancellationError {}
        }
        do {
            try await body(server)
        } catch {
            group.cancelAll()
            throw error
        }
        group.cancelAll()
        try await group.waitForAll()
    }
    #expect(server.state.phase == .stopped)
    #expect(server.state.openConnections == 0)
    #expect(server.state.requestsInWork == 0)
    #expect(server.state.bodyBytesHeld == 0)
    #expect(server.state.replyBytesHeld == 0)
}

/// Answers with the request's method, target and body.
@concurrent @Sendable func echo(_ request: HTTPRequest) async -> HTTPResponse {
    HTTPResponse(
        headers: [("Content-Type", "text/plain")],
        text: "\(request.method) \(request.path) \(String(decoding: request.body, as: UTF8.self))")
}

/// Something that happens once, and may be waited for from anywhere.
final class Signal: Sendable {
    private let state = Mutex<(happened: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func happen() {
        let waiters = state.withLock { state in
            defer { state = (true, []) }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    var hasHappened: Bool { state.withLock { $0.happened } }

    func wait() async {
        await withCheckedContinuation { waiter in
            let happened = state.withLock { state in
                if !state.happened { state.waiters.append(waiter) }
                return state.happened
            }
            if happened { waiter.resume() }
        }
    }
}

/// Waits for an event that nobody announces.
func eventually(_ what: Comment, _ isSo: () throws -> Bool, _ location: SourceLocation = #_sourceLocation) async throws {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(120))
    while try !isSo() {
        try #require(clock.now < end, what, sourceLocation: location)
        try await clock.sleep(for: .milliseconds(1))
    }
}

/// Counts from anywhere.
final class Counter: Sendable {
    private let value = Atomic(0)

    func add() {
        value.add(1, ordering: .sequentiallyConsistent)
    }

    var count: Int { value.load(ordering: .sequentiallyConsistent) }
}
