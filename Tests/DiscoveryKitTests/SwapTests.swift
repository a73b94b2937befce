import DiscoveryKit
import Foundation
import HTTPServing
import Logging
import NIOCore
import ServiceLifecycle
import Testing

/// Servers that take an address over from one another under load: no call fails, and none goes to a place that was left before it began.
@Suite(.serialized) struct SwapTests {
    private static let address: Address = "swap.service->function"

    /// What the callers of one test have met.
    private struct Met: Sendable {
        var calls = 0
        var failures: [String] = []
        var answeredBy: Set<Int> = []
    }

    /// Calls from `callers` tasks until `isOver`, each answer held against the server that was serving when its call began.
    private static func load(
        _ discovery: Discovery, callers: Int, swaps: Count, done: Count, until isOver: @escaping @Sendable () -> Bool
    ) async -> Met {
        await withTaskGroup(of: Met.self) { group in
            for _ in 0..<callers {
                group.addTask {
                    var met = Met()
                    while !isOver() {
                        let atLeast = swaps.value
                        let start = ContinuousClock.now
                        do throws(DiscoveryError) {
                            let reply = try await discovery.request(address, Message.text("who are you"))
                            let name = String(decoding: reply.message.body, as: UTF8.self)
                            if let number = Int(name), number >= atLeast {
                                met.answeredBy.insert(number)
                            } else {
                                met.failures.append("\(name) answered after \(atLeast) had taken over")
                            }
                        } catch {
                            met.failures.append("after \(atLeast) had taken over, in \(ContinuousClock.now - start): \(error)")
                        }
                        met.calls += 1
                        done.add()
                    }
                    return met
                }
            }
            return await group.reduce(into: Met()) {
                $0.calls += $1.calls
                $0.failures += $1.failures
                $0.answeredBy.formUnion($1.answeredBy)
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `ten thousand calls over two hundred swaps within a process all succeed`() async throws {
        let (calls, swaps, callers) = (10_000, 200, 64)
        try await withDiscovery { discovery in
            let swapped = Count()
            let isOver = Count()
            let done = Count()
            var server = try await GracefulServer(discovery, Self.address, name: "0")
            async let loaded = Self.load(discovery, callers: callers, swaps: swapped, done: done) {
                isOver.value > 0 && done.value >= calls
            }
            var ending: [GracefulServer] = []
            var problem: (any Error)?
            do {
                for number in 1...swaps {
                    // Swaps come evenly among the calls.
                    await done.reached(number * calls / swaps - calls / swaps / 2)
                    let next = try await GracefulServer(discovery, Self.address, name: "\(number)")
                    #expect(next.serving.replaced)
                    swapped.add()
                    await server.end()
                    ending.append(server)
                    server = next
                }
            } catch {
                problem = error
            }
            isOver.add()
            let met = await loaded
            await server.end()
            for server in ending + [server] { try await server.task.value }
            if let problem { throw problem }
            #expect(met.failures.isEmpty, "\(met.failures.count) of \(met.calls) failed, as \(met.failures.first ?? "")")
            #expect(met.calls >= calls)
            #expect(met.answeredBy.count > swaps / 2, "only \(met.answeredBy.count) servers were ever asked")
        }
    }

    @Test(.timeLimit(.minutes(10))) func `swaps between processes that end by SIGTERM fail no call`() async throws {
        try await withDiscovery { discovery in
            try await withHome(of: discovery) { home in
                let swapped = Count()
                let isOver = Count()
                let done = Count()
                var server = try await Self.child(home, name: "0")
                async let loaded = Self.load(discovery, callers: 8, swaps: swapped, done: done) { isOver.value > 0 }
                var problem: (any Error)?
                var ends: [Task<[String], Never>] = []
                do {
                    for number in 1...rounds {
                        await done.reached(number * 20)
                        let next = try await Self.child(home, name: "\(number)")
                        swapped.add()
                        server.kill(SIGTERM)
                        ends.append(Task { [server] in await server.lines() })
                        server = next
                    }
                } catch {
                    problem = error
                }
                // Some calls more, for the last one.
                await done.reached(done.value + 20)
                isOver.add()
                let met = await loaded
                for end in ends { #expect(await end.value == ["ended"], "it drained and left by itself") }
                if let problem { throw problem }
                #expect(met.failures.isEmpty, "\(met.failures.count) of \(met.calls) failed, as \(met.failures.first ?? "")")
                #expect(met.answeredBy.count > 1)
            }
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: [SIGTERM, SIGKILL])
    func `the end of a server that was replaced leaves the address to its successor`(signal: Int32) async throws {
        try await withDiscovery { discovery in
            try await withHome(of: discovery) { home in
                for _ in 0..<max(2, rounds / 4) {
                    let first = try await Self.child(home, name: "1")
                    #expect(try await discovery.request(Self.address).message.body == Array("1".utf8))
                    let second = try await Self.child(home, name: "2")
                    let location = try await discovery.resolve(Self.address).location
                    first.kill(signal)
                    let last = await first.lines()
                    #expect(last == (signal == SIGTERM ? ["ended"] : []))
                    #expect(try await discovery.resolve(Self.address).location == location)
                    #expect(try await discovery.request(Self.address).message.body == Array("2".utf8))
                    second.end()
                    #expect(await failure { try await discovery.resolve(Self.address) }?.code == .notFound, "its lease ended with it")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `a call that meets the end of an idle connection learns that it did not start`() async throws {
        try await withDiscovery {
            $0.policies = [PolicyRule("*") { $0.attempts = 1 }]
        } _: { discovery in
            for round in 0..<Rounds.count {
                var configuration = HTTPServerConfiguration()
                configuration.linger = .zero
                let server = try await HTTPServer.bind(configuration) { _ in HTTPResponse(text: "ok") }
                let running = Task { try await server.run() }
                let address: Address = "swap.service->\("round-\(round)")"
                try await discovery.register(address, Resource(.function, at: "http://127.0.0.1:\(server.port)/"))
                let calls = { @Sendable (delays: ClosedRange<Int>) async -> [DiscoveryError] in
                    await withTaskGroup(of: DiscoveryError?.self) { group in
                        for _ in 0..<16 {
                            group.addTask {
                                try? await Task.sleep(for: .microseconds(Int.random(in: delays)))
                                return await failure { try await discovery.request(address, Message.text("x")) }
                            }
                        }
                        return await group.reduce(into: []) { if let error = $1 { $0.append(error) } }
                    }
                }
                #expect(await calls(0...0).isEmpty)
                async let drained: Void = server.drain(deadline: .seconds(30))
                // The listener is closed, and idle connections with it, some 50 ms after the drain began.
                let met = await calls(45_000...60_000)
                // To connections whose end it has seen already the client gives a call now and then, and fails it before a byte is sent.
                let doubtful = met.filter { $0.code != .unreachable && $0.cause as? ChannelError != .ioOnClosedChannel }
                #expect(doubtful.isEmpty, "\(doubtful.count) of \(met.count), as \(doubtful.first.map { "\($0)" } ?? "")")
                await drained
                try await running.value
            }
        }
    }

    /// How often processes are ended: more with `Tests/run --long`.
    private var rounds: Int { max(2, (ProcessInfo.processInfo.environment["DISCOVERY_ROUNDS"].flatMap { Int($0) } ?? 30) / 3) }

    /// A process that serves the address, once it does.
    private static func child(_ home: String, name: String) async throws -> Child {
        let child = try Child("server", home, address.text, name)
        let line = await child.line()
        try #require(line?.hasPrefix("serving ") == true, "\(line ?? "it ended")")
        return child
    }

    private func withHome(of discovery: Discovery, _ body: (String) async throws -> Void) async throws {
        try await body(try await discovery.explain(Self.address).home)
    }
}

/// A function in a service group of its own, as an application runs one; it answers with its name.
private struct GracefulServer: Sendable {
    let task: Task<Void, any Error>
    let serving: Discovery.Serving
    private let group: ServiceGroup

    /// Returns once it serves.
    init(_ discovery: Discovery, _ address: Address, name: String) async throws {
        let ready = Event<Discovery.Serving>()
        let service = Function { try await discovery.serve(address, whenServing: { ready.happened($0) }) { _ in .text(name) } }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: service)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        self.group = group
        let task = Task {
            defer { ready.isOver() }
            try await group.run()
        }
        self.task = task
        guard let serving = await ready.wait() else {
            try await task.value
            throw CancellationError()
        }
        self.serving = serving
    }

    /// Begins to end; ``task`` is over when it has drained.
    func end() async { await group.triggerGracefulShutdown() }

    private struct Function: Service {
        let body: @Sendable () async throws -> Void
        func run() async throws { try await body() }
    }
}
