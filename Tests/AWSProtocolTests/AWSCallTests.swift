import Foundation
import Testing

@testable import AWSProtocol

@Suite struct AWSCallTests {
    private static let input = CloudMap.DiscoverInstances.Input(namespaceName: "n", serviceName: "s")

    private static func call(_ url: String, prefix: Bool = true, credentials: SigV4.Credentials? = nil) throws -> AWSCall {
        var endpoint = try AWSEndpoint(parsing: url)
        endpoint.takesHostPrefix = prefix
        return try CloudMap.DiscoverInstances.call(
            input, to: endpoint, region: "local", credentials: credentials, at: SignatureVectorTests.date)
    }

    @Test(arguments: [
        ("http://127.0.0.1:4580", "http://127.0.0.1:4580/"), ("http://10.1.2.3", "http://10.1.2.3/"),
        ("http://[::1]:4580/", "http://[::1]:4580/"), ("http://localhost:4580", "http://localhost:4580/"),
        ("http://LocalHost:80/", "http://localhost/"), ("http://map.localhost", "http://map.localhost/"),
        ("https://servicediscovery.us-east-1.amazonaws.com", "https://data-servicediscovery.us-east-1.amazonaws.com/"),
        ("https://map.corp:443/base/", "https://data-map.corp/base/"), ("https://map.corp:80", "https://data-map.corp:80/"),
    ])
    func `the host prefix is put before names, not before addresses`(endpoint: String, url: String) throws {
        let call = try Self.call(endpoint)
        #expect(call.url == url)
        #expect(call.headers.first { $0.name == "Host" }?.value == String(url.split(separator: "/")[1]))
        let without = try Self.call(endpoint, prefix: false)
        #expect(without.url == url.replacing("data-", with: ""))
        let other = try CloudMap.GetService.call(
            .init(id: "x"), to: AWSEndpoint(parsing: endpoint), region: "r", credentials: nil, at: SignatureVectorTests.date)
        #expect(other.host == without.host)
    }

    @Test(arguments: [
        "", "localhost", "localhost:4580", "ftp://localhost", "http://", "http:///x", "http://h?a", "http://h#a", "http://u:p@h",
        "http://h:0",
        "http://h:70000", "http://h h", "http://h%0D%0Ax", "http://" + String(repeating: "a", count: 3_000),
    ])
    func `an endpoint that is none is refused with an example`(text: String) throws {
        let fault = try #require(throws: AWSFault.self) { try AWSEndpoint(parsing: text) }
        #expect(fault.message.contains("http://HOST:PORT") && fault.message.utf8.count < 400)
    }

    @Test func `a call is one that a server reads`() throws {
        let call = try Self.call("http://127.0.0.1:4580", credentials: SignatureVectorTests.credentials)
        #expect(
            call.method == "POST" && call.target == "/"
                && String(decoding: call.body, as: UTF8.self) == #"{"NamespaceName":"n","ServiceName":"s"}"#)
        #expect(call.headers.map(\.name) == ["Host", "Content-Type", "X-Amz-Target", "X-Amz-Date", "Authorization"])
        #expect(call.headers[1].value == "application/x-amz-json-1.1")
        #expect(CloudMap.service.operation(ofTarget: call.headers[2].value) == "DiscoverInstances")
        let request = SigV4.Request(method: call.method, target: call.target, headers: call.headers, payload: .bytes(call.body))
        let checked = try SigV4.check(request, now: SignatureVectorTests.date) { _ in SignatureVectorTests.secret }
        #expect(checked.isKnown && checked.claim.scope == SigV4.Scope(day: "20150830", region: "local", service: "servicediscovery"))
        #expect(try CloudMap.DiscoverInstances.input(from: call.body) == Self.input)
        #expect(try Self.call("http://127.0.0.1:4580").headers.count == 3)
    }

    @Test func `another service's target is none of ours`() {
        for target in ["", "Route53AutoNaming_v20170314", "Route53AutoNaming_v20170314DiscoverInstances", "AmazonSQS.SendMessage"] {
            #expect(CloudMap.service.operation(ofTarget: target) == nil)
        }
        #expect(CloudMap.service.operation(ofTarget: "Route53AutoNaming_v20170314.") == "")
    }

    @Test func `an answer is an output or a fault, whatever it is`() throws {
        func read<Operation: AWSOperation>(_ operation: Operation.Type, _ text: String, _ status: Int = 200) throws(AWSFault)
            -> Operation.Output
        {
            try operation.output(status: status, body: Array(text.utf8)) { _ in nil }
        }
        #expect(try read(CloudMap.RegisterInstance.self, #"{"OperationId":"op"}"#).operationID == "op")
        #expect(try read(CloudMap.UpdateInstanceCustomHealthStatus.self, "") == AWSEmpty())
        #expect(try read(CloudMap.UpdateInstanceCustomHealthStatus.self, "whatever") == AWSEmpty())
        #expect(try CloudMap.UpdateInstanceCustomHealthStatus.body(of: AWSEmpty()) == [])
        #expect(try CloudMap.TagResource.body(of: AWSEmpty()) == Array("{}".utf8))
        let discovered = try read(
            CloudMap.DiscoverInstances.self, #"{"Instances":[{"InstanceId":"i","HealthStatus":"DOZING","New":[]}],"InstancesRevision":7}"#)
        #expect(discovered.instances?.first?.healthStatus == "DOZING" && discovered.instancesRevision == 7)
        for text in ["<html>", "[]", #"{"Operation":1}"#, #"{"Operation":{"CreateDate":"now"}}"#] {
            let fault = try #require(throws: AWSFault.self) { try read(CloudMap.GetOperation.self, text) }
            #expect(fault.code == .unreadableAnswer && fault.status == 200)
        }
        let fault = try #require(throws: AWSFault.self) {
            try read(CloudMap.CreateService.self, #"{"__type":"ServiceAlreadyExists","Message":"m","ServiceId":"srv-1"}"#, 400)
        }
        #expect(fault.code == .serviceAlreadyExists && fault.serviceID == "srv-1" && fault.message == "m")
    }
}
