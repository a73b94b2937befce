import DiscoveryKit
import Logging
import Registry
import Store
import Synchronization
import Testing

@Suite struct ResolveTests {
    @Test func `what is registered is what an address resolves to`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register(
                "ais.scheduler->get-job", Resource(.function, at: "http://127.0.0.1:9/", attributes: ["stage": "prod"]))
            let resource = try await discovery.resolve("ais.scheduler->get-job")
            #expect(resource.kind == .function)
            #expect(resource.location == "http://127.0.0.1:9/")
            #expect(resource.attributes["stage"] == "prod")
        }
    }

    @Test func `an unknown id is an error that lists near names, and never another instance`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ais.scheduler->get-job", Resource(.function, at: "http://127.0.0.1:9/"))
            let error = await failure { try await discovery.resolve("ais.scheduler->get-jobs") }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("`get-job`") == true)
            #expect(error?.address == "ais.scheduler->get-jobs")
        }
    }

    @Test func `an unknown service and an unknown namespace list near names`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ais.scheduler->a", Resource(.function, at: "http://127.0.0.1:9/"))
            let service = await failure { try await discovery.resolve("ais.schedular->a") }
            #expect(service?.code == .notFound && service?.message.contains("`scheduler`") == true)
            let namespace = await failure { try await discovery.resolve("aid.scheduler->a") }
            #expect(namespace?.code == .notFound && namespace?.message.contains("`ais`") == true)
        }
    }

    @Test func `names in DNS order are told from ours`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("corp.worker->a", Resource(.function, at: "http://127.0.0.1:9/"))
            let error = await failure { try await discovery.resolve("worker.corp->a") }
            #expect(error?.message.contains("`corp.worker`") == true)
        }
    }

    @Test func `an instance among more than a thousand is found by its id`() async throws {
        try await withDiscovery { discovery in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1_200 {
                    group.addTask {
                        try await discovery.register("big.service->i-\(number)", Resource(.function, at: "http://127.0.0.1:9/\(number)"))
                    }
                }
                try await group.waitForAll()
            }
            for number in [0, 99, 100, 101, 1_199] {
                #expect(try await discovery.resolve("big.service->i-\(number)").location == "http://127.0.0.1:9/\(number)")
            }
        }
    }

    @Test func `an instance with an id that holds dots is found`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ns.svc->inst.v2", Resource(.function, at: "http://127.0.0.1:9/"))
            #expect(try await discovery.resolve("ns.svc->inst.v2").location == "http://127.0.0.1:9/")
        }
    }

    @Test func `without an arrow the only instance is meant, and several are an error that lists them`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ais.scheduler->a", Resource(.function, at: "http://127.0.0.1:1/"))
            #expect(try await discovery.resolve("ais.scheduler").location == "http://127.0.0.1:1/")
            try await discovery.register("ais.scheduler->b", Resource(.function, at: "http://127.0.0.1:2/"))
            let error = await failure { try await discovery.resolve("ais.scheduler") }
            #expect(error?.code == .ambiguous)
            #expect(error?.message.contains("ais.scheduler->a") == true && error?.message.contains("ais.scheduler->*") == true)
        }
    }

    @Test func `instances that say a host and a port are replicas, and each gets its share`() async throws {
        try await withDiscovery { discovery in
            for port in 1...3 {
                try await discovery.register(
                    "corp.worker->r\(port)",
                    Resource(
                        .function, at: "http://10.0.0.7:\(port)",
                        attributes: ["AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INSTANCE_PORT": "\(port)"]))
            }
            var seen: [String: Int] = [:]
            for _ in 0..<300 { seen[try await discovery.resolve("corp.worker").location, default: 0] += 1 }
            #expect(seen.count == 3)
            #expect(seen.values.allSatisfy { $0 > 30 })
        }
    }

    @Test func `required attributes narrow, preferred ones come second`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("corp.w->a", Resource(.function, at: "http://a/", attributes: ["stage": "dev"]))
            try await discovery.register("corp.w->b", Resource(.function, at: "http://b/", attributes: ["stage": "prod", "zone": "1"]))
            try await discovery.register("corp.w->c", Resource(.function, at: "http://c/", attributes: ["stage": "prod", "zone": "2"]))
            for _ in 0..<20 {
                #expect(try await discovery.resolve("corp.w[stage=dev]->*").location == "http://a/")
                #expect(try await discovery.resolve("corp.w[stage=prod,?zone=2]->*").location == "http://c/")
                #expect(try await discovery.resolve("corp.w[stage=prod,?zone=9]->*").location != "http://a/")
            }
            #expect(await failure { try await discovery.resolve("corp.w[stage=qa]->*") }?.code == .notFound)
            #expect(await failure { try await discovery.resolve("corp.w[stage=prod]->a") }?.code == .notFound)
        }
    }

    @Test func `an unhealthy instance is left out while others are healthy`() async throws {
        try await withHome { home in
            let opened = try Home(path: home)
            let registry = try Registry(opened)
            let namespace = try await registry.createNamespace(name: "corp")
            _ = try await registry.createService(namespaceID: namespace.id, name: "w", configuration: .init(hasCustomHealth: true))
            let name = Registry.ServiceName.name(namespace: "corp", service: "w")
            for id in ["a", "b"] {
                _ = try await registry.register(id, in: name, attributes: ["type": "function", "url": "http://\(id)/"])
            }
            try await registry.setHealth(.unhealthy, of: "a", in: name)
            try await withDiscovery(home: home) { discovery in
                for _ in 0..<20 { #expect(try await discovery.resolve("corp.w->*").location == "http://b/") }
                let explanation = try await discovery.explain("corp.w->*")
                #expect(explanation.candidates.first { $0.address == "corp.w->a" }?.leftOut == "others are healthy")
                try await registry.setHealth(.unhealthy, of: "b", in: name)
                var seen: Set<String> = []
                for _ in 0..<100 { seen.insert(try await discovery.resolve("corp.w->*").location) }
                #expect(seen == ["http://a/", "http://b/"], "when none is healthy, all are")
            }
            registry.close()
        }
    }

    @Test func `a re-registration by another client is seen by the very next resolve, thousands of times`() async throws {
        try await withHome { home in
            try await withDiscovery(home: home) { writer in
                try await withDiscovery(home: home) { reader in
                    for round in 0..<2_000 {
                        try await writer.register("ais.scheduler->get-job", Resource(.function, at: "http://127.0.0.1:9/\(round)"))
                        #expect(try await reader.resolve("ais.scheduler->get-job").location == "http://127.0.0.1:9/\(round)")
                    }
                    try await writer.deregister("ais.scheduler->get-job")
                    #expect(await failure { try await reader.resolve("ais.scheduler->get-job") }?.code == .notFound)
                }
            }
        }
    }

    @Test func `a malformed literal is thrown by the first operation that is given it`() async throws {
        try await withDiscovery { discovery in
            #expect(await failure { try await discovery.resolve("a.b->") }?.code == .malformedAddress)
            #expect(
                await failure { try await discovery.register("a.b->", Resource(.function, at: "http://a/")) }?.code == .malformedAddress)
            #expect(await failure { try await discovery.request("a.b->") }?.code == .malformedAddress)
            #expect(await failure { try await discovery.explain("a.b->") }?.code == .malformedAddress)
        }
    }

    @Test func `addresses without a namespace go to the default one`() async throws {
        try await withDiscovery(configure: { $0.namespace = "default-prod" }) { discovery in
            try await discovery.register("worker->a", Resource(.function, at: "http://a/"))
            #expect(try await discovery.resolve("default-prod.worker->a").location == "http://a/")
        }
    }

    @Test func `an instance of unknown type is an error, not a lost message`() async throws {
        try await withHome { home in
            let registry = try Registry(Home(path: home))
            _ = try await registry.register(
                "a", in: .name(namespace: "ns", service: "s"), attributes: ["type": "carrier-pigeon", "url": "http://a/"], creating: true)
            try await withDiscovery(home: home) { discovery in
                let error = await failure { try await discovery.resolve("ns.s->a") }
                #expect(error?.code == .unsupported && error?.message.contains("carrier-pigeon") == true)
                #expect(await failure { try await discovery.request("ns.s->a") }?.code == .unsupported)
            }
            registry.close()
        }
    }

    @Test func `conflicting identifiers are warned about once`() async throws {
        let lines = Mutex<[String]>([])
        let logger = Logger(label: "test") { _ in RecordingLogHandler { level, line in lines.withLock { $0.append("\(level) \(line)") } } }
        try await withHome { home in
            let registry = try Registry(Home(path: home))
            _ = try await registry.register(
                "a", in: .name(namespace: "ns", service: "s"),
                attributes: ["type": "function", "arn": "arn:aws:lambda:local:000000000000:function:f", "url": "http://elsewhere/"],
                creating: true)
            registry.close()
            try await resolveFiveTimes(home, logger)
        }
        #expect(lines.withLock { $0.count } == 1)
    }

    private func resolveFiveTimes(_ home: String, _ logger: Logger) async throws {
        try await withDiscovery(home: home, configure: { $0.logger = logger }) { discovery in
            for number in 0..<5 {
                try await discovery.register("ns.s->other-\(number)", Resource(.function, at: "http://a/"))
                _ = try await discovery.resolve("ns.s->a")
            }
        }
    }

    @Test func `a cache that is full is emptied and goes on`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ns.s->a", Resource(.function, at: "http://a/", attributes: ["k": "v"]))
            for number in 0..<5_000 {
                #expect(try await discovery.resolve("ns.s[?n=\"\(number)\"]->a").location == "http://a/")
            }
        }
    }

    @Test func `after shutdown operations say so`() async throws {
        try await withDiscovery { discovery in
            try await discovery.register("ns.s->a", Resource(.function, at: "http://a/"))
            await discovery.shutdown()
            await discovery.shutdown()
            #expect(await failure { try await discovery.register("ns.s->a", Resource(.function, at: "http://a/")) }?.code == .homeUnusable)
        }
    }
}

struct RecordingLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice
    let record: @Sendable (Logger.Level, String) -> Void

    init(_ record: @escaping @Sendable (Logger.Level, String) -> Void) { self.record = record }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { record(event.level, "\(event.message)") }
}
