import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPServing

/// Callers that come while a server leaves: each is answered, told that it did not start, or never connected.
@Suite(.serialized) struct LateArrivalTests {
    private static let host = RawClient.ownHost()
    private static let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    /// Never over while a test looks.
    private static let endless = Duration.seconds(3600)

    @Test func `a request on its way to an idle connection that is closed is told that it did not start`() async throws {
        let begun = Counter()
        let respond: @concurrent @Sendable (HTTPRequest) async -> HTTPResponse = { request in
            begun.add()
            return await echo(request)
        }
        try await withServer(respond: respond) { server in
            let used = try RawClient(port: server.port)
            let fresh = try RawClient(port: server.port)
            defer { for client in [used, fresh] { client.close() } }
            try used.send(Self.request)
            #expect(try await onThread { try used.reply() }?.status == 200)
            try await eventually("both are there") { server.state.openConnections == 2 }
            let draining = Task { await server.drain(deadline: Self.endless) }
            try await eventually("nothing is waited for but the peers' ends") { server.state.phase == .stopping }
            for client in [used, fresh] {
                #expect(!client.hasNothingToRead(forMilliseconds: 60_000))
                try client.send(Self.request)
                let (reply, rest) = try await onThread { (try client.reply(), try client.rest()) }
                #expect(reply?.status == 503)
                #expect(reply?.headers["retry-after"] == "0")
                #expect(reply?.closes == true)
                #expect(rest.isEmpty)
                client.close()
            }
            await draining.value
            #expect(begun.count == 1)
        }
    }

    @Test func `an answer is there even for one who sends when the server has long ended`() async throws {
        let server = try await HTTPServer.bind(HTTPServerConfiguration(closeTimeout: .zero, linger: .zero), respond: echo)
        let running = Task { try await server.run() }
        let client = try RawClient(port: server.port)
        defer { client.close() }
        try await eventually("it is there") { server.state.openConnections == 1 }
        await server.drain(deadline: Self.endless)
        try await running.value
        try client.send(Self.request)
        #expect(try await onThread { try client.reply() }?.status == 503)
    }

    @Test(arguments: [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]])
    func `connections that wait while the machine stalls are answered`(stalled: [Int]) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        let loops = Array(group.makeIterator())
        let server = try await HTTPServer.bind(HTTPServerConfiguration(linger: .zero), on: group, respond: echo)
        let running = Task { try await server.run() }
        // One in work, so that accepting has begun.
        let first = try RawClient(port: server.port)
        try first.send(Self.request)
        #expect(try await onThread { try first.reply() }?.status == 200)
        first.close()

        let goOn = DispatchSemaphore(value: 0)
        for index in stalled { loops[index].execute { goOn.wait() } }
        let clients = try (0..<100).map { _ in try RawClient(port: server.port) }
        for client in clients.dropFirst(20) { try client.send(Self.request) }
        let draining = Task { await server.drain(deadline: Self.endless) }
        // Longer than it would take the server to end, were it not for the stall.
        try await Task.sleep(for: .milliseconds(150))
        for _ in stalled { goOn.signal() }
        for (number, client) in clients.enumerated() {
            let reply = try await onThread {
                if number < 20 { try client.send(Self.request) }
                return try client.reply()
            }
            #expect([200, 503].contains(reply?.status), "client \(number) of a server whose loops \(stalled) stalled")
            client.close()
        }
        await draining.value
        try await running.value
        try await group.shutdownGracefully()
    }

    @Test func `callers that never try again lose no call to servers that follow one another`() async throws {
        let drains = ProcessInfo.processInfo.environment["DISCOVERY_ROUNDS"].flatMap { Int($0) } ?? 30
        let stage = Stage()
        func start(_ number: Int) async throws -> (HTTPServer, Task<Void, any Error>) {
            let linger = Duration.milliseconds([0, 1, 5][number % 3])
            let server = try await HTTPServer.bind(HTTPServerConfiguration(host: Self.host, linger: linger), respond: echo)
            return (server, Task { try await server.run() })
        }
        var (server, running) = try await start(0)
        stage.port = server.port
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    try await onThread {
                        var caller = Caller(number: number)
                        while let port = stage.port { stage.met(caller.call(port)) }
                        caller.leave()
                    }
                }
            }
            for number in 1...drains {
                let (next, nextRunning) = try await start(number)
                // Half of them learn of the successor only when the server has gone.
                if number % 2 == 0 { stage.port = next.port }
                await server.drain(deadline: .seconds(30))
                stage.port = next.port
                try await running.value
                (server, running) = (next, nextRunning)
            }
            stage.port = nil
            try await group.waitForAll()
        }
        await server.drain(deadline: .zero)
        try await running.value
        let met = stage.outcomes
        #expect(Set(met.keys).isSubset(of: ["200", "503", "refused"]), "\(met)")
        #expect(met["200", default: 0] > 0)
    }

    /// Where callers are to call, until there is nowhere, and what they met there.
    private final class Stage: Sendable {
        private let state = Mutex<(port: Int?, outcomes: [String: Int])>((nil, [:]))

        var port: Int? {
            get { state.withLock { $0.port } }
            set { state.withLock { $0.port = newValue } }
        }

        var outcomes: [String: Int] { state.withLock { $0.outcomes } }

        func met(_ outcome: String) {
            state.withLock { $0.outcomes[outcome, default: 0] += 1 }
        }
    }

    /// Calls over a connection that it keeps, and sends without looking whether that is still good.
    private struct Caller {
        let number: Int
        private var kept: (port: Int, client: RawClient)?

        init(number: Int) {
            self.number = number
        }

        mutating func leave() {
            kept?.client.close()
            kept = nil
        }

        mutating func call(_ port: Int) -> String {
            // Some always, some at times that meet an idle connection's end, some with a connection for each call.
            switch number % 4 {
            case 0: usleep(.random(in: 0...500))
            case 1: usleep(.random(in: 40_000...90_000))
            case 2: usleep(.random(in: 0...20_000))
            default:
                usleep(.random(in: 0...2_000))
                leave()
            }
            let client: RawClient
            if let kept, number % 8 >= 4 || kept.port == port {
                client = kept.client
            } else {
                leave()
                do {
                    client = try RawClient(host: LateArrivalTests.host, port: port)
                } catch {
                    return (error as? RawClient.Failure)?.code == ECONNREFUSED ? "refused" : "\(error)"
                }
                kept = (port, client)
            }
            do {
                // An answer may be there although nothing can be sent any more.
                try? client.send("GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
                guard let reply = try client.reply() else {
                    leave()
                    return "closed unanswered"
                }
                if reply.closes { leave() }
                return reply.status == 200 && reply.text != "GET /\(number) " ? "another's answer" : "\(reply.status)"
            } catch {
                leave()
                return "\(error)"
            }
        }
    }
}
