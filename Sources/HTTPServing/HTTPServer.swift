package import NIOCore
internal import NIOPosix

/// A bounded HTTP/1.1 server: bind, tell others the port, then `run()`.
///
/// - One request is in work per connection; a pipelined one waits for its turn, unparsed.
/// - Everything a peer can make the server hold or wait for has a limit in ``HTTPServerConfiguration``.
/// - A peer that closes its side, or half of it, has left: its handler is cancelled, and the reply dropped.
/// - A handler has no time limit but its own. It runs on Swift's shared pool and must not block it.
/// - No `Date` header is sent; a handler that needs one sets it.
///
/// A server that was bound holds its port until `drain` or `run` has ended.
package final class HTTPServer: Sendable {
    /// The address that is listened on, never empty.
    package let host: String
    /// The port that is listened on, never 0.
    package let port: Int

    let state: ServerState

    /// Opens the port. From here on the system queues connections (``Listener/backlog`` of them); none is answered before ``run()``.
    /// - Parameters:
    ///   - group: Whose threads do the input and output; nil for NIO's shared ones. It must outlive the server.
    ///   - notice: Told when ``drain(deadline:)`` begins. Several servers may share one.
    ///   - refuse: What the server answers by itself, on its event loop: a bare reply to add a body and headers to.
    ///   - atOnce: Asked first, on the event loop, so that it must neither wait nor take long; nil hands the request to `respond`. Counted
    ///     and limited as any other.
    ///   - respond: Called once for each request, concurrently; cancelled when the client is gone or the server ends.
    /// - Throws: ``HTTPServerError/cannotListen(host:port:cause:)`` or
    ///   ``HTTPServerError/cannotEncrypt(certificateChain:privateKey:cause:)``.
    package static func bind(
        _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        on group: (any EventLoopGroup)? = nil,
        notice: DrainNotice = DrainNotice(),
        refuse: @escaping @Sendable (HTTPRefusal) -> HTTPResponse = \.response,
        atOnce: (@Sendable (HTTPRequest) -> HTTPResponse?)? = nil,
        respond: @escaping @concurrent @Sendable (HTTPRequest) async -> HTTPResponse
    ) async throws -> HTTPServer {
        let state = ServerState(configuration, ServerState.Handlers(refuse: refuse, atOnce: atOnce, respond: respond), notice)
        let certificate = try await certificate(configuration.tls)
        let bootstrap = ServerBootstrap(group: group ?? MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AdmissionHandler(server: state)) }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: ArrivalHandler.turn)
            )
            // As for what is sent ahead: so much of its replies may wait for a peer without being counted.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: ArrivalHandler.turn / 2, high: ArrivalHandler.turn))
            .childChannelInitializer { channel in
                guard let certificate else { return channel.eventLoop.makeCompletedFuture { try state.welcome(channel) } }
                return certificate.current(on: channel.eventLoop).flatMapThrowing { try state.welcome(channel, tls: $0) }
            }
        do {
            let socket = try await NIOThreadPool.singleton.runIfActive { try boundSocket(configuration) }
            let listener = Listener(try await bootstrap.withBoundSocket(socket).get(), socket: socket)
            state.listens(on: listener)
            return HTTPServer(state, listener: listener.channel)
        } catch {
            throw HTTPServerError.cannotListen(host: configuration.host, port: configuration.port, cause: error)
        }
    }

    /// Reads the files as ``bind(_:on:notice:refuse:atOnce:respond:)`` does.
    /// - Throws: ``HTTPServerError/cannotEncrypt(certificateChain:privateKey:cause:)``.
    package static func check(_ tls: HTTPServerTLS) async throws {
        _ = try await certificate(tls)
    }

    private static func certificate(_ tls: HTTPServerTLS?) async throws -> Certificate? {
        guard let tls else { return nil }
        do {
            return try await NIOThreadPool.singleton.runIfActive { try Certificate(tls) }
        } catch {
            throw HTTPServerError.cannotEncrypt(certificateChain: tls.certificateChain, privateKey: tls.privateKey, cause: error)
        }
    }

    /// How many connections are open now, and how many requests are in work: for metrics.
    package var connections: Int { state.openConnections }
    package var requests: Int { state.requestsInWork }

    private init(_ state: ServerState, listener: any Channel) {
        self.state = state
        host = listener.localAddress?.ipAddress ?? state.configuration.host
        port = listener.localAddress?.port ?? state.configuration.port
    }

    /// Answers until ``drain(deadline:)`` has completed or the task is cancelled, and every handler has returned.
    ///
    /// Cancelling cuts all connections and cancels all handlers at once; a handler that does not heed that is waited for.
    /// - Throws: `CancellationError`, or ``HTTPServerError/listenerLost``.
    package func run() async throws {
        let wasCut = await withTaskCancellationHandler {
            state.run()
            await state.waitForHandlers()
            return state.wasCut
        } onCancel: {
            state.cut()
        }
        if state.lostListener { throw HTTPServerError.listenerLost }
        if wasCut { throw CancellationError() }
    }

    /// Stops politely, losing no request that was taken.
    ///
    /// From now on each reply carries `Connection: close`. New connections and requests are answered as ever until none has come for the
    /// configured linger, or half of the deadline has passed. Then connections that the system has made are taken, and the listener is
    /// closed; idle connections are told 503, which is the answer to a request that may be on its way there, and closed; further requests
    /// are answered 503. A request that was sent is thus served, or told that it did not start; see ``Listener`` for what remains.
    ///
    /// Idempotent, and may be called from several tasks: each returns when the server has stopped. Cannot be cancelled; cancel `run()`
    /// to end at once. On a server that does not run there is no linger.
    /// - Parameter deadline: For all of it, linger included; then handlers are cancelled and connections cut. Only the first call's counts.
    /// - Returns: When every request in work has been answered and no connection is left, or after the deadline. Handlers that do not heed
    ///   their cancellation may still run then; ``run()`` waits for them.
    package func drain(deadline: Duration) async {
        state.drain(deadline: deadline)
        await state.waitForConnections()
    }
}
