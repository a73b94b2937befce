internal import HTTPServing
internal import Logging
internal import Synchronization

/// Where a daemon listens: opened first, answered once somebody can answer.
final class Port: Sendable {
    /// What listens, or why nothing does.
    let server: Result<HTTPServer, ServerError>
    let drain: DrainNotice
    private let desk: Desk

    /// Opens the port. The system queues connections; none is answered before the server runs.
    init(_ configuration: ServerConfiguration) async {
        let (desk, drain) = (Desk(), DrainNotice())
        (self.desk, self.drain) = (desk, drain)
        do {
            server = .success(
                try await HTTPServer.bind(
                    Self.limits(configuration), notice: drain, refuse: { desk.front.refusal($0) }, atOnce: { desk.front.answerAtOnce($0) },
                    respond: { await desk.front.answer($0) }))
        } catch {
            if case HTTPServerError.cannotEncrypt = error {
                server = .failure(Self.cannotEncrypt(error))
            } else {
                server = .failure(
                    ServerError(.cannotListen, "discoveryd \(error). Choose another place with --listen, or end what listens there."))
            }
        }
    }

    /// Says who answers. Called once, before the server runs.
    func answers(with front: Front) {
        desk.take(front)
    }

    /// Gives the port back, if the server that held it has not.
    func close() async {
        if case .success(let server) = server { await server.drain(deadline: .zero) }
    }

    static func cannotEncrypt(_ error: any Error) -> ServerError {
        ServerError(.configuration, "discoveryd \(error). Correct the files.")
    }

    private final class Desk: Sendable {
        private let taken = AtomicLazyReference<Front>()

        var front: Front {
            guard let front = taken.load() else { preconditionFailure("the server runs before somebody answers") }
            return front
        }

        func take(_ front: Front) { _ = taken.storeIfNil(front) }
    }

    private static func limits(_ configuration: ServerConfiguration) -> HTTPServerConfiguration {
        var http = HTTPServerConfiguration(host: configuration.host, port: configuration.port)
        http.maximumConnections = configuration.maximumConnections
        http.maximumBodySize = configuration.maximumBodySize
        http.maximumBodyMemory = configuration.maximumBodyMemory
        http.maximumConcurrentRequests = configuration.maximumConnections
        http.headerTimeout = configuration.headerTimeout
        http.bodyTimeout = configuration.bodyTimeout
        http.idleTimeout = configuration.idleTimeout
        // Its address stays the same: callers do not come from another place that told them of this one a moment ago.
        http.linger = .milliseconds(100)
        if let tls = configuration.tls {
            let logger = configuration.logger
            http.tls = HTTPServerTLS(certificateChain: tls.certificate, privateKey: tls.key) { report in
                switch report {
                case .reloaded: logger.info("the certificate was read again")
                case .refused(let reason):
                    logger.error(
                        "the certificate is not as it should be; the one from before stays", metadata: ["discovery.reason": .string(reason)]
                    )
                }
            }
        }
        return http
    }
}
