import DiscoveryKit
import Foundation
import Messaging
import NIOHTTP1
import Testing

@testable import DiscoveryServer

struct AddressEndpointTests {
    @Test
    func `a function is called: body, attributes and status in and out`() async throws {
        try await ServerTrial.run { server in
            let serving = Task {
                try await server.discovery.serve("ais.scheduler->get-job") { request in
                    Message.text(
                        "job " + String(decoding: request.message.body, as: UTF8.self), attributes: request.message.attributes)
                }
            }
            defer { serving.cancel() }
            try await server.isRegistered("ais.scheduler->get-job")
            let answer = try await server(
                .POST, "/_discovery/request/ais.scheduler-%3Eget-job", "7", headers: ["discovery-attribute-kind": "String;x%20y"])
            #expect(answer.status == 200)
            #expect(answer.text == "job 7")
            #expect(answer.headers.first(name: "discovery-attribute-kind") == "String;x%20y")
            #expect(answer.headers.first(name: "content-type") == "text/plain; charset=utf-8")
            #expect(answer.headers.first(name: "discovery-served-by") == "ais.scheduler->get-job")
            #expect(answer.headers.first(name: "x-amzn-requestid")?.utf8.count == 36)
        }
    }

    @Test
    func `a message is queued, received, and finished once`() async throws {
        try await ServerTrial.run { server in
            try await server.makeQueue("jobs", at: "ais.garden->jobs")
            let sent = try await server(
                .POST, "/_discovery/queue/ais.garden->jobs", "water", headers: ["discovery-attribute-n": "Number;7"])
            #expect(sent.status == 200)
            let received = try await server(.GET, "/_discovery/listen/ais.garden->jobs?wait=5")
            #expect(received.status == 200)
            #expect(received.text == "water")
            #expect(received.headers.first(name: "discovery-message-id") == sent.json["id"])
            #expect(received.headers.first(name: "discovery-receive-count") == "1")
            #expect(received.headers.first(name: "discovery-attribute-n") == "Number;7")
            let receipt = try #require(received.headers.first(name: "discovery-receipt"))
            #expect(try await server(.POST, "/_discovery/listen/ais.garden->jobs/finish/\(receipt)").status == 204)
            let again = try await server(.POST, "/_discovery/listen/ais.garden->jobs/finish/\(receipt)")
            #expect(again.status == 410)
            #expect(again.json["code"] == "leaseLost")
            #expect(try await server(.GET, "/_discovery/listen/ais.garden->jobs?wait=0").status == 204)
        }
    }

    @Test
    func `a message is retried, extended, and given up`() async throws {
        try await ServerTrial.run { server in
            try await server.makeQueue("dead", at: "ais.garden->dead")
            try await server.makeQueue("jobs", at: "ais.garden->jobs", deadLetters: "dead")
            _ = try await server(.POST, "/_discovery/queue/ais.garden->jobs", "water")
            func receive() async throws -> (receipt: String, count: String?) {
                let received = try await server(.GET, "/_discovery/listen/ais.garden->jobs?wait=5")
                return (
                    try #require(received.headers.first(name: "discovery-receipt")),
                    received.headers.first(name: "discovery-receive-count")
                )
            }
            let first = try await receive()
            #expect(try await server(.POST, "/_discovery/listen/ais.garden->jobs/extend/\(first.receipt)?visibility=60").status == 204)
            #expect(try await server(.POST, "/_discovery/listen/ais.garden->jobs/retry/\(first.receipt)?after=0", "dry").status == 204)
            let second = try await receive()
            #expect(second.count == "2")
            #expect(try await server(.POST, "/_discovery/listen/ais.garden->jobs/dead-letter/\(second.receipt)", "a cat").status == 204)
            #expect(try await server(.GET, "/_discovery/listen/ais.garden->dead?wait=0").text == "water")
        }
    }

    @Test
    func `what is published reaches a queue that is subscribed`() async throws {
        try await ServerTrial.run { server in
            try await server.makeQueue("diary", at: "ais.garden->diary")
            try await server.discovery.withMessages { messaging in
                _ = try await messaging.createTopic("news")
                _ = try await messaging.subscribe(.queue("diary"), to: "news", .init(isRaw: true))
            }
            try await server.discovery.register("ais.garden->news", Resource(.topic, at: "arn:aws:sns:local:000000000000:news"))
            let published = try await server(
                .POST, "/_discovery/publish/ais.garden->news", "roses", headers: ["discovery-subject": "bloom"])
            #expect(published.status == 200)
            #expect(try await server(.GET, "/_discovery/listen/ais.garden->diary?wait=5").text == "roses")
        }
    }

    @Test
    func `an address is registered, looked at, replaced and removed`() async throws {
        try await ServerTrial.run { server in
            let path = "/_discovery/register/corp.billing->invoice"
            let first = try await server(.PUT, path, "http://127.0.0.1:8080/")
            #expect(first.status == 200)
            let second = try await server(
                .PUT, path, #"{"location": "http://127.0.0.1:9090/", "type": "function", "attributes": {"stage": "prod"}}"#)
            #expect(second.status == 200)
            let resolved = try await server(.GET, "/_discovery/resolve/corp.billing%5Bstage=prod%5D-%3Einvoice")
            #expect(resolved.status == 200, "\(resolved.text)")
            #expect(resolved.json["location"] == "http://127.0.0.1:9090/")
            #expect(try await server.discovery.resolve("corp.billing->invoice").location == "http://127.0.0.1:9090/")
            #expect(try await server(.GET, "/_discovery/explain/corp.billing->invoice").json["chosen"] == "corp.billing->invoice")
            let old = try #require(first.headers.first(name: "etag"))
            #expect(try await server(.DELETE, path, headers: ["If-Match": old]).status == 204)
            #expect(try await server(.GET, "/_discovery/resolve/corp.billing->invoice").status == 200)
            #expect(try await server(.DELETE, path).status == 204)
            #expect(try await server(.DELETE, path).status == 404)
        }
    }

    @Test(arguments: [
        ("GET", "/_discovery/resolve/->", 400, "malformedAddress"), ("GET", "/_discovery/resolve/a.b->c%FF", 400, "malformedAddress"),
        ("GET", "/_discovery/resolve/a.b->c", 404, "notFound"), ("POST", "/_discovery/resolve/a.b->c", 404, "notFound"),
        ("GET", "/_discovery/nothing/a.b->c", 404, "notFound"), ("GET", "/_discovery/", 404, "notFound"),
        ("GET", "/_discovery/listen/a.b->c?wait=21", 400, "invalid"), ("GET", "/_discovery/listen/a.b->c?wait=x", 400, "invalid"),
        ("POST", "/_discovery/listen/a.b->c/finish/none", 400, "invalid"), ("POST", "/_discovery/listen/a.b->c/burn/x", 404, "notFound"),
        ("PUT", "/_discovery/register/a.b->c", 400, "invalid"), ("PUT", "/_discovery/register/a.b", 400, "invalid"),
        ("POST", "/_discovery/queue/a.b->c", 404, "notFound"), ("GET", "/", 404, "notFound"),
        ("GET", "/_discovery/ready/x/y", 404, "notFound"),
    ])
    func `what is wrong is told with its code`(method: String, path: String, status: Int, code: String) async throws {
        try await ServerTrial.run { server in
            let body = path == "/_discovery/register/a.b" ? "http://127.0.0.1:1/" : ""
            let answer = try await server(.init(rawValue: method), path, body)
            #expect(answer.status == status)
            #expect(answer.json["code"] == code)
            #expect(answer.json["message"]?.isEmpty == false)
        }
    }

    @Test
    func `a file is no location for those who come over the network`() async throws {
        try await ServerTrial.run { server in
            for body in ["file:///etc/jobs", #"{"location": "FILE:///etc/jobs", "type": "queue"}"#] {
                let answer = try await server(.PUT, "/_discovery/register/a.b->c", body)
                #expect(answer.status == 501)
            }
        }
    }
}

extension ServerTrial {
    func isRegistered(_ address: Address) async throws { try await discovery.isRegistered(address) }

    func makeQueue(_ name: String, at address: Address, deadLetters: String? = nil) async throws {
        try await discovery.makeQueue(name, at: address, deadLetters: deadLetters)
    }
}

extension Discovery {
    /// Returns once an address resolves: whoever serves it does so in a task of its own.
    func isRegistered(_ address: Address) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while (try? await resolve(address)) == nil {
            try #require(ContinuousClock.now < deadline)
            await Task.yield()
        }
    }

    func makeQueue(_ name: String, at address: Address, deadLetters: String? = nil) async throws {
        try await withMessages { messaging in
            var configuration = Messaging.QueueConfiguration()
            configuration.redrive = deadLetters.map { .init(deadLetterQueue: $0, maximumReceives: 10) }
            _ = try await messaging.createQueue(name, configuration)
        }
        try await register(address, .queue(named: name))
    }
}
