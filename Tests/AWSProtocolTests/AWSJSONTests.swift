import Foundation
import Testing

@testable import AWSProtocol

@Suite struct AWSJSONTests {
    private static func input<Operation: AWSOperation>(_ operation: Operation.Type, _ text: String) throws(AWSFault) -> Operation.Input {
        try operation.input(from: Array(text.utf8))
    }

    private static func text(_ shape: some Encodable) throws -> String {
        String(decoding: try AWSJSON.encode(shape), as: UTF8.self)
    }

    @Test func `a request is read by the names of the wire, and keys of maps are left alone`() throws {
        let text = #"""
            {"ServiceId": "srv-1", "InstanceId" : "a/b", "Attributes": {"userId": "1", "UserID": "\u00fc\n\ud83d\ude00\/", "ttl": ""},
             "CreatorRequestId": null, "Unknown": [{"deep": [1, 2.5e3, -0, true, false, null]}]}
            """#
        let input = try Self.input(CloudMap.RegisterInstance.self, text)
        #expect(
            input
                == CloudMap.RegisterInstance.Input(
                    serviceID: "srv-1", instanceID: "a/b", attributes: ["userId": "1", "UserID": "ü\n😀/", "ttl": ""]))
        #expect(
            try Self.text(input)
                == #"{"Attributes":{"UserID":"ü\n😀/","ttl":"","userId":"1"},"InstanceId":"a/b","ServiceId":"srv-1"}"#)
        let service = try Self.input(
            CloudMap.CreateService.self,
            #"{"Name":"s","DnsConfig":{"DnsRecords":[{"Type":"A","TTL":60}]},"HealthCheckConfig":{"Type":"PIGEON","FailureThreshold":3.0}}"#
        )
        #expect(service.dnsConfig?.dnsRecords == [CloudMap.DNSRecord(type: .a, ttl: 60)])
        #expect(service.healthCheckConfig?.type.isKnown == false && service.healthCheckConfig?.failureThreshold == 3)
    }

    @Test func `no body is an empty object, and of two members of one name the last counts`() throws {
        #expect(try Self.input(CloudMap.ListNamespaces.self, "") == CloudMap.ListNamespaces.Input())
        #expect(try Self.input(CloudMap.ListNamespaces.self, " {} \n") == CloudMap.ListNamespaces.Input())
        #expect(try Self.input(CloudMap.GetService.self, #"{"Id":"a","Id":"b","\u0049d":"c"}"#).id == "c")
        #expect(
            try Self.input(CloudMap.DiscoverInstances.self, #"{"NamespaceName":"n","ServiceName":"s","QueryParameters":{"k":"1","k":"2"}}"#)
                .queryParameters == ["k": "2"])
    }

    @Test(arguments: [
        (#"{"NamespaceName":"n"}"#, "ServiceName is missing"), ("{}", " is missing"), ("", " is missing"),
        (#"{"NamespaceName":null,"ServiceName":"s"}"#, "NamespaceName is null"),
        (#"{"namespaceName":"n","ServiceName":"s"}"#, "NamespaceName"),
    ])
    func `a required member that is missing is the service's fault`(text: String, part: String) throws {
        let fault = try #require(throws: AWSFault.self) { try Self.input(CloudMap.DiscoverInstances.self, text) }
        #expect(fault.code == .invalidInput && fault.message.contains(part) && fault.status == 400, "\(fault)")
    }

    @Test func `the path of what is missing is said`() throws {
        let fault = try #require(throws: AWSFault.self) {
            try Self.input(CloudMap.CreateService.self, #"{"Name":"s","DnsConfig":{"DnsRecords":[{"Type":"A","TTL":1},{"Type":"A"}]}}"#)
        }
        #expect(fault.message == "DnsConfig.DnsRecords[1].TTL is missing, and required")
        let wrong = try #require(throws: AWSFault.self) {
            try Self.input(CloudMap.CreateService.self, #"{"Name":"s","DnsConfig":{"DnsRecords":[{"Type":"A","TTL":"60"}]}}"#)
        }
        #expect(wrong.code == .serialization && wrong.message == "DnsConfig.DnsRecords[0].TTL is not a whole number")
    }

    @Test(arguments: [
        "{", "}", "[]", "\"\"", "null", "1", "nul", "{}{}", "{} x", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}",
        "\u{FEFF}{}",
        "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":1e}", "{\"a\":1e999}", "{\"a\":-}", "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"", "{\"a\":\"\\", "{\"a\":[1 2]}", "{\"a\":[1,]}", "/* */{}", "{\"Id\":1}", "{\"Id\":[\"a\"]}", "{\"Id\":{}}",
        "{\"Id\":true}",
    ])
    func `what is no JSON, or of the wrong type, cannot be read`(text: String) throws {
        let fault = try #require(throws: AWSFault.self) { try Self.input(CloudMap.GetService.self, text) }
        #expect(fault.code == .serialization && fault.message.utf8.count < 300, "\(fault)")
    }

    @Test func `bytes that are no UTF-8 cannot be read`() throws {
        for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3]] as [[UInt8]] {
            let text = Array(#"{"Id":""#.utf8) + bytes + Array(#""}"#.utf8)
            let escaped = Array(#"{"Id":"\n"#.utf8) + bytes + Array(#""}"#.utf8)
            for body in [text, escaped, bytes] {
                let fault = try #require(throws: AWSFault.self) { try CloudMap.GetService.input(from: body) }
                #expect(fault.code == .serialization)
            }
        }
        // What a reader that guesses would take for UTF-16.
        #expect(throws: AWSFault.self) { try CloudMap.ListNamespaces.input(from: [0x7B, 0, 0x7D, 0]) }
    }

    @Test func `32 deep is read, 33 is not, and a million costs no stack`() throws {
        func nested(_ depth: Int) -> String {
            "{\"x\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(throws: Never.self) { try Self.input(CloudMap.ListNamespaces.self, nested(32)) }
        for depth in [33, 1_000_000] {
            let fault = try #require(throws: AWSFault.self) { try Self.input(CloudMap.ListNamespaces.self, nested(depth)) }
            #expect(fault.code == .serialization && fault.message.contains("deep"))
        }
        let objects = String(repeating: #"{"a":"#, count: 100_000)
        #expect(throws: AWSFault.self) { try Self.input(CloudMap.ListNamespaces.self, objects) }
    }

    @Test func `times are seconds to the millisecond, and what is nil is left out`() throws {
        let namespace = CloudMap.Namespace(
            id: "ns-1", arn: "arn:aws:servicediscovery:local:000000000000:namespace/ns-1", type: .dnsPrivate,
            properties: CloudMap.NamespaceProperties(
                dnsProperties: CloudMap.DNSProperties(hostedZoneID: "Z1", soa: CloudMap.SOA(ttl: 15)),
                httpProperties: CloudMap.HTTPProperties(httpName: "n")),
            createDate: Date(timeIntervalSince1970: 1_516_925_490.0874))
        let text = try Self.text(CloudMap.GetNamespace.Output(namespace: namespace))
        #expect(
            text
                == #"{"Namespace":{"Arn":"arn:aws:servicediscovery:local:000000000000:namespace/ns-1","CreateDate":1516925490.087,"Id":"ns-1","Properties":{"DnsProperties":{"HostedZoneId":"Z1","SOA":{"TTL":15}},"HttpProperties":{"HttpName":"n"}},"Type":"DNS_PRIVATE"}}"#
        )
        let back = try CloudMap.GetNamespace.output(status: 200, body: Array(text.utf8)) { _ in nil }
        #expect(back.namespace?.createDate == Date(timeIntervalSince1970: 1_516_925_490.087))
        #expect(back.namespace?.properties == namespace.properties)
    }

    @Test func `a fault is written as its services do, and read as others write it`() throws {
        let fault = AWSFault.duplicateRequest("an \"operation\" is\nunder way / here", operationID: "op-1")
        #expect(
            String(decoding: fault.json, as: UTF8.self)
                == #"{"__type":"DuplicateRequest","DuplicateOperationId":"op-1","message":"an \"operation\" is\nunder way / here"}"#)
        #expect(AWSFault(status: 400, body: fault.json) { _ in nil } == fault)
        func read(_ text: String, _ status: Int = 400, header: String? = nil) -> AWSFault {
            AWSFault(status: status, body: Array(text.utf8)) { $0 == "x-amzn-errortype" ? header : nil }
        }
        #expect(read(#"{"__type":"com.amazonaws.servicediscovery#InvalidInput","Message":"m"}"#) == AWSFault(.invalidInput, "m"))
        #expect(read(#"{"message":"m"}"#, header: "ServiceNotFound:http://x/").code == .serviceNotFound)
        #expect(read(#"{"__type":"NeverHeardOf","message":"m","Number":1}"#) == AWSFault("NeverHeardOf", "m"))
        #expect(read("<html>", 503).code == .serviceUnavailable && read("", 500).code == .internalFailure)
        #expect(read("[]", 404).code == .unreadableAnswer && read("[]", 404).status == 404)
        #expect(read(#"{"__type":"","message":1}"#).code == .unreadableAnswer)
        #expect(
            AWSFault.serviceAlreadyExists("m", serviceID: "srv-1", serviceARN: "arn", creatorRequestID: nil).members
                == ["ServiceId": "srv-1", "ServiceArn": "arn"])
        #expect(AWSFault.tooManyTags("m", resourceName: "r").resourceName == "r")
        #expect(AWSFault.namespaceAlreadyExists("m", namespaceID: "n", creatorRequestID: "c").creatorRequestID == "c")
        #expect(AWSFault(SigV4.Fault.wrongSignature).code == .signatureDoesNotMatch)
    }

    @Test(.timeLimit(.minutes(5)))
    func `any bytes are a shape or a fault, as Foundation sees it too`() async {
        print("AWSJSONTests: \(Rounds.note)")
        let original = Array(
            #"{"Id":"s","Service":{"DnsConfig":{"DnsRecords":[{"Type":"A","TTL":1.5e1}]},"Description":"\u00e9\ud83d\ude00 \\\" é"},"x":[null,true,-0.1]}"#
                .utf8)
        let words = ["{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "null", "1e9", "-", "é", "\u{2028}", "\0"].map { Array($0.utf8) }
        var read = 0
        for await round in Rounds.each() {
            var generator = SplitMix(round: round)
            for _ in 0..<200 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let place = Int.random(in: 0...bytes.count, using: &generator)
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: bytes.insert(.random(in: 0...255, using: &generator), at: place)
                    case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...20, using: &generator)))
                    case 2: bytes.insert(contentsOf: words.randomElement(using: &generator) ?? [], at: place)
                    default: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
                    }
                }
                let ours = try? JSONTree(parsing: bytes)
                read += ours == nil ? 0 : 1
                if ours != nil {
                    #expect(
                        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil,
                        "\(Rounds.note) round \(round): \(String(decoding: bytes, as: UTF8.self))")
                }
                _ = try? CloudMap.UpdateService.input(from: bytes)
            }
        }
        #expect(read > Rounds.count * 5)
    }

    @Test func `a piece is what the codec writes, and pieces join to an answer`() async throws {
        print("AWSJSONTests: \(Rounds.note)")
        let signs = Array("aZ09 /\\\"\u{7F}\u{80}é😀\u{2028}<>&'_-".unicodeScalars) + (0..<0x20).compactMap { Unicode.Scalar($0) }
        func text(_ generator: inout SplitMix) -> String {
            var text = ""
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                text.unicodeScalars.append(signs.randomElement(using: &generator) ?? "a")
            }
            return text
        }
        for await round in Rounds.each() {
            var generator = SplitMix(round: round)
            var instances: [CloudMap.HTTPInstanceSummary] = []
            for _ in 0..<20 {
                var attributes: [String: String] = [:]
                for _ in 0..<Int.random(in: 0...6, using: &generator) { attributes[text(&generator)] = text(&generator) }
                let summary = CloudMap.HTTPInstanceSummary(
                    instanceID: Bool.random(using: &generator) ? text(&generator) : nil, namespaceName: text(&generator),
                    serviceName: Bool.random(using: &generator) ? text(&generator) : nil,
                    healthStatus: Bool.random(using: &generator) ? .healthy : nil,
                    attributes: Bool.random(using: &generator) ? attributes : nil)
                let codec = try AWSJSON.encode(summary)
                #expect(
                    summary.json == codec,
                    "\(Rounds.note) \(String(decoding: codec, as: UTF8.self)) \(String(decoding: summary.json, as: UTF8.self))")
                instances.append(summary)
            }
            let output = CloudMap.DiscoverInstances.Output(instances: instances, instancesRevision: round)
            let joined = CloudMap.DiscoverInstances.body(joining: instances.map(\.json), instancesRevision: round)
            #expect(try joined == CloudMap.DiscoverInstances.body(of: output))
            #expect(try CloudMap.DiscoverInstances.output(status: 200, body: joined) { _ in nil } == output)
        }
        let none = CloudMap.DiscoverInstances.body(joining: [], instancesRevision: .max)
        #expect(String(decoding: none, as: UTF8.self) == #"{"Instances":[],"InstancesRevision":9223372036854775807}"#)
    }
}
