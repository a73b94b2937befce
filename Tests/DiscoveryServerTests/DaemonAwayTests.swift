import DiscoveryTesting
import Foundation
import HTTPServing
import Logging
import Synchronization
import Testing

@testable import DiscoveryKit
@testable import DiscoveryServer

/// The library, and a daemon that comes and goes.
@Suite(.timeLimit(.minutes(5))) struct DaemonAwayTests {
    @Test func `calls go on while the daemon is away, and what is not remembered says so`() async throws {
        let (client, place) = try await ServedClient.with(by: RemoteTimes(timeToLive: .milliseconds(100), confirmation: .milliseconds(50)))
        {
            client, place in
            let reply = try await client.request(place)
            #expect(reply.message.body == Array("it".utf8))
        }
        // The daemon has ended, the server of the function has not.
        let end = ContinuousClock.now + .milliseconds(300)
        while ContinuousClock.now < end {
            let reply = try await client.discovery.request(place)
            #expect(reply.message.body == Array("it".utf8))
        }
        let explanation = try await client.discovery.explain(place)
        #expect(explanation.cache.hasPrefix("stale, as \(client.url) does not answer"), "\(explanation.cache)")
        #expect(explanation.chosen == place.text)
        let error = await #expect(throws: DiscoveryError.self) { try await client.discovery.resolve("elsewhere.a->b") }
        #expect(error?.code == .unreachable && error?.message.contains("Start discoveryd, or correct DISCOVERY_ENDPOINT") == true)
        await client.end()
    }

    @Test func `what is too old is not used any more`() async throws {
        let times = RemoteTimes(timeToLive: .milliseconds(20), confirmation: .milliseconds(10), staleness: .milliseconds(50), pause: .zero)
        let (client, place) = try await ServedClient.with(by: times) { client, place in _ = try await client.request(place) }
        await #expect(throws: DiscoveryError.self) { while true { _ = try await client.discovery.resolve(place) } }
        await client.end()
    }

    @Test func `a daemon that comes back finds callers and servers as they were`() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-restart-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let times = RemoteTimes(
            timeToLive: .milliseconds(50), confirmation: .milliseconds(25), pause: .milliseconds(20), lease: .seconds(5))
        let (client, place) = try await ServedClient.with(home: home, by: times) { client, place in _ = try await client.request(place) }
        let calls = Calls()
        let load = Task {
            while !Task.isCancelled {
                do throws(DiscoveryError) {
                    _ = try await client.discovery.request(place)
                    calls.made.wrappingAdd(1, ordering: .relaxed)
                } catch {
                    if error.code != .cancelled { calls.failures.withLock { $0.append(error.message) } }
                }
            }
        }
        for _ in 0..<3 {
            try await ServerTrial.run({
                $0.home = home
                $0.host = client.host
                $0.port = client.port
            }) { trial in
                let other = try Discovery.remote(trial.url)
                let reply = try await other.request(place)
                #expect(reply.message.body == Array("it".utf8))
                await other.shutdown()
            }
        }
        load.cancel()
        await load.value
        #expect(calls.failures.withLock { $0 } == [])
        #expect(calls.made.load(ordering: .relaxed) > 0)
        await client.end()
    }

    @Test func `a daemon that hangs keeps nobody longer than he wants to wait`() async throws {
        let times = RemoteTimes(
            timeToLive: .milliseconds(20), confirmation: .milliseconds(10), patience: .milliseconds(20), lease: .seconds(1))
        let (client, place) = try await ServedClient.with(by: times) { client, place in _ = try await client.request(place) }
        try await Self.withHanging(client.host, client.port) {
            let start = ContinuousClock.now
            var options = RequestOptions()
            options.deadline = .seconds(5)
            var hasty = options
            hasty.deadline = .milliseconds(100)
            // A call of Cloud Map may take ten seconds.
            for _ in 0..<20 {
                let reply = try await client.discovery.request(place, options: options)
                #expect(reply.message.body == Array("it".utf8))
            }
            let explanation = try await client.discovery.explain(place)
            #expect(explanation.cache.hasPrefix("stale, as \(client.url) does not answer"), "\(explanation.cache)")
            let late = await #expect(throws: DiscoveryError.self) {
                _ = try await client.discovery.request("elsewhere.a->b", options: hasty)
            }
            #expect(late?.code == .deadlineExceeded && late?.address == "elsewhere.a->b")
            let caller = Task { try await client.discovery.request("elsewhere.c->d") }
            caller.cancel()
            let cancelled = await #expect(throws: DiscoveryError.self) { _ = try await caller.value }
            #expect(cancelled?.code == .cancelled)
            // A renewal is given up in time for the next.
            await client.renewalHasFailed()
            #expect(ContinuousClock.now - start < .seconds(60))
        }
        await client.end()
    }

    @Test func `a lease is renewed for as long as its server runs, and registered again where it was lost`() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-lost-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let times = RemoteTimes(pause: .milliseconds(20), lease: .seconds(3))
        let (client, place) = try await ServedClient.with(home: home, by: times) { client, place in _ = try await client.request(place) }
        // A client that can only be answered by renewals that fail: nobody listens.
        let embedded = try Discovery.embedded(home)
        try await embedded.deregister(place)
        await client.renewalHasFailed()
        try await ServerTrial.run({
            $0.home = home
            $0.host = client.host
            $0.port = client.port
        }) { _ in
            while true {
                do {
                    _ = try await embedded.resolve(place)
                    return
                } catch { try await Task.sleep(for: .milliseconds(20)) }
            }
        }
        await embedded.shutdown()
        await client.end()
    }

    /// Where a daemon was, something takes requests and answers none.
    private static func withHanging(_ host: String, _ port: Int, _ body: () async throws -> Void) async throws {
        let held = Landing<Void>()
        let server = try await HTTPServer.bind(HTTPServerConfiguration(host: host, port: port)) { _ in
            _ = await held.value(until: nil)
            return HTTPResponse(status: 503)
        }
        let run = Task { try await server.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        held.land(())
        await server.drain(deadline: .zero)
        _ = await run.result
        try result.get()
    }
}

/// Counts calls.
private final class Calls: Sendable {
    let made = Atomic(0)
    let failures = Mutex<[String]>([])
}
