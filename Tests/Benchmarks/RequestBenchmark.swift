import AsyncHTTPClient
import DiscoveryKit
import HTTPServing
import NIOCore
import NIOHTTP1

/// A request through the facade against the same POST by the HTTP client underneath, set up the same way. The server is a process of its
/// own. The two take turns every few dozen requests, since the time of a round trip between two processes wanders.
enum RequestBenchmark: Benchmark {
    static let name = "request"
    static let summary = "discovery.request, with policies, to a local HTTP function, against plain async-http-client, 1 and 64 at a time"

    private static let slices = 12
    static let question = Array(#"{"id":7,"name":"get-job"}"#.utf8)
    static let answer = Array(#"{"id":7,"name":"get-job","state":"running","attempts":1}"#.utf8)

    static func run(_ session: Session) async throws -> [Figure] {
        let home = session.freshPath()
        defer { session.remove(home) }
        let server = try Child.play(AnsweringRole.self, [])
        guard let port = server.readLine() else { throw Child.Failure(description: "the server did not start") }
        let url = "http://127.0.0.1:\(port)/"
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: home)
        configuration.policies = [
            PolicyRule("*") { $0.attempts = 4 }, PolicyRule("ais.*") { $0.balancing = .leastInFlight },
            PolicyRule("ais.scheduler->get-*") { $0.deadline = .seconds(20) },
        ]
        let discovery = try Discovery(configuration)
        try await discovery.register("ais.scheduler->get-job", Resource(.function, at: url))
        var message = Message.bytes(question)
        message.contentType = "application/json"
        let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: plain)
        let question = message
        let ours = { @Sendable in
            let reply = try await discovery.request("ais.scheduler->get-job", question)
            guard reply.message.body.count == answer.count else { throw Child.Failure(description: "a wrong answer") }
        }
        let reference = { @Sendable in
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: question.body))
            var body = try await client.execute(request, timeout: .seconds(30)).body.collect(upTo: 6 << 20)
            guard body.readBytes(length: body.readableBytes)?.count == answer.count else {
                throw Child.Failure(description: "a wrong answer")
            }
        }
        let one = try await compare(session, tasks: 1, each: 50, ours, reference)
        let many = try await compare(session, tasks: 64, each: 6, ours, reference)
        let adapter = HTTPFunctionAdapter(maximumReplySize: 6 << 20)
        let resource = Resource(.function, at: url)
        let bare = { @Sendable in
            let request = Request(question, to: "ais.scheduler->get-job", deadline: .now + .seconds(30))
            _ = try await adapter.request(request, from: resource)
        }
        let facade = try await compare(session, tasks: 1, each: 50, ours, bare)
        let machinery = try await machinery(session, configuration, question, calls: one.reference)
        try await client.shutdown()
        await discovery.shutdown()
        try server.finish()
        return [
            Figure("request, 1 at a time", "µs, median", one, goal: .ratioAtMost(1.1)),
            Figure("request, 64 at a time", "µs, median", many, goal: .ratioAtMost(1.1)),
            Figure("request, against one try of its adapter", "µs, median", facade),
            Figure("request, all but the try, against a plain call", "µs, median", machinery, goal: .ratioAtMost(0.02)),
        ]
    }

    /// Resolving, policies, breaker, budget, deadline and telemetry: what a call costs whose adapter answers at once.
    private static func machinery(
        _ session: Session, _ configuration: Discovery.Configuration, _ question: Message, calls: [Double]
    ) async throws -> Pairs {
        struct Immediate: RequestAdapter {
            func accepts(_ resource: Resource) -> Bool { true }
            func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
                Reply(message: .empty, servedBy: request.address)
            }
        }
        var configuration = configuration
        configuration.adapters = [Immediate()]
        let discovery = try Discovery(configuration)
        var pairs = Pairs()
        for call in calls {
            let times = try await times(1, 2_000) { _ = try await discovery.request("ais.scheduler->get-job", question) }
            pairs.add(times.median, call)
        }
        await discovery.shutdown()
        return pairs
    }

    /// As the library sets its own up.
    private static var plain: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tracing.tracer = nil
        return configuration
    }

    private static func compare(
        _ session: Session, tasks: Int, each: Int, _ ours: @escaping @Sendable () async throws -> Void,
        _ reference: @escaping @Sendable () async throws -> Void
    ) async throws -> Pairs {
        var pairs = Pairs()
        for round in 0...session.rounds {
            var (left, right): ([Double], [Double]) = ([], [])
            for slice in 0..<slices {
                // Neither always comes second.
                if slice % 2 == 0 {
                    left += try await times(tasks, each, ours)
                    right += try await times(tasks, each, reference)
                } else {
                    right += try await times(tasks, each, reference)
                    left += try await times(tasks, each, ours)
                }
            }
            // The first is not counted.
            guard round > 0 else { continue }
            pairs.add(left.median, right.median)
        }
        return pairs
    }

    /// Microseconds of each call.
    private static func times(_ tasks: Int, _ each: Int, _ call: @escaping @Sendable () async throws -> Void) async throws -> [Double] {
        try await withThrowingTaskGroup(of: [Double].self) { group in
            for _ in 0..<tasks {
                group.addTask {
                    var times: [Double] = []
                    for _ in 0..<each { times.append(try await nanoseconds(call) / 1_000) }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}

/// Answers every request with the same few bytes; prints its port first.
enum AnsweringRole: Role {
    static let name = "answering-role"

    static func run(_ arguments: [String]) async throws {
        let server = try await HTTPServer.bind { _ in
            HTTPResponse(status: 200, headers: [("Content-Type", "application/json")], body: RequestBenchmark.answer)
        }
        let running = Task { try await server.run() }
        say(String(server.port))
        waitForEndOfInput()
        running.cancel()
        _ = await running.result
    }
}
