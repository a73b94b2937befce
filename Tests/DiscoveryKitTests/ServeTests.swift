import DiscoveryKit
import Foundation
import HTTPServing
import Logging
import ServiceLifecycle
import Synchronization
import Testing

private struct Query: Codable, Sendable { let id: Int }
private struct Refusal: Error, CustomStringConvertible { let description = "no such job" }

/// Serves until `body` returns; then the task is cancelled.
private func serving<Value>(
    _ discovery: Discovery, _ address: Address, options: ServeOptions? = nil,
    _ handler: @escaping @concurrent @Sendable (Request) async throws -> Message, _ body: (Discovery.Serving) async throws -> Value
) async throws -> Value {
    let ready = Event<Discovery.Serving>()
    let task = Task { try await discovery.serve(address, options: options, whenServing: { ready.happened($0) }, handler: handler) }
    guard let serving = await ready.wait() else { throw CancellationError() }
    do {
        let value = try await body(serving)
        task.cancel()
        _ = await task.result
        return value
    } catch {
        task.cancel()
        _ = await task.result
        throw error
    }
}

@Suite struct ServeTests {
    @Test func `a closure is callable by address`() async throws {
        try await withDiscovery { discovery in
            let ready = Event<Void>()
            let task = Task {
                try await discovery.serve("ais.scheduler->double") { (query: Query) in
                    Query(id: query.id * 2)
                }
            }
            _ = ready
            var answer: Query?
            while answer == nil { answer = try? await discovery.request("ais.scheduler->double", Query(id: 21)) }
            #expect(answer?.id == 42)
            task.cancel()
            await #expect(throws: DiscoveryError.self) { try await task.value }
            #expect(
                await failure { try await discovery.resolve("ais.scheduler->double") }?.code == .notFound, "it deregisters when it ends")
        }
    }

    @Test func `what a handler throws reaches the caller as the function's own error`() async throws {
        try await withDiscovery { discovery in
            try await serving(discovery, "ns.s->f", { _ in throw Refusal() }) { _ in
                let error = await failure { try await discovery.request("ns.s->f") }
                #expect(error?.code == .functionFailed)
                #expect(error?.functionError?.type == "Refusal" && error?.functionError?.message == "no such job")
            }
        }
    }

    @Test func `a body that cannot be decoded is the caller's fault, a method other than POST is refused`() async throws {
        try await withDiscovery { discovery in
            try await serving(discovery, "ns.s->f", { try Message.json(try $0.decode(Query.self)) }) { _ in
                let error = await failure { try await discovery.request("ns.s->f", Message.text("not json")) }
                #expect(error?.functionError?.status == 400)
            }
        }
    }

    @Test func `a handler sees the body, the attributes, the address and how long the caller waits`() async throws {
        try await withDiscovery { discovery in
            let seen = Mutex<Request?>(nil)
            try await serving(
                discovery, "ns.s->f",
                { request in
                    seen.withLock { $0 = request }
                    return .text("ok", attributes: ["back": .number("1")])
                }
            ) { _ in
                var options = RequestOptions()
                options.deadline = .seconds(7)
                options.headers = ["X-Own": "yes"]
                let reply = try await discovery.request(
                    "ns.s->f", Message.bytes([1, 2], attributes: ["Kind": .string("a")]), options: options)
                #expect(reply.message.attributes == ["back": .number("1")])
                let request = try #require(seen.withLock { $0 })
                #expect(request.message.body == [1, 2] && request.message.attributes == ["Kind": .string("a")])
                #expect(request.address == "ns.s->f" && request.headers["x-own"] == "yes")
                #expect(request.deadline < .now + .seconds(8))
            }
        }
    }

    @Test func `serving any instance registers replicas beside each other`() async throws {
        try await withDiscovery { discovery in
            try await serving(discovery, "corp.worker->*", { _ in .text("one") }) { first in
                try await serving(discovery, "corp.worker->*", { _ in .text("two") }) { second in
                    #expect(first.address != second.address)
                    var seen: Set<String> = []
                    for _ in 0..<100 {
                        seen.insert(String(decoding: try await discovery.request("corp.worker").message.body, as: UTF8.self))
                    }
                    #expect(seen == ["one", "two"])
                }
                for _ in 0..<20 { #expect(try await discovery.request("corp.worker->*").message.body == Array("one".utf8)) }
            }
        }
    }

    @Test func `a second server takes the address over, and the first's end leaves it alone`() async throws {
        try await withHome { home in
            let lines = Event<String>()
            let logger = Logger(label: "test") { _ in RecordingLogHandler { _, line in lines.happened(line) } }
            let discovery = try discovery(home)
            try await withDiscovery(home: home, configure: { $0.logger = logger }) { replaced in
                let ready = Event<Discovery.Serving>()
                let first = Task {
                    try await replaced.serve("ns.s->f", whenServing: { ready.happened($0) }, handler: { _ in .text("first") })
                }
                #expect(await ready.wait()?.replaced == false)
                #expect(try await discovery.request("ns.s->f").message.body == Array("first".utf8))
                try await serving(discovery, "ns.s->f", { _ in .text("second") }) { second in
                    #expect(second.replaced)
                    let swapped = try await discovery.request("ns.s->f")
                    #expect(swapped.message.body == Array("second".utf8))
                    #expect(await lines.wait()?.contains("served elsewhere") == true, "who was replaced is told")
                    first.cancel()
                    _ = await first.result
                    let after = try await discovery.request("ns.s->f")
                    #expect(after.message.body == Array("second".utf8))
                }
            }
            await discovery.shutdown()
        }
    }

    private func discovery(_ home: String) throws -> Discovery {
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: home)
        return try Discovery(configuration)
    }

    @Test func `graceful shutdown deregisters, answers what has begun, and ends without an error`() async throws {
        try await withDiscovery { discovery in
            let ready = Event<Discovery.Serving>()
            let began = Event<Void>()
            let goOn = Event<Void>()
            let service = Serve(discovery: discovery) {
                try await $0.serve("ns.s->slow", whenServing: { ready.happened($0) }) { _ in
                    began.happened(())
                    _ = await goOn.wait()
                    return .text("answered")
                }
            }
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: service)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            let running = Task { try await group.run() }
            _ = await ready.wait()
            let call = Task { try await discovery.request("ns.s->slow") }
            await began.wait()
            await group.triggerGracefulShutdown()
            while await failure({ try await discovery.resolve("ns.s->slow") }) == nil { await Task.yield() }
            goOn.happened(())
            #expect(try await call.value.message.body == Array("answered".utf8))
            try await running.value
        }
    }

    @Test func `a port that is taken, a host nobody can call and an address without an instance are errors`() async throws {
        try await withDiscovery { discovery in
            try await serving(discovery, "ns.s->f", { _ in .empty }) { first in
                var options = ServeOptions()
                options.port = Int(first.url.split(separator: ":").last?.dropLast() ?? "")
                #expect(await failure { try await discovery.serve("ns.s->g", options: options) { _ in .empty } }?.code == .configuration)
            }
            var options = ServeOptions()
            options.host = "0.0.0.0"
            #expect(await failure { try await discovery.serve("ns.s->g", options: options) { _ in .empty } }?.code == .configuration)
            #expect(await failure { try await discovery.serve("ns.s") { _ in .empty } }?.code == .invalid)
            #expect(await failure { try await discovery.serve("ns.s[a=b]->g") { _ in .empty } }?.code == .invalid)
            #expect(await failure { try await discovery.register("ns.s->*", Resource(.function, at: "http://a/")) }?.code == .invalid)
        }
    }

    @Test func `a swap between two servers under constant load fails no call`() async throws {
        try await withDiscovery { discovery in
            try await serving(discovery, "ns.s->a", { _ in .text("a") }) { first in
                try await serving(discovery, "ns.s->b", { _ in .text("b") }) { second in
                    try await discovery.register("ns.s->f", Resource(.function, at: first.url))
                    let calls = try await withThrowingTaskGroup(of: Int.self) { group in
                        for _ in 0..<8 {
                            group.addTask {
                                for _ in 0..<50 { _ = try await discovery.request("ns.s->f") }
                                return 50
                            }
                        }
                        for round in 0..<50 {
                            try await discovery.register("ns.s->f", Resource(.function, at: round % 2 == 0 ? second.url : first.url))
                        }
                        return try await group.reduce(0, +)
                    }
                    #expect(calls == 400)
                }
            }
        }
    }
}

private struct Serve: Service {
    let discovery: Discovery
    let body: @Sendable (Discovery) async throws -> Void
    func run() async throws { try await body(discovery) }
}
