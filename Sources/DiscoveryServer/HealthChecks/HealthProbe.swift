internal import AsyncHTTPClient
internal import DiscoveryKit
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Registry
internal import Synchronization

/// Asks an instance how it is, as Route 53's checkers do: an HTTP server is well that answers 200 to 399, whatever its certificate; by TCP it
/// is enough to be reached. (Amazon Route 53 Developer Guide, "How Amazon Route 53 determines whether a health check is healthy".)
struct HealthProbe: Sendable {
    /// Where checks may go at all.
    let reach: Reach
    var patience = Patience()

    /// How long an answer is waited for: nearly as long as by Route 53, which gives HTTP 4 s to connect and 2 s from there.
    struct Patience: Sendable {
        /// For a connection by TCP.
        var tcp = TimeAmount.seconds(10)
        /// For an answer by HTTP, the connection included.
        var http = TimeAmount.seconds(6)

        static let connecting = TimeAmount.seconds(4)
    }

    /// Why somebody cannot be asked; `nil` when he can.
    func objection(to question: HealthChecks.Question) -> String? {
        guard let address = try? SocketAddress(ipAddress: question.host, port: question.port) else {
            return "\(question.host) is no IP address"
        }
        return reach.objection(to: address)
    }

    /// Whether it is well. Waits for the network, 10 s at most; cancelling ends that.
    func isWell(_ question: HealthChecks.Question) async -> Bool {
        do {
            let address = try SocketAddress(ipAddress: question.host, port: question.port)
            switch question.check.kind {
            case .tcp: return try await connects(to: address)
            case .http: return try await answers(question, by: "http")
            case .https: return try await answers(question, by: "https")
            }
        } catch {
            return false
        }
    }

    private func answers(_ question: HealthChecks.Question, by scheme: String) async throws -> Bool {
        let host = question.host.contains(":") ? "[\(question.host)]" : question.host
        let path = question.check.path ?? ""
        var request = HTTPClientRequest(url: "\(scheme)://\(host):\(question.port)\(path.hasPrefix("/") ? "" : "/")\(path)")
        request.headers.add(name: "user-agent", value: "discoveryd-health-check")
        request.headers.add(name: "connection", value: "close")
        // What it answers beyond the status is left unread, and the connection closed with it.
        return (200..<400).contains(try await Self.client.execute(request, deadline: .now() + patience.http).status.code)
    }

    private func connects(to address: SocketAddress) async throws -> Bool {
        let attempt = Attempt()
        return try await withTaskCancellationHandler {
            let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(patience.tcp)
                .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try attempt.begins(on: channel) } }
                .connect(to: address).get()
            connection.close(promise: nil)
            return true
        } onCancel: {
            attempt.cancel()
        }
    }

    /// A connection that is being made, to be given up from outside.
    private final class Attempt: Sendable {
        private let state = Mutex<(channel: (any Channel)?, isCancelled: Bool)>((nil, false))

        func begins(on channel: any Channel) throws {
            let isCancelled = state.withLock { state in
                state.channel = channel
                return state.isCancelled
            }
            if isCancelled { throw CancellationError() }
        }

        func cancel() {
            let channel = state.withLock { state in
                state.isCancelled = true
                return state.channel
            }
            channel?.close(promise: nil)
        }
    }

    /// One for the process, made by the first check, never shut down.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration.forOneTry
        configuration.timeout.connect = Patience.connecting
        // Many instances may stand behind one address: none is to wait for the others' connections.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = HealthChecker.limit
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        configuration.tlsConfiguration = tls
        return HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }()
}
