import DiscoveryKit
import Foundation
import Testing

@Suite struct ConfigurationTests {
    @Test func `the environment names home and namespace`() throws {
        let configuration = try Discovery.Configuration.fromEnvironment([
            "DISCOVERY_HOME": "/a/b", "DISCOVERY_NAMESPACE": "ns", "DISCOVERY_DEADLINE": "1.5",
        ])
        #expect(configuration.backend.homePath == "/a/b")
        #expect(configuration.namespace == "ns")
        #expect(configuration.request.deadline == .seconds(1.5))
    }

    @Test(arguments: [
        (["DISCOVERY_ENV": "prod"], "default-prod"), (["ENV": "dev"], "default-dev"), (["ENV": "/etc/profile"], "default"),
        (["ENV": "a b"], "default"), ([:], "default"), (["DISCOVERY_ENV": "x", "ENV": "y"], "default-x"),
        (["DISCOVERY_NAMESPACE": "n", "DISCOVERY_ENV": "x"], "n"), (["DISCOVERY_NAMESPACE": ""], "default"),
    ])
    func `the default namespace follows the environment`(environment: [String: String], namespace: String) throws {
        #expect(try Discovery.Configuration.fromEnvironment(environment).namespace == namespace)
    }

    @Test func `the default home is the user's state directory`() throws {
        #expect(try Discovery.Configuration.fromEnvironment(["XDG_STATE_HOME": "/s"]).backend.homePath == "/s/discovery")
        #expect(try Discovery.Configuration.fromEnvironment(["HOME": "/h"]).backend.homePath == "/h/.local/state/discovery")
        #expect(
            try Discovery.Configuration.fromEnvironment(["HOME": "/h", "XDG_STATE_HOME": "relative"]).backend.homePath
                == "/h/.local/state/discovery")
    }

    @Test(arguments: [
        ["DISCOVERY_BACKEND": "etcd"], ["DISCOVERY_DEADLINE": "soon"], ["DISCOVERY_DEADLINE": "0"], ["DISCOVERY_DEADLINE": "-1"],
        ["DISCOVERY_DEADLINE": "nan"], ["DISCOVERY_NAMESPACE": "a\nb"],
    ])
    func `a value that means nothing is an error that names the variable`(environment: [String: String]) {
        let variable = environment.keys.first ?? ""
        let error = #expect(throws: DiscoveryError.self) { try Discovery.Configuration.fromEnvironment(environment) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(variable) == true)
    }

    @Test(arguments: [
        (["DISCOVERY_BACKEND": "daemon"], "DISCOVERY_ENDPOINT"), (["DISCOVERY_ENDPOINT": "127.0.0.1:4580"], "DISCOVERY_ENDPOINT"),
        (["DISCOVERY_ENDPOINT": "http://d:1", "DISCOVERY_BACKEND": "embedded"], "Unset one"),
        (["DISCOVERY_ENDPOINT": "http://d:1", "AWS_ACCESS_KEY_ID": "a"], "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"),
        (["DISCOVERY_ENDPOINT": "http://d:1", "AWS_SECRET_ACCESS_KEY": "a"], "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"),
    ])
    func `half of what a daemon needs is an error that says the other half`(environment: [String: String], reason: String) {
        let error = #expect(throws: DiscoveryError.self) { try Discovery.Configuration.fromEnvironment(environment) }
        #expect(error?.code == .configuration && error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func `an endpoint means the daemon there, and keys are in no dump`() throws {
        let configuration = try Discovery.Configuration.fromEnvironment([
            "DISCOVERY_ENDPOINT": "https://Daemon.example:443/", "DISCOVERY_HOME": "/nowhere", "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "hidden-secret", "AWS_DEFAULT_REGION": "eu-central-1",
        ])
        #expect(configuration.backend.homePath.isEmpty)
        var text = "\(configuration)"
        dump(configuration, to: &text)
        #expect(text.contains("https://daemon.example") && text.contains("eu-central-1") && !text.contains("hidden-secret"))
    }

    @Test func `settings that contradict themselves are refused before anything is opened`() {
        var configuration = Discovery.Configuration()
        configuration.request.deadline = .zero
        #expect(throws: DiscoveryError.self) { try Discovery(configuration) }
        configuration = Discovery.Configuration()
        configuration.maximumReplySize = 0
        #expect(throws: DiscoveryError.self) { try Discovery(configuration) }
    }

    @Test func `a task's client is used by static calls within it, side by side with others`() async throws {
        try await withDiscovery { first in
            try await withDiscovery { second in
                async let one: Void = Discovery.withCurrent(first) {
                    try await Discovery.register("ns.s->a", Resource(.function, at: "http://one/"))
                }
                async let two: Void = Discovery.withCurrent(second) {
                    try await Discovery.register("ns.s->a", Resource(.function, at: "http://two/"))
                }
                _ = try await (one, two)
                #expect(try await first.resolve("ns.s->a").location == "http://one/")
                #expect(try await second.resolve("ns.s->a").location == "http://two/")
                try await Discovery.withCurrent(first) {
                    #expect(try await Discovery.resolve("ns.s->a").location == "http://one/")
                    #expect(try await Discovery.explain("ns.s->a").location == "http://one/")
                    try await Discovery.deregister("ns.s->a")
                }
            }
        }
    }

    @Test func `a home that cannot be made is one error that says what to do`() async throws {
        try await withDiscovery(home: "/proc/nowhere/home") { discovery in
            let error = await failure { try await discovery.resolve("ns.s->a") }
            #expect(error?.code == .homeUnusable)
            #expect(error?.message.contains("/proc/nowhere") == true)
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-file-\(UUID().uuidString)").path
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await withDiscovery(home: file) { discovery in
            #expect(await failure { try await discovery.resolve("ns.s->a") }?.message.contains("DISCOVERY_HOME") == true)
        }
    }

    @Test func `a second bootstrap stops the program and names both places`() async throws {
        let result = try #require(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let discovery = try Discovery(Discovery.Configuration())
                Discovery.bootstrap(discovery, fileID: "App/First.swift", line: 1)
                Discovery.bootstrap(discovery, fileID: "App/Second.swift", line: 2)
            })
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(said.contains("App/Second.swift:2") && said.contains("App/First.swift:1"))
    }

    @Test func `a bootstrap after the first use stops the program, too`() async throws {
        let result = try #require(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = try Discovery.current
                Discovery.bootstrap(try Discovery(Discovery.Configuration()), fileID: "App/Late.swift", line: 3)
            })
        #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("its first use"))
    }
}
