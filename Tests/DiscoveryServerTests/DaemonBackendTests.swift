import DiscoveryTesting
import Foundation
import HTTPServing
import Logging
import NIOHTTP1
import Registry
import Synchronization
import Testing

@testable import DiscoveryKit
@testable import DiscoveryServer

/// The library, with a daemon in the place of a home.
@Suite struct DaemonBackendTests {
    @Test(arguments: Self.names)
    func `a daemon conforms`(check name: String) async throws {
        try await ServerTrial.run { trial in try await Self.check(name, trial) }
    }

    @Test func `a daemon whose operations take their time conforms`() async throws {
        try await ServerTrial.run({
            $0.isFaithful = true
            $0.faithful.operationDelay = .milliseconds(30)
        }) { trial in
            for name in [
                "resolve: every change is seen by the next look", "serve: who serves an address that is served takes it over, and keeps it",
            ] { try await Self.check(name, trial) }
        }
    }

    // MARK: A daemon that is away

    @Test func `calls go on while the daemon is away, and what is not remembered says so`() async throws {
        let (client, place) = try await Self.withServed(by: RemoteTimes(timeToLive: .milliseconds(100), confirmation: .milliseconds(50))) {
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
        let (client, place) = try await Self.withServed(by: times) { client, place in _ = try await client.request(place) }
        await #expect(throws: DiscoveryError.self) { while true { _ = try await client.discovery.resolve(place) } }
        await client.end()
    }

    @Test func `a daemon that comes back finds callers and servers as they were`() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-restart-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let times = RemoteTimes(
            timeToLive: .milliseconds(50), confirmation: .milliseconds(25), pause: .milliseconds(20), lease: .seconds(1))
        let (client, place) = try await Self.withServed(home: home, by: times) { client, place in _ = try await client.request(place) }
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
                $0.port = client.port
            }) { trial in
                let other = try Self.client(trial.url)
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
        let (client, place) = try await Self.withServed(by: times) { client, place in _ = try await client.request(place) }
        try await Self.withHanging(port: client.port) {
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
            #expect(ContinuousClock.now - start < .seconds(9))
        }
        await client.end()
    }

    @Test func `ids are found where services fill several pages, and what is not there is told`() async throws {
        try await ServerTrial.run { trial in
            for number in 0..<101 {
                let place = Address(namespace: "many", service: "s\(number)", instance: .id("it"))
                try await trial.discovery.register(place, Resource(.function, at: "http://127.0.0.1:\(number + 1)/"))
            }
            let client = try Self.client(trial.url)
            for number in [100, 0, 50] {
                #expect(try await client.resolve("many.s\(number)->it").location == "http://127.0.0.1:\(number + 1)/")
            }
            let missing = await #expect(throws: DiscoveryError.self) { try await client.resolve("many.s101->it") }
            #expect(missing?.code == .notFound, "\(missing?.message ?? "")")
            try await client.register("many.s101->it", Resource(.function, at: "http://127.0.0.1:9/"))
            #expect(try await client.resolve("many.s101->it").location == "http://127.0.0.1:9/")
            await client.shutdown()
        }
    }

    // MARK: Leases

    @Test func `a server that stops renewing is gone within two terms`() async throws {
        try await ServerTrial.run { trial in
            let client = try Self.client(trial.url, RemoteTimes(lease: .seconds(1)))
            let place: Address = "leases.worker->one"
            let service = Registry.ServiceName.name(namespace: "leases", service: "worker")
            let registered = try await client.register(
                place, .function, ["type": "function", "url": "http://127.0.0.1:1/"], isLeased: true)
            let before = try #require(
                try await trial.discovery.client.names.listing(of: place.parts(), in: "leases", limit: 1).instances.first)
            #expect(before.health == .healthy && before.attributes["DISCOVERY_LEASE_SECONDS"] == "1")
            #expect(Registry.Instance.incarnation(of: before.attributes) == registered.incarnation)
            // As when it is killed: nothing is deregistered.
            let start = ContinuousClock.now
            await client.shutdown()
            try await trial.discovery.client.names.waitUntilReplaced("one", in: service, incarnation: before.incarnation)
            #expect(ContinuousClock.now - start < .seconds(10))
            await #expect(throws: DiscoveryError.self) { try await trial.discovery.resolve(place) }
        }
    }

    @Test func `a server that is killed is gone within two terms`() async throws {
        try await ServerTrial.run { trial in
            let server = Process()
            server.executableURL = Self.command
            server.arguments = ["serve", "killed.worker->it", "-a", "DISCOVERY_LEASE_SECONDS=1", "--", "cat"]
            server.environment = ["DISCOVERY_ENDPOINT": trial.url, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""]
            server.standardOutput = FileHandle.nullDevice
            try server.run()
            defer { server.terminate() }
            let names = trial.discovery.client.names
            let place: Address = "killed.worker->it"
            var found: Registry.Instance?
            while found == nil, server.isRunning {
                found = try? await names.listing(of: place.parts(), in: "killed", limit: 1).instances.first
                try await Task.sleep(for: .milliseconds(20))
            }
            let client = try Self.client(trial.url)
            let reply = try await client.request(place, .text("it"))
            #expect(reply.message.body == Array("it".utf8))
            kill(server.processIdentifier, SIGKILL)
            try await names.waitUntilReplaced(
                "it", in: .name(namespace: "killed", service: "worker"), incarnation: try #require(found).incarnation)
            await #expect(throws: DiscoveryError.self) { try await client.request(place) }
            await client.shutdown()
        }
    }

    @Test func `a lease is renewed for as long as its server runs, and registered again where it was lost`() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-lost-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        let times = RemoteTimes(pause: .milliseconds(20), lease: .seconds(1))
        let (client, place) = try await Self.withServed(home: home, by: times) { client, place in _ = try await client.request(place) }
        // A client that can only be answered by renewals that fail: nobody listens.
        let embedded = try Self.embedded(home)
        try await embedded.deregister(place)
        await client.renewalHasFailed()
        try await ServerTrial.run({
            $0.home = home
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

    @Test func `who deregisters a served address is not overruled by its server`() async throws {
        try await ServerTrial.run { trial in
            let client = try Self.client(trial.url, RemoteTimes(lease: .seconds(1)))
            let place: Address = "leases.worker->two"
            let registered = try await client.register(
                place, .function, ["type": "function", "url": "http://127.0.0.1:1/"], isLeased: true)
            try await trial.discovery.deregister(place)
            try await client.client.names.waitUntilReplaced(
                "two", in: .name(namespace: "leases", service: "worker"), incarnation: registered.incarnation)
            await #expect(throws: DiscoveryError.self) { try await trial.discovery.resolve(place) }
            await client.shutdown()
        }
    }

    @Test func `the end of a server leaves its successor's registration`() async throws {
        try await ServerTrial.run { trial in
            let (one, other) = (try Self.client(trial.url), try Self.client(trial.url))
            let place: Address = "leases.worker->three"
            let first = try await one.register(place, .function, ["url": "http://127.0.0.1:1/", "type": "function"], isLeased: true)
            let second = try await other.register(place, .function, ["url": "http://127.0.0.1:2/", "type": "function"], isLeased: true)
            #expect(!first.replaced && second.replaced && first.incarnation != second.incarnation)
            try await one.deregister(place, incarnation: first.incarnation)
            #expect(try await trial.discovery.resolve(place).location == "http://127.0.0.1:2/")
            // Also where it had asked before the successor came.
            let answer = try await trial(
                .POST, "/", #"{"ServiceId": "\#(try await Self.serviceID(trial))", "InstanceId": "three"}"#,
                headers: [
                    "X-Amz-Target": "Route53AutoNaming_v20170314.DeregisterInstance",
                    WireHeader.incarnation: Registry.Instance.incarnationText(first.incarnation),
                ])
            #expect(answer.status == 400 && answer.json["__type"] == "InstanceNotFound")
            #expect(try await trial.discovery.resolve(place).location == "http://127.0.0.1:2/")
            try await other.deregister(place, incarnation: second.incarnation)
            await #expect(throws: DiscoveryError.self) { try await trial.discovery.resolve(place) }
            await one.shutdown()
            await other.shutdown()
        }
    }

    // MARK: Access

    @Test func `a key opens what it is for, and what is wrong with one is told`() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data(
            #"{"keys": [{"id": "BOSS", "secret": "0123456789abcdef", "rules": [{"allow": ["*"], "on": "*"}]}, {"id": "AIS", "secret": "fedcba9876543210", "rules": [{"allow": ["resolve"], "on": "ais.*"}]}]}"#
                .utf8
        ).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        try await ServerTrial.run({ $0.keyFile = file }) { trial in
            let place: Address = "ais.scheduler->get-job"
            func client(_ id: String?, _ secret: String?) throws -> Discovery {
                var environment: [String: String] = [:]
                environment["AWS_ACCESS_KEY_ID"] = id
                environment["AWS_SECRET_ACCESS_KEY"] = secret
                return try Self.client(trial.url, environment: environment)
            }
            let boss = try client("BOSS", "0123456789abcdef")
            try await boss.register(place, Resource(.function, at: "http://127.0.0.1:1/"))
            try await boss.register("corp.secret->it", Resource(.function, at: "http://127.0.0.1:1/"))
            #expect(try await boss.resolve(place).location == "http://127.0.0.1:1/")
            let limited = try client("AIS", "fedcba9876543210")
            #expect(try await limited.resolve(place).location == "http://127.0.0.1:1/")
            #expect(try await limited.resolve("ais.scheduler->*").location == "http://127.0.0.1:1/")
            let refused: [(Discovery, String)] = [
                (try client("BOSS", "wrong-0123456789"), "The signature does not match"),
                (try client("NOBODY", "0123456789abcdef"), "NOBODY is not known"), (try client(nil, nil), "not signed"),
            ]
            for (client, reason) in refused {
                let error = await #expect(throws: DiscoveryError.self) { try await client.resolve(place) }
                #expect(error?.code == .configuration, "\(error?.message ?? "")")
                #expect(
                    error?.message.contains(reason) == true && error?.message.contains("AWS_ACCESS_KEY_ID") == true,
                    "\(error?.message ?? "")")
            }
            for operation in ["resolve", "register"] {
                let error = await #expect(throws: DiscoveryError.self) {
                    if operation == "resolve" {
                        _ = try await limited.resolve("corp.secret->it")
                    } else {
                        try await limited.register(place, Resource(.function, at: "http://127.0.0.1:2/"))
                    }
                }
                #expect(error?.code == .configuration && error?.message.contains(trial.url) == true, "\(error?.message ?? "")")
            }
            for client in [boss, limited] + refused.map(\.0) { await client.shutdown() }
        }
    }

    // MARK: What is not there yet

    @Test func `what a daemon does not do yet says what to do instead`() async throws {
        try await ServerTrial.run { trial in
            let client = try Self.client(trial.url)
            try await client.register("ais.garden->jobs", Resource(.queue, at: "arn:aws:sqs:local:000000000000:jobs"))
            try await client.register("ais.garden->news", Resource(.topic, at: "arn:aws:sns:local:000000000000:news"))
            let tries: [@Sendable () async throws -> Void] = [
                { try await client.queue("ais.garden->jobs", 1) }, { try await client.publish("ais.garden->news", 1) },
                { try await client.listen("ais.garden->jobs") { (_: Delivery) in } },
                { try await client.subscribe("ais.garden->news", url: "http://127.0.0.1:1/") },
                { try await client.requestLater("ais.garden->function", 1) }, { try await client.run() },
            ]
            for body in tries {
                let error = await #expect(throws: DiscoveryError.self) { try await body() }
                #expect(
                    error?.code == .unsupported && error?.message.contains("unset DISCOVERY_ENDPOINT") == true, "\(error?.message ?? "")")
            }
            #expect(try await client.services().map(\.service) == ["ais.garden"])
            #expect(try await client.instances(of: "ais.garden").map(\.instance) == ["jobs", "news"])
            await client.shutdown()
        }
    }
}

extension DaemonBackendTests {
    private static let names = Conformance.checks(of: { try client("http://127.0.0.1:1") }, defersCalls: false).map(\.name)

    private static func check(_ name: String, _ trial: ServerTrial) async throws {
        let url = trial.url
        // Shorter than users have it, as a check of swaps waits for it forty times. The second is for a machine that is busy.
        let times = RemoteTimes(timeToLive: .milliseconds(100), confirmation: .milliseconds(50))
        let checks = Conformance.checks(of: { try client(url, times) }, defersCalls: false, staleness: times.timeToLive + .seconds(1))
        try await #require(checks.first { $0.name == name }).run()
    }

    fileprivate static func client(
        _ url: String, _ times: RemoteTimes = RemoteTimes(), environment: [String: String] = [:], logger: Logger? = nil
    ) throws -> Discovery {
        var configuration = Discovery.Configuration()
        configuration.backend = .daemon(url, environment: environment, times: times)
        configuration.logger = logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try Discovery(configuration)
    }

    fileprivate static func embedded(_ home: String) throws -> Discovery {
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: home)
        return try Discovery(configuration)
    }

    /// Beside the test bundle, where the build puts all products.
    private static var command: URL {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/", !FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("discoveryd").path) {
            folder.deleteLastPathComponent()
        }
        return folder.appendingPathComponent("discovery")
    }

    private static func serviceID(_ trial: ServerTrial) async throws -> String {
        try #require(try await trial.discovery.services().first).id
    }

    /// Where a daemon was, something takes requests and answers none.
    private static func withHanging(port: Int, _ body: () async throws -> Void) async throws {
        let held = Landing<Void>()
        let server = try await HTTPServer.bind(HTTPServerConfiguration(host: "127.0.0.1", port: port)) { _ in
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

    /// A function served through a daemon, which goes on when the daemon has ended.
    private static func withServed(
        home: String? = nil, by times: RemoteTimes, _ body: (Discovery, Address) async throws -> Void
    ) async throws -> (ServedClient, Address) {
        let place: Address = "served.by->it"
        let kept = Mutex<ServedClient?>(nil)
        try await ServerTrial.run({ if let home { $0.home = home } }) { trial in
            let client = try ServedClient(trial.url, times, place)
            kept.withLock { $0 = client }
            await client.isServing()
            try await body(client.discovery, place)
        }
        return (try #require(kept.withLock { $0 }), place)
    }
}

/// Counts calls.
private final class Calls: Sendable {
    let made = Atomic(0)
    let failures = Mutex<[String]>([])
}

/// A client that serves.
private struct ServedClient: Sendable {
    let url: String
    let discovery: Discovery
    private let serving: Task<Void, any Error>
    private let begun: AsyncStream<Void>
    private let failed: AsyncStream<Void>

    var port: Int { URL(string: url)?.port ?? 0 }

    init(_ url: String, _ times: RemoteTimes, _ place: Address) throws {
        self.url = url
        let (failed, fail) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        var logger = Logger(label: "test") { _ in Told("a lease could not be renewed") { fail.yield() } }
        logger.logLevel = .debug
        let discovery = try DaemonBackendTests.client(url, times, logger: logger)
        let (begun, begin) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        serving = Task {
            defer { begin.finish() }
            try await discovery.serve(place, whenServing: { _ in begin.yield() }) { _ in .text("it") }
        }
        self.discovery = discovery
        self.begun = begun
        self.failed = failed
    }

    func isServing() async { for await _ in begun { return } }

    func renewalHasFailed() async { for await _ in failed { return } }

    func end() async {
        serving.cancel()
        _ = await serving.result
        await discovery.shutdown()
    }
}

/// Tells when something is logged.
private struct Told: LogHandler {
    let message: String
    let tell: @Sendable () -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    init(_ message: String, _ tell: @escaping @Sendable () -> Void) {
        self.message = message
        self.tell = tell
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if event.message.description == message { tell() }
    }
}
