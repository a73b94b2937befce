import DiscoveryKit
import Foundation
import Messaging
import Testing

/// Addresses through a real daemon, with lines that users type.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "there is no curl"))
struct AddressCurlTests {
    /// How somebody shows that they have a key.
    enum Proof: String, CaseIterable {
        case none = ""
        case basic = "--user OWNER:0123456789abcdef"
        case signature = "--aws-sigv4 aws:amz:us-east-1:discovery --user OWNER:0123456789abcdef"

        var keys: String {
            #"{"keys": [{"id": "OWNER", "secret": "0123456789abcdef", "rules": [{"allow": ["*"], "on": "*"}]}, "#
                + #"{"id": "READER", "secret": "0123456789abcdef", "rules": [{"allow": ["resolve"], "on": "ais.*"}]}]}"#
        }
    }

    /// What `curl -i` shows.
    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: String

        init(_ output: String) throws {
            let parts = try #require(output.firstRange(of: "\r\n\r\n"), "\(output)")
            let lines = output[..<parts.lowerBound].components(separatedBy: "\r\n")
            status = try #require(lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) })
            headers = Dictionary(
                lines.dropFirst().map { line in
                    let (name, value) = (line.prefix { $0 != ":" }, line.drop { $0 != ":" }.dropFirst())
                    return (name.lowercased(), value.trimmingCharacters(in: .whitespaces))
                }, uniquingKeysWith: { $1 })
            body = String(output[parts.upperBound...])
        }

        /// The members of a JSON object, those that are texts.
        var json: [String: String] {
            let object = (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
            return object.compactMapValues { $0 as? String }
        }
    }

    private typealias Curl = (_ rest: String) async throws -> Answer

    /// `$U` in a line is the daemon's endpoint for addresses.
    private static func run(_ proof: Proof, _ body: (DaemonTrial, Curl) async throws -> Void) async throws {
        let keys = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-keys-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: keys) }
        try #require(
            FileManager.default.createFile(atPath: keys, contents: Data(proof.keys.utf8), attributes: [.posixPermissions: 0o600]))
        try await DaemonTrial.run(proof == .none ? [] : ["--keys", keys]) { daemon in
            try await body(daemon) { rest in
                let line = "curl -sS -i --max-time 60 \(proof.rawValue) \(rest)"
                let outcome = try await Peers.shell(line, settings: ["U": "\(daemon.url)/_discovery"])
                #expect(outcome.status == 0, "\(line): \(outcome.output)")
                return try Answer(outcome.output)
            }
        }
    }

    @Test(arguments: Proof.allCases)
    func `an address is registered, looked at, replaced and removed`(proof: Proof) async throws {
        try await Self.run(proof) { _, curl in
            let first = try await curl(#"-X PUT -d http://127.0.0.1:8080/ "$U/register/corp.billing->invoice""#)
            #expect(first.status == 200, "\(first)")
            let second = try await curl(
                #"-X PUT -d '{"location": "http://127.0.0.1:9090/", "type": "function"}' "$U/register/corp.billing-%3Einvoice""#)
            #expect(second.status == 200, "\(second)")
            let resolved = try await curl(#""$U/resolve/corp.billing->invoice""#)
            #expect(resolved.status == 200)
            #expect(resolved.json["location"] == "http://127.0.0.1:9090/")
            #expect(resolved.headers["content-type"] == "application/json")
            #expect(resolved.headers["x-amzn-requestid"]?.utf8.count == 36)
            #expect(try await curl(#""$U/resolve/corp.billing""#).json["location"] == "http://127.0.0.1:9090/")
            #expect(try await curl(#""$U/explain/corp.billing->invoice""#).json["chosen"] == "corp.billing->invoice")
            let old = try #require(first.headers["etag"])
            #expect(try await curl(#"-X DELETE -H 'If-Match: \#(old)' "$U/register/corp.billing->invoice""#).status == 204)
            #expect(try await curl(#""$U/resolve/corp.billing->invoice""#).status == 200)
            #expect(try await curl(#"-X DELETE "$U/register/corp.billing->invoice""#).status == 204)
            let gone = try await curl(#"-X DELETE "$U/register/corp.billing->invoice""#)
            #expect(gone.status == 404)
            #expect(gone.json["code"] == "notFound")
        }
    }

    @Test(arguments: Proof.allCases)
    func `a function is called, and what it says comes back`(proof: Proof) async throws {
        try await Self.run(proof) { daemon, curl in
            let serving = Task {
                try await daemon.discovery.serve("ais.scheduler->get-job") { request in
                    Message.text("job " + String(decoding: request.message.body, as: UTF8.self), attributes: request.message.attributes)
                }
            }
            defer { serving.cancel() }
            try await daemon.discovery.isRegistered("ais.scheduler->get-job")
            let answer = try await curl(#"-d 7 -H 'discovery-attribute-kind: String;x' "$U/request/ais.scheduler->get-job""#)
            #expect(answer.status == 200)
            #expect(answer.body == "job 7")
            #expect(answer.headers["discovery-attribute-kind"] == "String;x")
        }
    }

    @Test(arguments: Proof.allCases)
    func `a message is queued, received, extended, retried, finished and given up`(proof: Proof) async throws {
        try await Self.run(proof) { daemon, curl in
            try await daemon.discovery.makeQueue("dead", at: "ais.garden->dead")
            try await daemon.discovery.makeQueue("jobs", at: "ais.garden->jobs", deadLetters: "dead")
            let sent = try await curl(#"-d water -H 'discovery-attribute-n: Number;7' "$U/queue/ais.garden->jobs""#)
            #expect(sent.status == 200)
            let first = try await curl(#""$U/listen/ais.garden->jobs?visibility=30&wait=5""#)
            #expect(first.body == "water")
            #expect(first.headers["discovery-message-id"] == sent.json["id"])
            #expect(first.headers["discovery-attribute-n"] == "Number;7")
            var receipt = try #require(first.headers["discovery-receipt"])
            #expect(try await curl(#"-X POST "$U/listen/ais.garden->jobs/extend/\#(receipt)?visibility=60""#).status == 204)
            #expect(try await curl(#"-d dry "$U/listen/ais.garden->jobs/retry/\#(receipt)?after=0""#).status == 204)
            let second = try await curl(#""$U/listen/ais.garden->jobs?wait=5""#)
            #expect(second.headers["discovery-receive-count"] == "2")
            receipt = try #require(second.headers["discovery-receipt"])
            #expect(try await curl(#"-d 'a cat' "$U/listen/ais.garden->jobs/dead-letter/\#(receipt)""#).status == 204)
            let dead = try await curl(#""$U/listen/ais.garden->dead?wait=5""#)
            #expect(dead.body == "water")
            receipt = try #require(dead.headers["discovery-receipt"])
            #expect(try await curl(#"-X POST "$U/listen/ais.garden->dead/finish/\#(receipt)""#).status == 204)
            #expect(try await curl(#"-X POST "$U/listen/ais.garden->dead/finish/\#(receipt)""#).json["code"] == "leaseLost")
            #expect(try await curl(#""$U/listen/ais.garden->jobs?wait=0""#).status == 204)
        }
    }

    @Test(arguments: Proof.allCases)
    func `what is published reaches a queue that is subscribed`(proof: Proof) async throws {
        try await Self.run(proof) { daemon, curl in
            try await daemon.discovery.makeQueue("diary", at: "ais.garden->diary")
            try await daemon.discovery.withMessages { messaging in
                _ = try await messaging.createTopic("news")
                _ = try await messaging.subscribe(.queue("diary"), to: "news", .init(isRaw: true))
            }
            try await daemon.discovery.register("ais.garden->news", Resource(.topic, at: "arn:aws:sns:local:000000000000:news"))
            #expect(try await curl(#"-d roses "$U/publish/ais.garden->news""#).status == 200)
            #expect(try await curl(#""$U/listen/ais.garden->diary?wait=5""#).body == "roses")
        }
    }

    @Test(arguments: [Proof.basic, .signature])
    func `who may not is told, and why`(proof: Proof) async throws {
        try await Self.run(proof) { daemon, _ in
            let scheme = proof == .signature ? "--aws-sigv4 aws:amz:us-east-1:discovery" : ""
            for (user, rest, status) in [
                ("STRANGER:0123456789abcdef", #""$U/resolve/ais.a->b""#, 401), ("READER:fedcba9876543210", #""$U/resolve/ais.a->b""#, 401),
                ("READER:0123456789abcdef", #""$U/resolve/corp.a->b""#, 403),
                ("READER:0123456789abcdef", #"-d x "$U/queue/ais.a->b""#, 403),
                ("READER:0123456789abcdef", #""$U/resolve/ais.a->b""#, 404),
            ] {
                let line = "curl -sS -i --max-time 60 \(scheme) --user \(user) \(rest)"
                let answer = try Answer(try await Peers.shell(line, settings: ["U": "\(daemon.url)/_discovery"]).output)
                #expect(answer.status == status, "\(line): \(answer)")
                #expect(answer.json["message"]?.isEmpty == false)
            }
            let nobody = try Answer(
                try await Peers.shell(#"curl -sS -i "$U/resolve/ais.a->b""#, settings: ["U": "\(daemon.url)/_discovery"]).output)
            #expect(nobody.status == 401)
            #expect(nobody.headers["www-authenticate"] == #"Basic realm="discovery""#)
        }
    }
}
