import DiscoveryKit
import Foundation
import Messaging
import Registry
import Testing

/// A daemon and a process that writes to its home by itself: what one did, the other sees with its very next look.
struct SharedHomeTests {
    @Test func `a daemon and an embedded writer see each other's registrations at once`() async throws {
        try await Self.run { daemon, discovery in
            for round in 0..<Rounds.count {
                let ours = try await daemon(WireRequest("PUT", "/_discovery/register/both.web->a", "http://127.0.0.1:1/\(round)"))
                #expect(ours.status == 200)
                #expect(try await discovery.resolve("both.web->a").location == "http://127.0.0.1:1/\(round)")
                try await discovery.register("both.web->b", Resource(.function, at: "http://127.0.0.1:2/\(round)"))
                let resolved = try await daemon(WireRequest("GET", "/_discovery/resolve/both.web->b"))
                #expect(resolved.json["location"] as? String == "http://127.0.0.1:2/\(round)")
                let found = try await daemon(.cloudMap("DiscoverInstances", #"{"NamespaceName": "both", "ServiceName": "web"}"#))
                #expect(found.text.contains("127.0.0.1:2/\(round)") && found.text.contains("127.0.0.1:1/\(round)"), "\(found.text)")
                try await discovery.deregister("both.web->b")
                #expect(try await daemon(WireRequest("GET", "/_discovery/resolve/both.web->b")).status == 404)
                #expect(try await daemon(WireRequest("DELETE", "/_discovery/register/both.web->a")).status == 204)
                await #expect(throws: DiscoveryError.self) { try await discovery.resolve("both.web->a") }
            }
        }
    }

    @Test func `what Cloud Map is told, an embedded reader discovers, and what that changes, Cloud Map answers`() async throws {
        try await Self.run { daemon, discovery in
            let service = try await discovery.withRegistry { registry in
                let namespace = try await registry.createNamespace(name: "map", kind: .http)
                return try await registry.createService(namespaceID: namespace.id, name: "s", configuration: .init()).id
            }
            func answered() async throws -> Int? {
                let question = #"{"NamespaceName": "map", "ServiceName": "s"}"#
                let revision = try await daemon(.cloudMap("DiscoverInstancesRevision", question)).json["InstancesRevision"] as? Int
                let found = try await daemon(.cloudMap("DiscoverInstances", question)).json
                #expect(found["InstancesRevision"] as? Int == revision)
                return (found["Instances"] as? [Any])?.count
            }
            func snapshot() async throws -> Registry.Snapshot {
                try await discovery.withRegistry { try await $0.snapshot(namespace: "map", service: "s") }
            }
            for round in 0..<Rounds.count {
                let place = #""ServiceId": "\#(service)", "InstanceId": "i""#
                _ = try await daemon(.cloudMap("RegisterInstance", #"{\#(place), "Attributes": {"n": "\#(round)"}}"#))
                #expect(try await snapshot().instances.first?.attributes["n"] == "\(round)")
                try await discovery.withRegistry {
                    _ = try await $0.register("j", in: .name(namespace: "map", service: "s"), attributes: ["n": "\(round)"])
                }
                #expect(try await answered() == 2)
                try await discovery.withRegistry { try await $0.deregister("j", from: .name(namespace: "map", service: "s")) }
                #expect(try await answered() == 1)
                _ = try await daemon(.cloudMap("DeregisterInstance", "{\(place)}"))
                #expect(try await snapshot().instances.isEmpty)
                #expect(try await answered() == 0)
            }
        }
    }

    @Test func `messages pass between a daemon and an embedded process, both ways`() async throws {
        try await Self.run { daemon, discovery in
            _ = try await discovery.withMessages { try await $0.createQueue("jobs") }
            try await discovery.register("both.mail->jobs", .queue(named: "jobs"))
            for round in 0..<Rounds.count {
                try await discovery.queue("both.mail->jobs", Message.text("e\(round)"))
                let heard = try await daemon(WireRequest("GET", "/_discovery/listen/both.mail->jobs?wait=0"))
                #expect(heard.text == "e\(round)")
                let receipt = heard.headers["discovery-receipt"] ?? ""
                #expect(try await daemon(WireRequest("POST", "/_discovery/listen/both.mail->jobs/finish/\(receipt)")).status == 204)
                #expect(try await daemon(WireRequest("POST", "/_discovery/queue/both.mail->jobs", "d\(round)")).status == 200)
                let taken = try #require(
                    try await discovery.receive(from: "both.mail->jobs", visibility: .seconds(30), waiting: .zero))
                #expect(taken.message.message.body.elementsEqual("d\(round)".utf8))
                // One receives what is given out of the home, whoever gave it out: the other may settle it.
                #expect(
                    try await daemon(WireRequest("POST", "/_discovery/listen/both.mail->jobs/finish/\(taken.receipt)")).status == 204)
            }
            // A poll that is parked already is woken.
            async let poll = daemon(WireRequest("GET", "/_discovery/listen/both.mail->jobs?wait=20"))
            try await discovery.queue("both.mail->jobs", Message.text("late"))
            #expect(try await poll.text == "late")
        }
    }

    private static func run(_ body: (Daemon, Discovery) async throws -> Void) async throws {
        try await withFolder { folder in
            let daemon = try await Daemon(home: folder + "/home")
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: folder + "/home")
            let discovery = try Discovery(configuration)
            try await body(daemon, discovery)
            await discovery.shutdown()
        }
    }
}
