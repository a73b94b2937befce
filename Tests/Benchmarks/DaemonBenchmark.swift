import Foundation
import Registry
import Store

/// The daemon beside a bare NIO handler: DiscoverInstances over HTTP, whose answer is drawn anew each time, against a static body of its size;
/// what an instance more in an answer costs; what a large registry costs; and how soon and how small the daemon is there.
enum DaemonBenchmark: Benchmark {
    static let name = "daemon"
    static let summary = "DiscoverInstances a second on one core against a bare NIO handler; start and memory of discoveryd"

    private static let namespace = "bench"

    static func run(_ session: Session) async throws -> [Figure] {
        guard (try? Child.output(of: ["sh", "-c", "command -v wrk && command -v taskset"])) != nil else {
            throw Skipped(reason: "wrk or taskset is not here")
        }
        guard FileManager.default.isExecutableFile(atPath: DaemonChild.path) else {
            throw Skipped(reason: "there is no discoveryd at \(DaemonChild.path)")
        }
        guard ProcessInfo.processInfo.activeProcessorCount > 1 else { throw Skipped(reason: "there is one core only") }
        let home = session.freshPath()
        try await fill(home, ["ten": 10, "hundred": 100, "thousand": 1_000])
        let daemon = try DaemonChild(home: home, core: 0)
        var figures = try against(daemon, session)
        figures.append(try slope(daemon, session))
        try daemon.end()
        figures.append(try await beside(100_000, home, session))
        figures += try await birth(session)
        return figures
    }

    // MARK: DiscoverInstances

    /// Against a static body, with nginx and moto beside.
    private static func against(_ daemon: DaemonChild, _ session: Session) throws -> [Figure] {
        let script = try script("ten", results: 100, session)
        let size = try Child.output(of: curl(port: daemon.port, "ten")).utf8.count
        let bare = try Child.play(ServingRole.self, [ServingRole.Kind.bare.rawValue, String(size)], under: ["taskset", "-c", "0"])
        guard let port = bare.readLine().flatMap({ Int($0) }) else { throw Child.Failure(description: "the server did not start") }
        let nginx = try ServerBenchmark.nginx(session, size: size)
        let moto = try moto()
        var figures: [Figure] = []
        for connections in [16, 64] {
            var (ours, theirs, mocked) = (Pairs(), Pairs(), Pairs())
            for round in 0...session.rounds {
                let reference = try load(port: port, connections, script)
                let rate = try load(port: daemon.port, connections, script)
                let file = try nginx.map { try ServerBenchmark.load(port: $0.port, connections: connections) * 1_000 }
                let mock = try moto.map { try load(port: $0.port, connections, script) }
                guard round > 0 else { continue }
                ours.add(rate / 1_000, reference / 1_000)
                if let file { theirs.add(file / 1_000, reference / 1_000) }
                if let mock { mocked.add(mock / 1_000, reference / 1_000) }
            }
            figures.append(
                Figure("daemon, 10 discovered (\(size) bytes), \(connections) connections", "k/s", ours, goal: .ratioAtLeast(0.65)))
            if nginx != nil { figures.append(Figure("daemon, nginx, a file of that size", "k/s", theirs)) }
            if moto != nil { figures.append(Figure("daemon, moto, the same request", "k/s", mocked)) }
        }
        try bare.finish()
        try nginx?.child.finish()
        try moto?.child.finish()
        return figures
    }

    /// What an instance more costs in an answer of hundreds, against one of tens.
    private static func slope(_ daemon: DaemonChild, _ session: Session) throws -> Figure {
        let scripts = try [("ten", 10), ("hundred", 100), ("thousand", 1_000)].map { try script($0.0, results: $0.1, session) }
        var pairs = Pairs()
        for round in 0...session.rounds {
            let times = try scripts.map { 1e6 / (try load(port: daemon.port, 16, $0)) }
            if round > 0 { pairs.add((times[2] - times[1]) / 900, (times[1] - times[0]) / 90) }
        }
        return Figure("daemon, an instance more of 1,000, against of 100", "µs", pairs, goal: .ratioAtMost(1.3))
    }

    /// The same question where the registry is large.
    private static func beside(_ count: Int, _ small: String, _ session: Session) async throws -> Figure {
        let large = session.freshPath()
        try await fill(large, Dictionary(uniqueKeysWithValues: (0..<count / 1_000).map { ("s\($0)", 1_000) } + [("ten", 10)]))
        let daemons = try [DaemonChild(home: large, core: 0), DaemonChild(home: small, core: 0)]
        let script = try script("ten", results: 100, session)
        let pairs = try await Pairs.measure(
            session, ours: { try load(port: daemons[0].port, 64, script) / 1_000 },
            reference: { try load(port: daemons[1].port, 64, script) / 1_000 })
        for daemon in daemons { try daemon.end() }
        session.remove(large)
        return Figure("daemon, beside \(count) instances, against a small registry", "k/s", pairs, goal: .ratioAtLeast(0.9))
    }

    // MARK: Start and memory

    private static func birth(_ session: Session) async throws -> [Figure] {
        let (times, asItIs) = try await starts(session.rounds, session)
        DaemonChild.dropFileFromMemory()
        _ = try await starts(1, session)
        let (_, read) = try await starts(session.rounds, session)
        return [
            Figure("daemon, from nothing to the first answer", "ms", times, goal: .atMost(30)),
            Figure("daemon, resident while idle, its file read from the disk", "MiB", read, goal: .atMost(30)),
            Figure("daemon, resident while idle, its file as it lies in memory", "MiB", asItIs),
        ]
    }

    private static func starts(_ count: Int, _ session: Session) async throws -> (times: [Double], memory: [Double]) {
        var times: [Double] = []
        var memory: [Double] = []
        for _ in 0..<count {
            let start = ContinuousClock.now
            let daemon = try DaemonChild(home: session.freshPath())
            try daemon.answersReady()
            times.append((ContinuousClock.now - start) / .milliseconds(1))
            // The courier opens the messages meanwhile.
            try await Task.sleep(for: .milliseconds(500))
            memory.append(try daemon.residentMiB())
            try daemon.end()
        }
        return (times, memory)
    }

    // MARK: Pieces

    private static func fill(_ path: String, _ services: [String: Int]) async throws {
        let registry = try Registry(Home(path: path))
        defer { registry.close() }
        for (service, count) in services {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<50 {
                    group.addTask {
                        for number in stride(from: lane, to: count, by: 50) {
                            _ = try await registry.register(
                                "i-\(number)", in: .name(namespace: namespace, service: service),
                                attributes: [
                                    "AWS_INSTANCE_IPV4": "10.0.\(number / 256).\(number % 256)", "AWS_INSTANCE_PORT": "8080",
                                    "stage": "prod", "version": "1.0.0",
                                ], creating: true)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private static func body(_ service: String, results: Int) -> String {
        #"{"NamespaceName": "\#(namespace)", "ServiceName": "\#(service)", "MaxResults": \#(results)}"#
    }

    private static let target = "Route53AutoNaming_v20170314.DiscoverInstances"

    private static func curl(port: Int, _ service: String) -> [String] {
        ["curl", "-s", "-H", "X-Amz-Target: \(target)", "-d", body(service, results: 100), "http://127.0.0.1:\(port)/"]
    }

    /// What wrk is to send, as a path of a script.
    private static func script(_ service: String, results: Int, _ session: Session) throws -> String {
        let path = session.freshPath() + ".lua"
        let text = """
            wrk.method = "POST"
            wrk.body = '\(body(service, results: results))'
            wrk.headers["Content-Type"] = "application/x-amz-json-1.1"
            wrk.headers["X-Amz-Target"] = "\(target)"
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Requests a second.
    private static func load(port: Int, _ connections: Int, _ script: String) throws -> Double {
        let report = try Child.output(of: [
            "taskset", "-c", "1", "wrk", "-t1", "-c\(connections)", "-d2s", "-s", script, "http://127.0.0.1:\(port)/",
        ])
        let line = report.split(separator: "\n").first { $0.hasPrefix("Requests/sec:") }
        guard let rate = line?.split(separator: " ").last.flatMap({ Double($0) }), rate > 0, !report.contains("Non-2xx") else {
            throw Child.Failure(description: "wrk: \(report)")
        }
        return rate
    }

    /// moto's server with the same ten instances, where it is installed.
    private static func moto() throws -> (child: Child, port: Int)? {
        guard let peers = ProcessInfo.processInfo.environment["DISCOVERY_PEERS"] else { return nil }
        let port = 5_987
        let script = """
            import boto3, sys, time, threading
            from moto.server import ThreadedMotoServer
            server = ThreadedMotoServer(ip_address="127.0.0.1", port=\(port), verbose=False)
            server.start()
            c = boto3.client("servicediscovery", endpoint_url="http://127.0.0.1:\(port)", region_name="us-east-1",
                aws_access_key_id="x", aws_secret_access_key="x")
            c.create_http_namespace(Name="\(namespace)")
            n = c.list_namespaces()["Namespaces"][0]["Id"]
            s = c.create_service(Name="ten", NamespaceId=n)["Service"]["Id"]
            for i in range(10):
                c.register_instance(ServiceId=s, InstanceId=f"i-{i}", Attributes={"AWS_INSTANCE_IPV4": f"10.0.0.{i}",
                    "AWS_INSTANCE_PORT": "8080", "stage": "prod", "version": "1.0.0"})
            print("ready", flush=True)
            sys.stdin.read()
            import os
            os._exit(0)
            """
        let child = try Child.start(["taskset", "-c", "0", "\(peers)/bin/python", "-c", script])
        return child.readLine() == "ready" ? (child, port) : nil
    }
}
