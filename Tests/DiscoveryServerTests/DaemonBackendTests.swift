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

    @Test func `ids are found where services fill several pages, and what is not there is told`() async throws {
        try await ServerTrial.run { trial in
            for number in 0..<101 {
                let place = Address(namespace: "many", service: "s\(number)", instance: .id("it"))
                try await trial.discovery.register(place, Resource(.function, at: "http://127.0.0.1:\(number + 1)/"))
            }
            let client = try Discovery.remote(trial.url)
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
            let client = try Discovery.remote(trial.url, RemoteTimes(lease: .seconds(3)))
            let place: Address = "leases.worker->one"
            let service = Registry.ServiceName.name(namespace: "leases", service: "worker")
            let registered = try await client.register(
                place, .function, ["type": "function", "url": "http://127.0.0.1:1/"], isLeased: true)
            let before = try #require(
                try await trial.discovery.client.names.listing(of: place.parts(), in: "leases", limit: 1).instances.first)
            #expect(before.health == .healthy && before.attributes["DISCOVERY_LEASE_SECONDS"] == "3")
            #expect(Registry.Instance.incarnation(of: before.attributes) == registered.incarnation)
            // As when it is killed: nothing is deregistered.
            await client.shutdown()
            try await trial.discovery.client.names.waitUntilReplaced("one", in: service, incarnation: before.incarnation)
            await #expect(throws: DiscoveryError.self) { try await trial.discovery.resolve(place) }
        }
    }

    @Test func `a server that is killed is gone within two terms`() async throws {
        try await ServerTrial.run { trial in
            let server = Process()
            server.executableURL = Self.command
            server.arguments = ["serve", "killed.worker->it", "-a", "DISCOVERY_LEASE_SECONDS=3", "--", "cat"]
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
            let client = try Discovery.remote(trial.url)
            let reply = try await client.request(place, .text("it"))
            #expect(reply.message.body == Array("it".utf8))
            kill(server.processIdentifier, SIGKILL)
            try await names.waitUntilReplaced(
                "it", in: .name(namespace: "killed", service: "worker"), incarnation: try #require(found).incarnation)
            await #expect(throws: DiscoveryError.self) { try await client.request(place) }
            await client.shutdown()
        }
    }

    @Test func `who deregisters a served address is not overruled by its server`() async throws {
        try await ServerTrial.run { trial in
            let client = try Discovery.remote(trial.url, RemoteTimes(lease: .seconds(5)))
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
            let (one, other) = (try Discovery.remote(trial.url), try Discovery.remote(trial.url))
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
                return try Discovery.remote(trial.url, environment: environment)
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
            let client = try Discovery.remote(trial.url)
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
    private static let names = Conformance.checks(of: { try Discovery.remote("http://127.0.0.1:1") }, defersCalls: false).map(\.name)

    private static func check(_ name: String, _ trial: ServerTrial) async throws {
        let url = trial.url
        // Shorter than users have it, as a check of swaps waits for it forty times. The rest is for a machine that stalls.
        let times = RemoteTimes(timeToLive: .milliseconds(100), confirmation: .milliseconds(50))
        let checks = Conformance.checks(
            of: { try Discovery.remote(url, times) }, defersCalls: false, staleness: times.timeToLive + .seconds(20))
        try await #require(checks.first { $0.name == name }).run()
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
}
