import Foundation
import HTTPServing
import NIOCore
import NIOHTTP1
import NIOPosix

/// The HTTP server's own cost: the same static body from a bare NIO handler, from a handler that answers at once and from one that is a
/// task, each on one event loop on one core, and wrk on the other. nginx with a file of that size is printed beside them.
enum ServerBenchmark: Benchmark {
    static let name = "server"
    static let summary = "HTTP requests a second on one core, at once and by a task, against a bare NIO handler; 10,000 idle connections"

    static let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1800)
    private static let seconds = 2
    private static let idleConnections = 10_000

    static func run(_ session: Session) async throws -> [Figure] {
        guard (try? Child.output(of: ["sh", "-c", "command -v wrk && command -v taskset"])) != nil else {
            throw Skipped(reason: "wrk or taskset is not here")
        }
        guard ProcessInfo.processInfo.activeProcessorCount > 1 else { throw Skipped(reason: "there is one core only") }
        var servers: [(name: String, child: Child, port: Int)] = []
        for kind in ServingRole.Kind.allCases {
            let child = try Child.play(ServingRole.self, [kind.rawValue], under: ["taskset", "-c", "0"])
            guard let port = child.readLine().flatMap({ Int($0) }) else { throw Child.Failure(description: "the server did not start") }
            servers.append((kind.rawValue, child, port))
        }
        if let nginx = try nginx(session) { servers.append(("nginx", nginx.child, nginx.port)) }
        var figures: [Figure] = []
        for connections in [16, 64] {
            var rates: [String: [Double]] = [:]
            for round in 0...session.rounds {
                for server in servers {
                    let rate = try load(port: server.port, connections: connections)
                    if round > 0 { rates[server.name, default: []].append(rate) }
                }
            }
            let bare = rates[ServingRole.Kind.bare.rawValue, default: []]
            for server in servers where server.name != ServingRole.Kind.bare.rawValue {
                var pairs = Pairs()
                for (ours, reference) in zip(rates[server.name, default: []], bare) { pairs.add(ours, reference) }
                let goal: Figure.Goal? = server.name == ServingRole.Kind.atOnce.rawValue ? .ratioAtLeast(0.85) : nil
                figures.append(Figure("server, \(server.name), \(connections) connections", "k/s", pairs, goal: goal))
            }
        }
        for server in servers { try server.child.finish() }
        figures += try idle(session)
        return figures
    }

    /// Thousands of requests a second.
    static func load(port: Int, connections: Int) throws -> Double {
        let report = try Child.output(of: [
            "taskset", "-c", "1", "wrk", "-t1", "-c\(connections)", "-d\(seconds)s", "http://127.0.0.1:\(port)/file",
        ])
        let line = report.split(separator: "\n").first { $0.hasPrefix("Requests/sec:") }
        guard let rate = line?.split(separator: " ").last.flatMap({ Double($0) }), !report.contains("Non-2xx") else {
            throw Child.Failure(description: "wrk: \(report)")
        }
        return rate / 1_000
    }

    static func nginx(_ session: Session, size: Int = body.count) throws -> (child: Child, port: Int)? {
        guard (try? Child.output(of: ["sh", "-c", "command -v nginx"])) != nil else { return nil }
        let folder = URL(filePath: session.freshPath())
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(repeating: UInt8(ascii: "x"), count: size).write(to: folder.appending(path: "file"))
        let probe = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).wait()
        let port = probe.localAddress?.port ?? 0
        try probe.close().wait()
        let text = """
            daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr;
            events { worker_connections 1024; }
            http { access_log off; keepalive_requests 1000000000; open_file_cache max=10; sendfile on;
              server { listen 127.0.0.1:\(port); root \(folder.path); } }
            """
        try text.write(to: folder.appending(path: "nginx.conf"), atomically: true, encoding: .utf8)
        // Ends with its standard input, as our own children do.
        let script = "taskset -c 0 nginx -p \(folder.path) -c \(folder.path)/nginx.conf </dev/null & cat; kill $!; wait; true"
        let child = try Child.start(["sh", "-c", script])
        for _ in 0..<100 {
            if (try? load(port: port, connections: 1)) != nil { return (child, port) }
        }
        throw Child.Failure(description: "nginx did not start")
    }

    /// What connections that send nothing cost the server, and what they cost others.
    private static func idle(_ session: Session) throws -> [Figure] {
        let room = DescriptorLimit.raise(forConnections: idleConnections)
        guard room == idleConnections else { return [] }
        let child = try Child.play(ServingRole.self, [ServingRole.Kind.atOnce.rawValue], under: ["taskset", "-c", "0"])
        guard let port = child.readLine().flatMap({ Int($0) }) else { throw Child.Failure(description: "the server did not start") }
        func memory(with count: Int) throws -> Double {
            try child.say(String(count))
            return child.readLine().flatMap { Double($0) } ?? .nan
        }
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        var channels = [try bootstrap.connect(host: "127.0.0.1", port: port).wait()]
        let alone = try (0..<session.rounds).map { _ in try load(port: port, connections: 64) }
        let before = try memory(with: 1)
        for _ in 0..<idleConnections { channels.append(try bootstrap.connect(host: "127.0.0.1", port: port).wait()) }
        let after = try memory(with: idleConnections + 1)
        var pairs = Pairs()
        for rate in alone { pairs.add(try load(port: port, connections: 64), rate) }
        for channel in channels { try channel.close().wait() }
        try child.finish()
        return [
            Figure("server, an idle connection", "KiB", [(after - before) / Double(idleConnections)], goal: .atMost(16)),
            Figure("server, at once beside 10,000 idle, against alone", "k/s", pairs, goal: .ratioAtLeast(0.9)),
        ]
    }
}

/// Answers every request with the same bytes from one event loop; prints its port first, and for each number it is told its memory in KiB
/// once it has so many connections.
enum ServingRole: Role {
    static let name = "serving-role"

    enum Kind: String, CaseIterable {
        case bare = "bare NIO"
        case atOnce = "at once"
        case task = "by a task"
    }

    static func run(_ arguments: [String]) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        switch arguments.first.flatMap({ Kind(rawValue: $0) }) {
        case .bare:
            let body = ByteBuffer(
                repeating: UInt8(ascii: "x"), count: arguments.dropFirst().first.flatMap { Int($0) } ?? ServerBenchmark.body.count)
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(BareHandler(body))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            say(String(channel.localAddress?.port ?? 0))
            waitForEndOfInput()
        case .atOnce: try await serve(group) { _ in BareHandler.response }
        case .task, nil: try await serve(group, nil)
        }
    }

    private static func serve(_ group: any EventLoopGroup, _ atOnce: (@Sendable (HTTPRequest) -> HTTPResponse?)?) async throws {
        var configuration = HTTPServerConfiguration(maximumConnections: 15_000)
        configuration.idleTimeout = .seconds(600)
        _ = DescriptorLimit.raise(forConnections: configuration.maximumConnections)
        let server = try await HTTPServer.bind(configuration, on: group, atOnce: atOnce) { _ in BareHandler.response }
        let running = Task { try await server.run() }
        say(String(server.port))
        while let count = readLine().flatMap({ Int($0) }) {
            while server.connections < count { try await Task.sleep(for: .milliseconds(5)) }
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            say(
                status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }?.split(separator: " ").dropFirst().first.map(String.init)
                    ?? "")
        }
        running.cancel()
        _ = await running.result
    }
}

/// What one writes who needs nothing but an answer.
private final class BareHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let buffer = ByteBuffer(bytes: ServerBenchmark.body)

    /// As one that is made for each request.
    static var response: HTTPResponse {
        HTTPResponse(headers: [("Content-Type", "application/json")], buffer: buffer)
    }

    private let body: ByteBuffer

    init(_ body: ByteBuffer) { self.body = body }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        let headers: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": String(body.readableBytes)]
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
