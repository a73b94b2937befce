import DiscoveryKit
import Foundation
import NIOHTTP1
import Testing

@testable import DiscoveryServer

/// What some callers may not do although they were let in.
struct TrustTests {
    private static func caller(_ actions: Set<AccessRule.Action>, on pattern: AddressPattern, isLocal: Bool = true) -> Caller {
        let rules = [AccessRule(actions: actions, pattern: pattern)]
        return Caller(key: AccessKey(id: "A", secret: "0123456789abcdef", account: "000000000000", rules: rules), isLocal: isLocal)
    }

    @Test(arguments: [
        ["type": "queue", "rid": "payments"], ["arn": "arn:aws:sqs:local:000000000000:payments"],
        ["type": "queue", "url": "http://localhost:1/000000000000/payments"], ["arn": "arn:aws:sns:local:000000000000:news"],
        ["arn": "arn:aws:lambda:local:000000000000:function:pay"], ["type": "function", "id": "pay"],
    ])
    func `what leads to the home's own is registered by those who may register everywhere`(attributes: [String: String]) throws {
        let rules = RegistrationRules(allowsLoopback: true)
        #expect(throws: Refusal.self) { try rules.check(attributes, by: Self.caller([.register, .listen], on: "dev.*")) }
        try rules.check(attributes, by: Self.caller([.register], on: "*"))
        try rules.check(attributes, by: Caller(key: nil, isLocal: true))
    }

    @Test(
        arguments: ["http://127.0.0.1:9200/", "http://localhost/", "http://[::1]:80/", "http://a.localhost/", "http://0.0.0.0/"].map {
            ["type": "function", "url": $0]
        } + [
            // Where a health check would go, whatever callers are told.
            ["url": "http://example.com/", "AWS_INSTANCE_IPV4": "127.0.0.1", "AWS_INSTANCE_PORT": "9200"],
            ["url": "http://example.com/", "AWS_INSTANCE_IPV6": "::ffff:127.0.0.1", "AWS_INSTANCE_PORT": "9200"],
            ["AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_IPV6": "::1"],
        ])
    func `callers on other machines register nothing on the daemon's own`(attributes: [String: String]) throws {
        let rules = RegistrationRules(allowsLoopback: false)
        #expect(throws: DiscoveryError.self) { try rules.check(attributes, by: Caller(key: nil, isLocal: false)) }
        try rules.check(attributes, by: Caller(key: nil, isLocal: true))
        try RegistrationRules(allowsLoopback: true).check(attributes, by: Caller(key: nil, isLocal: false))
    }

    @Test func `a page in a browser may do nothing without a key`() async throws {
        try await ServerTrial.run { server in
            let posted = try await server(.POST, "/_discovery/queue/ais.garden->jobs", "x", headers: ["Origin": "https://example.com"])
            #expect(posted.status == 403)
            #expect(posted.json["code"] == "notAllowed")
            let target = ["X-Amz-Target": "Route53AutoNaming_v20170314.ListNamespaces", "Origin": "null"]
            #expect(try await server(.POST, "/", "{}", headers: target).json["__type"] == "AccessDeniedException")
            #expect(try await server(.GET, "/_discovery/resolve/a.b->c", headers: ["Host": "rebound.example.com"]).status == 403)
            #expect(try await server(.GET, "/_discovery/resolve/a.b->c", headers: ["Host": "discovery.internal:4580"]).status == 404)
        }
    }

    @Test func `a request of Cloud Map that is longer than any can be is not read`() async throws {
        try await ServerTrial.run { server in
            let body = #"{"x": [\#(String(repeating: "[0],", count: 100_000))0]}"#
            let answer = try await server(
                .POST, "/", body, headers: ["X-Amz-Target": "Route53AutoNaming_v20170314.ListNamespaces"])
            #expect(answer.status == 400)
            #expect(answer.json["__type"] == "InvalidInput")
        }
    }

    @Test func `a key settles what its address leads to, and nothing else`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = #"""
            {"keys": [{"id": "ALL", "secret": "0123456789abcdef", "rules": [{"allow": ["*"], "on": "*"}]},
                {"id": "DEV", "secret": "0123456789abcdef", "rules": [{"allow": ["listen", "register", "resolve"], "on": "dev.*"}]}]}
            """#
        try Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, 0o600)
        func basic(_ id: String) -> [String: String] {
            ["Authorization": "Basic " + Data("\(id):0123456789abcdef".utf8).base64EncodedString()]
        }
        try await ServerTrial.run({ $0.keyFile = path }) { server in
            try await server.makeQueue("payments", at: "prod.pay->queue")
            try await server.makeQueue("own", at: "dev.work->queue")
            _ = try await server(.POST, "/_discovery/queue/prod.pay->queue", "money", headers: basic("ALL"))
            let received = try await server(.GET, "/_discovery/listen/prod.pay->queue?wait=5", headers: basic("ALL"))
            let receipt = try #require(received.headers.first(name: "discovery-receipt"))
            for address in ["dev.work->queue", "dev.nothing->x"] {
                let stolen = try await server(.POST, "/_discovery/listen/\(address)/finish/\(receipt)", headers: basic("DEV"))
                #expect([404, 410].contains(stolen.status), "\(stolen.text)")
            }
            #expect(try await server(.POST, "/_discovery/listen/prod.pay->queue/finish/\(receipt)", headers: basic("ALL")).status == 204)
            // What is near is not told to those who may not see it.
            let missing = try await server(.GET, "/_discovery/resolve/dev.wark->queue", headers: basic("DEV"))
            #expect(missing.status == 404 && missing.json["message"] == "It is not there.")
            #expect(try await server(.PUT, "/_discovery/register/dev.spy->q", "payments", headers: basic("DEV")).status == 400)
            let spied = try await server(
                .PUT, "/_discovery/register/dev.spy->q", #"{"location": "payments", "type": "queue"}"#, headers: basic("DEV"))
            #expect(spied.status == 403)
        }
    }
}
