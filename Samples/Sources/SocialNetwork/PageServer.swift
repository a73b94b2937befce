import DiscoveryKit
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// What a browser asks for, and what it gets: the least HTTP that a page needs, on loopback, a connection for each.
enum PageServer {
    struct Visit: Sendable { var method: HTTPMethod, path: String, fields: [String: String], token: String? }
    struct Answer: Sendable { var status = HTTPResponseStatus.ok, headers: [(String, String)] = [], html = "" }

    static func run(port: Int) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(NIOHTTPServerRequestAggregator(maxContentLength: 16 << 10))
                    try channel.pipeline.syncOperations.addHandler(Handler())
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        // Anything with a URL can be registered; this is how the story finds the page.
        try await Discovery.register("social.page->home", Resource(.function, at: "http://127.0.0.1:\(server.localAddress?.port ?? port)/"))
        try await server.closeFuture.get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = NIOHTTPServerRequestFull
        typealias OutboundOut = HTTPServerResponsePart

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let request = unwrapInboundIn(data), channel = context.channel
            channel.eventLoop.makeFutureWithTask { await PageServer.answer(request) }.whenSuccess { answer in
                var headers = HTTPHeaders(answer.headers)
                headers.add(contentsOf: [
                    ("Connection", "close"), ("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "\(answer.html.utf8.count)"),
                    ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
                    (
                        "Content-Security-Policy",
                        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
                    ),
                ])
                channel.write(HTTPServerResponsePart.head(.init(version: .http1_1, status: answer.status, headers: headers)), promise: nil)
                channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: answer.html))), promise: nil)
                channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private static func answer(_ request: NIOHTTPServerRequestFull) async -> Answer {
        // By a name of its own, another site could make its visitors' browsers read this one.
        let host = request.head.headers.first(name: "host")?.split(separator: ":").first
        guard host == "127.0.0.1" || host == "localhost" else { return Answer(status: .forbidden) }
        let target = URLComponents(string: request.head.uri)
        let form = request.body.map { String(buffer: $0).replacingOccurrences(of: "+", with: "%20") } ?? ""
        let items = (target?.queryItems ?? []) + (URLComponents(string: "?" + form)?.queryItems ?? [])
        let fields = Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 }
        let cookies = request.head.headers[canonicalForm: "cookie"].flatMap { $0.split(separator: ";") }
        let token = cookies.map { $0.trimmingCharacters(in: .whitespaces) }.first { $0.hasPrefix("token=") }?.dropFirst(6)
        return await Page.answer(
            Visit(method: request.head.method, path: target?.path ?? "", fields: fields, token: token.map(String.init)))
    }
}
