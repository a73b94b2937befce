import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Testing

@testable import HTTPServing

struct TLSTests {
    private static let request = "GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    /// A certificate's files, in a folder that goes with this.
    private final class Files: Sendable {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID())")
        let reports = Mutex<[String]>([])

        init(_ pair: CertificatePair) throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try write(pair.chain, "chain.pem")
            try write(pair.key, "key.pem")
        }

        deinit {
            try? FileManager.default.removeItem(at: folder)
        }

        func write(_ text: String, _ name: String) throws {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }

        var tls: HTTPServerTLS {
            var tls = HTTPServerTLS(
                certificateChain: folder.appending(path: "chain.pem").path, privateKey: folder.appending(path: "key.pem").path
            ) { report in
                self.reports.withLock {
                    switch report {
                    case .reloaded: $0.append("reloaded")
                    case .refused(let why): $0.append("refused: \(why)")
                    }
                }
            }
            tls.freshness = .zero
            return tls
        }
    }

    /// What a client hears that trusts only this certificate.
    private func exchange(
        _ request: String, port: Int, trusting pair: CertificatePair, _ change: (inout TLSConfiguration) -> Void = { _ in }
    ) async throws -> (text: String, application: String?) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pair.chain.utf8)))
        configuration.applicationProtocols = ["h2", "http/1.1"]
        change(&configuration)
        let context = try NIOSSLContext(configuration: configuration)
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let heard = loop.makePromise(of: (String, String?).self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try NIOSSLClientHandler(context: context, serverHostname: "localhost"), Listening(heard),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        channel.writeAndFlush(ByteBuffer(string: request), promise: nil)
        return try await heard.futureResult.get()
    }

    private final class Listening: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let heard: EventLoopPromise<(String, String?)>
        private var text = ""
        private var failure: (any Error)?
        private var application: String?

        init(_ heard: EventLoopPromise<(String, String?)>) {
            self.heard = heard
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent { application = negotiated }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            failure = failure ?? error
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            if let failure, text.isEmpty { heard.fail(failure) } else { heard.succeed((text, application)) }
        }
    }

    @Test func `a request is answered under TLS 1_2 and 1_3, as HTTP 1_1`() async throws {
        let files = try Files(.first)
        try await withServer(HTTPServerConfiguration(linger: .zero, tls: files.tls)) { server in
            for version in [TLSVersion.tlsv12, .tlsv13] {
                let (text, application) = try await exchange(Self.request, port: server.port, trusting: .first) {
                    $0.minimumTLSVersion = version
                    $0.maximumTLSVersion = version
                }
                #expect(text.hasSuffix("GET /a "))
                #expect(application == "http/1.1")
            }
            await #expect(throws: (any Error).self) {
                try await exchange(Self.request, port: server.port, trusting: .first) { $0.maximumTLSVersion = .tlsv11 }
            }
        }
    }

    @Test func `large bodies pass whole, both ways`() async throws {
        let files = try Files(.first)
        let size = 3_000_000
        try await withServer(HTTPServerConfiguration(linger: .zero, tls: files.tls)) { server in
            let body = String(repeating: "x", count: size)
            let request = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(size)\r\n\r\n" + body
            let text = try await exchange(request, port: server.port, trusting: .first).text
            #expect(text.hasSuffix("POST / " + body))
        }
    }

    @Test func `who comes after the files were changed meets the new ones, and those that do not fit are reported once`() async throws {
        let files = try Files(.first)
        try await withServer(HTTPServerConfiguration(linger: .zero, tls: files.tls)) { server in
            #expect(try await exchange(Self.request, port: server.port, trusting: .first).text.hasSuffix("GET /a "))
            #expect(files.reports.withLock { $0 } == [])
            for (name, text) in [("chain.pem", CertificatePair.second.chain), ("key.pem", "nonsense"), ("chain.pem", "")] {
                try files.write(text, name)
                for _ in 0..<2 { #expect(try await exchange(Self.request, port: server.port, trusting: .first).text.hasSuffix("GET /a ")) }
            }
            #expect(files.reports.withLock { $0.count } == 3)
            #expect(files.reports.withLock { $0.allSatisfy { $0.hasPrefix("refused: ") && $0.contains("chain.pem") } })
            try FileManager.default.removeItem(at: files.folder.appending(path: "key.pem"))
            for _ in 0..<2 { #expect(try await exchange(Self.request, port: server.port, trusting: .first).text.hasSuffix("GET /a ")) }
            #expect(files.reports.withLock { $0.count } == 4)
            try files.write(CertificatePair.second.chain, "chain.pem")
            try files.write(CertificatePair.second.key, "key.pem")
            #expect(try await exchange(Self.request, port: server.port, trusting: .second).text.hasSuffix("GET /a "))
            #expect(files.reports.withLock { $0.last } == "reloaded")
            await #expect(throws: (any Error).self) { try await exchange(Self.request, port: server.port, trusting: .first) }
        }
    }

    @Test func `files that do not fit are an error that names them`() async throws {
        let files = try Files(.first)
        try files.write(CertificatePair.second.key, "key.pem")
        let error = await #expect(throws: HTTPServerError.self) {
            try await HTTPServer.bind(HTTPServerConfiguration(tls: files.tls), respond: echo)
        }
        #expect(error?.description.contains("chain.pem") == true)
        #expect(error?.description.contains("key.pem") == true)
    }

    @Test func `plain HTTP on a port of TLS is told so, and garbage is closed`() async throws {
        let files = try Files(.first)
        try await withServer(HTTPServerConfiguration(linger: .zero, tls: files.tls)) { server in
            let (reply, rest) = try await onThread {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                return (try client.reply(), try client.rest())
            }
            #expect(reply?.status == 400)
            #expect(reply?.closes == true)
            #expect(rest.isEmpty)
            let garbage = try await onThread {
                let client = try RawClient(port: server.port)
                defer { client.close() }
                try client.send([0x16] + [UInt8](repeating: 0xFF, count: 4000))
                return try client.rest()
            }
            #expect(!String(decoding: garbage, as: UTF8.self).contains("HTTP"))
        }
    }

    @Test func `a handshake that does not come to its end is cut`() async throws {
        let files = try Files(.first)
        var tls = files.tls
        tls.handshakeTimeout = .milliseconds(30)
        try await withServer(HTTPServerConfiguration(linger: .zero, tls: tls)) { server in
            for bytes in [[], [0x16], [0x16, 3, 1, 0, 200, 1]] as [[UInt8]] {
                let heard = try await onThread {
                    let client = try RawClient(port: server.port)
                    defer { client.close() }
                    try client.send(bytes)
                    return try client.rest()
                }
                #expect(heard.isEmpty)
            }
        }
    }

    @Test func `a drain under TLS answers what is in work, and does not wait for handshakes`() async throws {
        let files = try Files(.first)
        let begun = Signal()
        let release = Signal()
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { request in
            begun.happen()
            await release.wait()
            return await echo(request)
        }
        var tls = files.tls
        tls.handshakeTimeout = .seconds(3600)
        try await withServer(HTTPServerConfiguration(linger: .zero, tls: tls), respond: respond) { server in
            let silent = try RawClient(port: server.port)
            defer { silent.close() }
            async let answer = exchange("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", port: server.port, trusting: .first)
            await begun.wait()
            try await eventually("both are there") { server.connections == 2 }
            async let draining: Void = server.drain(deadline: .seconds(3600))
            try await eventually("the linger is over") { server.state.phase == .refusing }
            release.happen()
            let text = try await answer.text
            #expect(text.contains("Connection: close"))
            #expect(text.hasSuffix("GET /a "))
            await draining
        }
    }
}
