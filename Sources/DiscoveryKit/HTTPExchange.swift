internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// One request and its answer, whole.
///
/// A delegate of the client. Its async functions set and cancel a timer and start a task for each call, each of which wakes a thread: a tenth
/// of a lone call to a function on the same machine.
final class HTTPExchange: HTTPClientResponseDelegate {
    private struct State {
        var task: HTTPClient.Task<FunctionAnswer>?
        var failure: (any Error)?
        var wasSent = false
        var status: HTTPResponseStatus = .ok
        var headers = HTTPHeaders()
        var body = ByteBuffer()
    }

    private let maximumReplySize: Int
    private let needsWholeReply: Bool
    private let state = Mutex(State())

    /// - Parameter needsWholeReply: whether an answer that is too large is an error; otherwise it is one without a body.
    init(maximumReplySize: Int, needsWholeReply: Bool = true) {
        self.maximumReplySize = maximumReplySize
        self.needsWholeReply = needsWholeReply
    }

    /// Whether any of the request was given to a connection.
    var wasSent: Bool { state.withLock { $0.wasSent } }

    /// Sends `request` and waits for the answer. To be called once.
    ///
    /// - Throws: `Deadlines.Passed`; `CancellationError`; `NIOTooManyBytesError` for an answer that is too large; what the client throws.
    func answer(
        to request: HTTPClient.Request, by client: HTTPClient, until deadline: ContinuousClock.Instant
    ) async throws -> FunctionAnswer {
        let (loop, place, isAlone) = Self.loops.take()
        defer { Self.loops.giveBack(place) }
        let watch = Deadlines.shared.watch(until: deadline) { self.fail(Deadlines.Passed()) }
        defer { Deadlines.shared.unwatch(watch) }
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    @Sendable func begin() {
                        let task = client.execute(request: request, delegate: self, eventLoop: .delegate(on: loop), logger: nil)
                        task.futureResult.whenComplete { continuation.resume(with: $0) }
                        began(task)
                    }
                    // Alone, all of it happens on one thread, woken once. Among many the loops have enough to do.
                    if isAlone { loop.execute(begin) } else { begin() }
                }
            } onCancel: {
                fail(CancellationError())
            }
        } catch let error as NIOTooManyBytesError {
            let (status, headers) = state.withLock { ($0.status, $0.headers) }
            // What a refusal has to say beside its status does not matter.
            guard !needsWholeReply || status == .tooManyRequests || status == .serviceUnavailable else { throw error }
            return FunctionAnswer(status: Int(status.code), headers: headers, body: [])
        }
    }

    private func began(_ task: HTTPClient.Task<FunctionAnswer>) {
        let failure = state.withLock { state in
            state.task = task
            return state.failure
        }
        if let failure { task.fail(reason: failure) }
    }

    private func fail(_ error: any Error) {
        let task = state.withLock { state in
            state.failure = error
            return state.task
        }
        task?.fail(reason: error)
    }

    private static let loops = Loops()

    /// The client's event loops, the one with the fewest exchanges first: a lone call begins where its connection is, many spread over all,
    /// and a caller's next call follows its last one.
    private final class Loops: Sendable {
        private let all = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
        private let exchanges: Mutex<[Int]>

        init() { exchanges = Mutex(Array(repeating: 0, count: all.count)) }

        func take() -> (loop: any EventLoop, place: Int, isAlone: Bool) {
            let (place, isAlone) = exchanges.withLock { exchanges in
                let place = exchanges.indices.min { exchanges[$0] < exchanges[$1] } ?? 0
                exchanges[place] += 1
                return (place, exchanges[place] == 1)
            }
            return (all[place], place, isAlone)
        }

        func giveBack(_ place: Int) { exchanges.withLock { $0[place] -= 1 } }
    }

    // MARK: The client's part

    func didSendRequestHead(task: HTTPClient.Task<FunctionAnswer>, _ head: HTTPRequestHead) { state.withLock { $0.wasSent = true } }

    func didReceiveHead(task: HTTPClient.Task<FunctionAnswer>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        state.withLock { state in
            state.status = head.status
            state.headers = head.headers
        }
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        return length > maximumReplySize ? tooLarge(task) : task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<FunctionAnswer>, _ part: ByteBuffer) -> EventLoopFuture<Void> {
        let isTooLarge = state.withLock { state in
            guard state.body.readableBytes + part.readableBytes <= maximumReplySize else { return true }
            if state.body.readableBytes == 0 { state.body = part } else { state.body.writeImmutableBuffer(part) }
            return false
        }
        return isTooLarge ? tooLarge(task) : task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<FunctionAnswer>) throws -> FunctionAnswer {
        state.withLock { FunctionAnswer(status: Int($0.status.code), headers: $0.headers, body: Array($0.body.readableBytesView)) }
    }

    private func tooLarge(_ task: HTTPClient.Task<FunctionAnswer>) -> EventLoopFuture<Void> {
        task.eventLoop.makeFailedFuture(NIOTooManyBytesError(maxBytes: maximumReplySize))
    }
}
