import DiscoveryKit
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// The least HTTP that a page needs, on loopback, a connection for each: `Discovery.serve` answers calls, which are POSTs, and no browser's GET.
enum PageServer {
    struct Visit: Sendable { var method: HTTPMethod, path: String, fields: [String: String], token: String? }
    struct Answer: Sendable { var status = HTTPResponseStatus.ok, headers: [(String, String)] = [], html = "" }

    static func run(port: Int) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandlers(NIOHTTPServerRequestAggregator(maxContentLength: 16 << 10), Handler())
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        // Anything with a URL can be registered: this is how whoever started us finds the page.
        try await Discovery.register("social.page->home", Resource(.function, at: "http://127.0.0.1:\(server.localAddress?.port ?? port)/"))
        try await server.closeFuture.get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = NIOHTTPServerRequestFull

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let request = unwrapInboundIn(data), channel = context.channel
            channel.eventLoop.makeFutureWithTask { await Page.answer(visit(request)) }.whenSuccess { answer in
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

    private static func visit(_ request: NIOHTTPServerRequestFull) -> Visit {
        // By a name of its own, another site could make its visitors' browsers read this one.
        let host = request.head.headers.first(name: "host")?.split(separator: ":").first ?? ""
        let target = ["127.0.0.1", "localhost"].contains(host) ? URLComponents(string: request.head.uri) : nil
        let form = request.body.map { String(buffer: $0).replacingOccurrences(of: "+", with: "%20") } ?? ""
        let items = (target?.queryItems ?? []) + (URLComponents(string: "?" + form)?.queryItems ?? [])
        let cookies = request.head.headers["cookie"].flatMap { $0.split(separator: ";") }.map { $0.trimmingCharacters(in: .whitespaces) }
        return Visit(
            method: request.head.method, path: target?.path ?? "", fields: Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 },
            token: cookies.first { $0.hasPrefix("token=") }.map { String($0.dropFirst(6)) })
    }
}
