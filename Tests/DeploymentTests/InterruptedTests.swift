import CloudFormation
import DiscoveryKit
import Foundation
import HTTPServing
import Synchronization
import Testing

@testable import Deployment

@Suite(.timeLimit(.minutes(30))) struct InterruptedTests {
    /// As often as other killing tests, of which each takes longer.
    @Test func `a deployment that is killed anywhere is taken up by the next, and so is a destruction`() async throws {
        for round in 0..<Rounds.count {
            var generator = SplitMix(round: round)
            try await withDeployment { deployment, _, path in
                let file = path + ".yaml"
                try whole.write(toFile: file, atomically: true, encoding: .utf8)
                defer { try? FileManager.default.removeItem(atPath: file) }
                let isUpdate = Bool.random(using: &generator)
                if isUpdate { try await deployment.deploy(whole, ["Color": "green"]) }
                let parameters = ["Stage": "prod", "Color": "red", "Seconds": "60"]
                let arguments = parameters.map { "\($0.key)=\($0.value)" }.sorted()
                let killed = try Child("deployer", path, "s", file, arguments[0], arguments[1], arguments[2])
                try await kill(killed, afterLines: .random(in: 0...(isUpdate ? 26 : 16), using: &generator), &generator)

                // What the next wants may be something else.
                let wanted = Bool.random(using: &generator) ? parameters : ["Color": "white"]
                try await deployment.deploy(whole, wanted)
                #expect(try await deployment.plan(whole, wanted).isEmpty, "\(Rounds.note) round \(round)")
                #expect(try await deployment.drift("s").drifts.isEmpty, "\(Rounds.note) round \(round)")
                let everything = try await deployment.everything()
                #expect(everything.count == 8, "\(everything.sorted()) \(Rounds.note) round \(round)")

                let destroyer = try Child("deployer", path, "s", "")
                try await kill(destroyer, afterLines: .random(in: 0...16, using: &generator), &generator)
                if try await !deployment.stacks().isEmpty { _ = try await deployment.destroy("s") }
                let left = try await deployment.everything()
                #expect(left.isEmpty, "\(left.sorted()) \(Rounds.note) round \(round)")
            }
        }
    }

    private func kill(_ child: Child, afterLines count: Int, _ generator: inout SplitMix) async throws {
        for _ in 0..<count {
            guard let line = await child.line(), line != "ended" else { break }
            #expect(!line.hasPrefix("failed"), "\(line)")
        }
        // Somewhere on its way to the next.
        for _ in 0..<Int.random(in: 0...2_000, using: &generator) { await Task.yield() }
        child.end()
    }

    @Test func `deploying a new implementation of an instance is the swap: no call fails under load`() async throws {
        func template(_ url: String) -> String {
            """
            Resources:
              Space: {Type: AWS::ServiceDiscovery::HttpNamespace, Properties: {Name: space}}
              S: {Type: AWS::ServiceDiscovery::Service, Properties: {Name: s, NamespaceId: !Ref Space}}
              I: {Type: AWS::ServiceDiscovery::Instance, Properties: {ServiceId: !Ref S, InstanceId: f, InstanceAttributes: {type: function, url: "\(url)"}}}
            """
        }
        let a = Mutex(0)
        let b = Mutex(0)
        try await withServer({ _ in
            a.withLock { $0 += 1 }
            return HTTPResponse(status: 200, headers: [], body: Array("a".utf8))
        }) { urlA in
            try await withServer({ _ in
                b.withLock { $0 += 1 }
                return HTTPResponse(status: 200, headers: [], body: Array("b".utf8))
            }) { urlB in
                try await withDeployment { deployment, discovery, _ in
                    try await deployment.deploy(template(urlA))
                    let load = Load()
                    let callers = (0..<16).map { _ in Task { try await load.call("space.s->f", discovery) } }
                    for index in 0..<50 {
                        try await deployment.deploy(template(index.isMultiple(of: 2) ? urlB : urlA))
                        let reply = try await discovery.request("space.s->f", .text("x"))
                        #expect(reply.message.body == Array((index.isMultiple(of: 2) ? "b" : "a").utf8))
                    }
                    load.end()
                    var calls = 0
                    for caller in callers { calls += try await caller.value }
                    #expect(calls > 0 && a.withLock { $0 } + b.withLock { $0 } == calls + 50, "each call ran once")
                }
            }
        }
    }

    /// A server on loopback that answers as told, with its URL.
    private func withServer<Value>(
        _ respond: @escaping @concurrent @Sendable (HTTPRequest) async -> HTTPResponse, _ body: (String) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPServerConfiguration()
        configuration.linger = .zero
        let server = try await HTTPServer.bind(configuration, respond: respond)
        let running = Task { try await server.run() }
        let result: Result<Value, any Error>
        do { result = .success(try await body("http://127.0.0.1:\(server.port)/")) } catch { result = .failure(error) }
        running.cancel()
        _ = await running.result
        return try result.get()
    }
}

/// Calls until it is ended.
private final class Load: Sendable {
    private let isOver = Atomic(false)

    func end() { isOver.store(true, ordering: .relaxed) }

    func call(_ address: Address, _ discovery: Discovery) async throws -> Int {
        var calls = 0
        while !isOver.load(ordering: .relaxed) {
            try await discovery.request(address, .text("x"))
            calls += 1
        }
        return calls
    }
}
