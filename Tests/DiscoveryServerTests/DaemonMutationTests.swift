import DiscoveryKit
import Foundation
import Messaging
import Registry
import Testing

/// Requests of all kinds, damaged at random: none ends the daemon, makes it fail, or draws anything but well-formed replies.
struct DaemonMutationTests {
    /// Each sends one mutant after another.
    private static let lanes = 24

    private static func originals(_ service: String, _ holder: KeyHolder?) throws -> [WireRequest] {
        let place = "ais.garden->jobs"
        var requests: [WireRequest] = [
            WireRequest("GET", "/_discovery/health"), WireRequest("GET", "/_discovery/ready"), WireRequest("HEAD", "/_discovery/version"),
            WireRequest("GET", "/_discovery/metrics"), WireRequest("GET", "/_discovery/resolve/\(place)"),
            WireRequest("GET", "/_discovery/resolve/ais.garden%5Bstage=prod%5D-%3E*"), WireRequest("GET", "/_discovery/explain/\(place)"),
            WireRequest(
                "POST", "/_discovery/queue/\(place)", "water",
                headers: [
                    ("discovery-attribute-kind", "String;x%20y"), ("discovery-delay", "1.5"), ("discovery-group", "g"),
                    ("Content-Type", "text/plain"),
                ]),
            WireRequest(
                "POST", "/_discovery/queue/\(place)", "{}",
                headers: [
                    ("discovery-deliver-at", "2030-01-31T12:00:00Z"), ("discovery-deduplication", "d"),
                    ("discovery-attribute-n", "Number;7"),
                ]),
            WireRequest("POST", "/_discovery/publish/ais.garden->news", "roses", headers: [("discovery-subject", "s")]),
            WireRequest(
                "POST", "/_discovery/request/ais.garden->call", "7",
                headers: [
                    ("discovery-timeout", "500"), ("discovery-idempotent", "true"),
                    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ]),
            WireRequest("GET", "/_discovery/listen/\(place)?wait=0&visibility=1"),
            WireRequest("POST", "/_discovery/listen/\(place)/finish/YXJuOmF3czpzcXM6bG9jYWw6MDAwMDAwMDAwMDAwOmpvYnMgeA"),
            WireRequest("POST", "/_discovery/listen/\(place)/retry/eA?after=1", "dry"),
            WireRequest("POST", "/_discovery/listen/\(place)/dead-letter/eA", "a cat"),
            WireRequest("POST", "/_discovery/listen/\(place)/extend/eA?visibility=9"),
            WireRequest("PUT", "/_discovery/register/ais.garden->pump", "http://127.0.0.1:1/"),
            WireRequest(
                "PUT", "/_discovery/register/ais.garden->pump?lease=60",
                #"{"location": "http://10.0.0.7:8080/", "type": "function", "attributes": {"stage": "prod"}}"#),
            WireRequest("DELETE", "/_discovery/register/ais.garden->pump", headers: [("If-Match", "\"7\"")]),
            .cloudMap(
                "DiscoverInstances",
                #"{"NamespaceName": "ais", "ServiceName": "garden", "MaxResults": 10, "QueryParameters": {"stage": "dev"}, "HealthStatus": "ALL"}"#
            ),
            .cloudMap("DiscoverInstancesRevision", #"{"NamespaceName": "ais", "ServiceName": "garden"}"#),
            .cloudMap(
                "RegisterInstance",
                #"{"ServiceId": "\#(service)", "InstanceId": "i", "CreatorRequestId": "r", "Attributes": {"AWS_INSTANCE_IPV4": "172.1.1.1", "AWS_INSTANCE_PORT": "80", "stage": "dev"}}"#
            ),
            .cloudMap("DeregisterInstance", #"{"ServiceId": "\#(service)", "InstanceId": "i"}"#),
            .cloudMap(
                "GetInstance", #"{"ServiceId": "arn:aws:servicediscovery:us-east-1:000000000000:service/\#(service)", "InstanceId": "i"}"#),
            .cloudMap("ListInstances", #"{"ServiceId": "\#(service)", "MaxResults": 1, "NextToken": "eyJ4Ijoi"}"#),
            .cloudMap("UpdateInstanceCustomHealthStatus", #"{"ServiceId": "\#(service)", "InstanceId": "i", "Status": "HEALTHY"}"#),
            .cloudMap("GetInstancesHealthStatus", #"{"ServiceId": "\#(service)", "Instances": ["i"]}"#),
            .cloudMap("CreateHttpNamespace", #"{"Name": "n", "Description": "d", "Tags": [{"Key": "k", "Value": "v"}]}"#),
            .cloudMap(
                "CreatePrivateDnsNamespace",
                #"{"Name": "example.com", "Vpc": "vpc-1", "Properties": {"DnsProperties": {"SOA": {"TTL": 60}}}}"#),
            .cloudMap(
                "CreateService",
                #"{"Name": "s", "NamespaceId": "ns-x", "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 60}], "RoutingPolicy": "MULTIVALUE"}, "HealthCheckCustomConfig": {"FailureThreshold": 1}}"#
            ),
            .cloudMap(
                "UpdateService",
                #"{"Id": "\#(service)", "Service": {"Description": "x", "HealthCheckConfig": {"Type": "HTTP", "ResourcePath": "/", "FailureThreshold": 3}}}"#
            ),
            .cloudMap("UpdateServiceAttributes", #"{"ServiceId": "\#(service)", "Attributes": {"a": "b"}}"#),
            .cloudMap("ListNamespaces", #"{"Filters": [{"Name": "TYPE", "Values": ["HTTP"], "Condition": "EQ"}]}"#),
            .cloudMap("ListOperations", #"{"Filters": [{"Name": "UPDATE_DATE", "Values": ["0", "99999999999"], "Condition": "BETWEEN"}]}"#),
            .cloudMap(
                "TagResource",
                #"{"ResourceARN": "arn:aws:servicediscovery:us-east-1:000000000000:service/\#(service)", "Tags": [{"Key": "k", "Value": "v"}]}"#
            ),
        ]
        guard let holder else { return requests }
        requests = try requests.map { try holder.signed($0) }
        requests.append(try holder.presigned(.cloudMap("ListServices"), expiry: 600))
        requests.append(holder.named(WireRequest("GET", "/_discovery/resolve/\(place)")))
        return requests
    }

    private static let fragments =
        [
            "\r\n", "\0", "%", "%FF", "%00", "->", "..", "/", "//", "?", "&", "=", "\"", "{", "}", "[", "]", ",", ":", "-1", "1e400",
            "99999999999999999999999", "null", "true", "\\u0000", "\\ud800", "\u{FFFD}", "é", "\u{202E}", "nan", "Content-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\n", "X-Amz-Target: Route53AutoNaming_v20170314.DeleteService\r\n",
            "Authorization: Basic eA==\r\n",
            "Authorization: AWS4-HMAC-SHA256 \r\n", "X-Amz-Date: 20260101T000000Z\r\n",
            "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=", "*",
        ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80]]

    private static func mutant(of original: WireRequest, _ all: [WireRequest], _ random: inout SplitMix) -> [UInt8] {
        var request = original
        // Half of them keep their framing, so that what is behind it is reached.
        let keepsFraming = Bool.random(using: &random)
        if keepsFraming {
            for _ in 0...Int.random(in: 0...2, using: &random) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: request.body = damaged(request.body, all, &random)
                case 1: request.body = damaged(request.body, all, &random)
                case 2:
                    request.target = String(
                        decoding: damaged(Array(request.target.utf8), all, &random).filter { $0 > 32 && $0 < 127 }, as: UTF8.self)
                default:
                    let index = Int.random(in: 0..<request.headers.count, using: &random)
                    let value = damaged(Array(request.headers[index].value.utf8), all, &random).filter { $0 > 31 && $0 < 127 }
                    request.headers[index].value = String(decoding: value, as: UTF8.self)
                }
            }
            if request.target.isEmpty { request.target = "/" }
            return request.bytes
        }
        return damaged(request.bytes, all, &random)
    }

    private static func damaged(_ original: [UInt8], _ all: [WireRequest], _ random: inout SplitMix) -> [UInt8] {
        var bytes = original
        for _ in 0...Int.random(in: 0...3, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 0...16, using: &random))
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1: bytes.insert(contentsOf: fragments.randomElement(using: &random) ?? [], at: at)
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 4: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
            case 5: if at < bytes.count { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            case 6:
                bytes.insert(contentsOf: [UInt8](repeating: bytes.isEmpty ? 0x5B : bytes[min(at, bytes.count - 1)], count: 2_000), at: at)
            default: bytes.insert(contentsOf: all.randomElement(using: &random)?.body ?? [], at: at)
            }
        }
        return bytes
    }

    @Test(arguments: [false, true])
    func `no damaged request ends a daemon, makes it fail, or draws a damaged reply`(hasKeys: Bool) async throws {
        try await withFolder { folder in
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: folder + "/home")
            let discovery = try Discovery(configuration)
            let service = try await discovery.withRegistry { registry in
                let namespace = try await registry.createNamespace(name: "ais", kind: .http)
                return try await registry.createService(
                    namespaceID: namespace.id, name: "garden", configuration: .init(hasCustomHealth: true)
                ).id
            }
            _ = try await discovery.withMessages { try await $0.createQueue("jobs") }
            try await discovery.register("ais.garden->jobs", .queue(named: "jobs"))
            // Nobody is there.
            try await discovery.register("ais.garden->call", Resource(.function, at: "http://127.0.0.1:1/"))
            try await discovery.register("ais.garden->news", Resource(.topic, at: "arn:aws:sns:local:000000000000:news"))
            try #"{"timeout": {"header": 1, "body": 1, "idle": 1}}"#.write(toFile: folder + "/a.json", atomically: true, encoding: .utf8)
            try KeyHolder.write(try KeyHolder.file([("GOOD", ["*"], "*")]), to: folder + "/keys")
            let settings = ["--config", folder + "/a.json"] + (hasKeys ? ["--keys", folder + "/keys"] : [])
            let daemon = try await Daemon(home: folder + "/home", settings)
            let holder = KeyHolder(id: "GOOD")
            let originals = try Self.originals(service, hasKeys ? holder : nil)
            // As they are, none of them fails; nor does what it leaves behind.
            for original in originals { #expect(try await daemon(original).status != 500) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<Self.lanes {
                    group.addTask {
                        var random = SplitMix(round: lane)
                        for _ in 0..<Rounds.count {
                            let original = originals.randomElement(using: &random) ?? originals[0]
                            let mutant = Self.mutant(of: original, originals, &random)
                            let heard = try await onThread { try Self.exchange(mutant, daemon) }
                            let note = "\(String(decoding: mutant, as: UTF8.self).debugDescription), lane \(lane), \(Rounds.note)"
                            Self.check(heard, original.method == "HEAD", note)
                        }
                        let question = WireRequest("GET", "/_discovery/resolve/ais.garden->call")
                        let answer = try await daemon(hasKeys ? holder.named(question) : question)
                        #expect(answer.status == 200 || answer.status == 404, "\(answer.text), \(Rounds.note)")
                    }
                }
                try await group.waitForAll()
            }
            daemon.signal(SIGTERM)
            #expect(await daemon.end() == 0)
            #expect(!daemon.complaints.contains(" error "), "\(daemon.complaints.prefix(2_000)); \(Rounds.note)")
            await discovery.shutdown()
        }
    }

    private static func check(_ heard: [UInt8], _ isOfHEAD: Bool, _ note: String) {
        do {
            // A HEAD that was damaged may be none any more.
            let bare = isOfHEAD ? try? WireReader.replies(in: heard, isOfHEAD: true) : nil
            for reply in try bare ?? WireReader.replies(in: heard) {
                #expect(reply.status != 500, "\(reply.text) for \(note)")
                #expect(reply.headers["x-amzn-requestid"] != nil, "\(reply.status) for \(note)")
            }
        } catch {
            Issue.record("\(error): \(String(decoding: heard, as: UTF8.self).debugDescription) for \(note)")
        }
    }

    /// After it the daemon closes, unless the mutant has swallowed it; then a time limit ends the connection.
    private static let last = Array("GET /_discovery/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8)

    private static func exchange(_ bytes: [UInt8], _ daemon: Daemon) throws -> [UInt8] {
        let client = try daemon.connect()
        defer { client.close() }
        // It may be closed before it has heard all: what it said is there to be read.
        try? client.send(bytes + last)
        return try client.rest()
    }
}
