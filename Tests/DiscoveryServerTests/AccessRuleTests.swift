import DiscoveryKit
import Foundation
import Messaging
import Registry
import Testing

@testable import DiscoveryServer

/// What a key may not do, it cannot: whatever is asked, and however it is spelt.
struct AccessRuleTests {
    /// A request, and what a key has to be allowed for it.
    private typealias Deed = (action: AccessRule.Action, request: WireRequest)

    private struct Place {
        let namespace: String
        let service: String
        let operation: String

        init(_ discovery: Discovery) async throws {
            (namespace, service, operation) = try await discovery.withRegistry { registry in
                let namespace = try await registry.createNamespace(name: "ais", kind: .http)
                let service = try await registry.createService(
                    namespaceID: namespace.id, name: "garden", configuration: .init(hasCustomHealth: true))
                let change = Registry.Change.registerInstance(
                    "jobs", service: service.id, attributes: Resource.queue(named: "jobs").registrationAttributes.dictionary)
                return (namespace.id, service.id, try await registry.submit(change))
            }
            _ = try await discovery.withMessages { try await $0.createQueue("jobs") }
        }
    }

    private static func addresses() -> [Deed] {
        let place = "ais.garden->jobs"
        return [
            (.resolve, WireRequest("GET", "/_discovery/resolve/\(place)")), (.explain, WireRequest("GET", "/_discovery/explain/\(place)")),
            (.request, WireRequest("POST", "/_discovery/request/\(place)", "x")),
            (.request, WireRequest("POST", "/_discovery/request/\(place)?later=true", "x")),
            (.publish, WireRequest("POST", "/_discovery/publish/\(place)", "x")),
            (.queue, WireRequest("POST", "/_discovery/queue/\(place)", "x")),
            (.listen, WireRequest("GET", "/_discovery/listen/\(place)?wait=0")),
            (.listen, WireRequest("POST", "/_discovery/listen/\(place)/finish/x")),
            (.listen, WireRequest("POST", "/_discovery/listen/\(place)/retry/x")),
            (.listen, WireRequest("POST", "/_discovery/listen/\(place)/dead-letter/x")),
            (.listen, WireRequest("POST", "/_discovery/listen/\(place)/extend/x")),
            (.register, WireRequest("PUT", "/_discovery/register/ais.garden->other", "http://127.0.0.1:1/")),
            (.register, WireRequest("DELETE", "/_discovery/register/ais.garden->other")),
            (.metrics, WireRequest("GET", "/_discovery/metrics")), (.metrics, WireRequest("GET", "/_discovery/metrics?a=/health")),
            (.metrics, WireRequest("GET", "http://x/_discovery/metrics")),
        ]
    }

    /// All 30.
    private static func operations(_ place: Place) -> [Deed] {
        let (namespace, service) = (place.namespace, place.service)
        let instance = #""ServiceId": "\#(service)", "InstanceId": "jobs""#
        let names = #""NamespaceName": "ais", "ServiceName": "garden""#
        let arn = "arn:aws:servicediscovery:us-east-1:000000000000:service/\(service)"
        let change = #""Properties": {"DnsProperties": {"SOA": {"TTL": 60}}}"#
        let made: [(AccessRule.Action, String, String)] = [
            (.manage, "CreateHttpNamespace", #""Name": "ais""#), (.manage, "CreatePublicDnsNamespace", #""Name": "ais""#),
            (.manage, "CreatePrivateDnsNamespace", #""Name": "ais", "Vpc": "vpc-1""#),
            (.manage, "UpdateHttpNamespace", #""Id": "\#(namespace)", "Namespace": {"Description": "x"}"#),
            (.manage, "UpdatePrivateDnsNamespace", #""Id": "\#(namespace)", "Namespace": {\#(change)}"#),
            (.manage, "UpdatePublicDnsNamespace", #""Id": "\#(namespace)", "Namespace": {\#(change)}"#),
            (.manage, "DeleteNamespace", #""Id": "\#(namespace)""#), (.resolve, "GetNamespace", #""Id": "\#(namespace)""#),
            (.resolve, "ListNamespaces", ""), (.manage, "CreateService", #""Name": "garden", "NamespaceId": "\#(namespace)""#),
            (.manage, "UpdateService", #""Id": "\#(service)", "Service": {"Description": "x"}"#),
            (.manage, "DeleteService", #""Id": "\#(service)""#), (.resolve, "GetService", #""Id": "\#(service)""#),
            (.resolve, "ListServices", ""), (.resolve, "GetServiceAttributes", #""ServiceId": "\#(service)""#),
            (.manage, "UpdateServiceAttributes", #""ServiceId": "\#(service)", "Attributes": {"a": "b"}"#),
            (.manage, "DeleteServiceAttributes", #""ServiceId": "\#(service)", "Attributes": ["a"]"#),
            (.register, "RegisterInstance", #"\#(instance), "Attributes": {"a": "b"}"#), (.resolve, "GetInstance", instance),
            (.resolve, "ListInstances", #""ServiceId": "\#(service)""#),
            (.resolve, "GetInstancesHealthStatus", #""ServiceId": "\#(service)""#),
            (.register, "UpdateInstanceCustomHealthStatus", #"\#(instance), "Status": "UNHEALTHY""#),
            (.resolve, "DiscoverInstances", names), (.resolve, "DiscoverInstancesRevision", names),
            (.resolve, "GetOperation", #""OperationId": "\#(place.operation)""#), (.resolve, "ListOperations", ""),
            (.manage, "TagResource", #""ResourceARN": "\#(arn)", "Tags": [{"Key": "a", "Value": "b"}]"#),
            (.manage, "UntagResource", #""ResourceARN": "\#(arn)", "TagKeys": ["a"]"#),
            (.resolve, "ListTagsForResource", #""ResourceARN": "\#(arn)""#), (.register, "DeregisterInstance", instance),
        ]
        return made.map { ($0, .cloudMap($1, "{\($2)}")) }
    }

    @Test func `no operation does what no rule of the key allows`() async throws {
        try await Self.run { daemon, place in
            #expect(Self.operations(place).count == 30)
            let actions = AccessRule.Action.allCases
            for (action, request) in Self.addresses() + Self.operations(place) {
                let what =
                    "\(action): \(request.method) \(request.target) \(request.headers.first { $0.name == "X-Amz-Target" }?.value ?? "")"
                // Who changes something may wait for it.
                let mayWait = request.headers.contains { $0.value.hasSuffix(".GetOperation") }
                for other in actions where other != action && !(mayWait && [.register, .manage].contains(other)) {
                    try await Self.isRefused(KeyHolder(id: "all-\(other)").named(request), by: daemon, "all-\(other), \(what)")
                }
                // May do everything elsewhere, and nothing at all.
                try await Self.isRefused(KeyHolder(id: "elsewhere").named(request), by: daemon, "elsewhere, \(what)")
                try await Self.isRefused(KeyHolder(id: "nothing").named(request), by: daemon, "nothing, \(what)")
            }
            // None of them was done by those; each is by who may.
            for (action, request) in Self.addresses() + Self.operations(place) {
                let reply = try await daemon(KeyHolder(id: "all-\(action)").named(request))
                #expect(reply.code != "notAllowed" && reply.fault != "AccessDeniedException", "\(action): \(request.target) \(reply.text)")
                #expect(reply.code != "unauthenticated", "\(reply.text)")
            }
        }
    }

    @Test func `no spelling of a path leads past the rules`() async throws {
        try await Self.run { daemon, place in
            let secret = "_total"
            let spellings = [
                "/_discovery/metrics", "//_discovery/metrics", "/_discovery//metrics", "/_discovery/./metrics", "/x/../_discovery/metrics",
                "/_discovery/../_discovery/metrics", "/_discovery/health/../metrics", "/_discovery/health/metrics",
                "/_discovery/health//metrics", "/_discovery/health%2Fmetrics", "/_discovery/%6Detrics", "/%5Fdiscovery/metrics",
                "/_discovery%2Fmetrics", "/_DISCOVERY/METRICS", "/_discovery/Metrics", "/_discovery/metrics/", "/_discovery/metrics//",
                "/_discovery/metrics;x", "/_discovery/metrics%00", "/_discovery/metrics%20", "/_discovery/metrics?health",
                "/_discovery/health?/metrics", "/_discovery/metrics/health", "/_discovery/metrics#", "http://x/_discovery/metrics",
                "HTTP://x//_discovery/metrics", "https://x/_discovery/metrics", "http://x?/_discovery/metrics", "*", "x", "?", "/",
                "/_discovery/metrics?X-Amz-Signature=", "/_discovery/version/../metrics/",
            ]
            for method in ["GET", "HEAD", "POST"] {
                for target in spellings {
                    for request in [
                        WireRequest(method, target), KeyHolder(id: "nothing").named(WireRequest(method, target)),
                        KeyHolder(id: "all-resolve").named(WireRequest(method, target)),
                    ] {
                        let reply = try await daemon(request)
                        #expect(!reply.text.contains(secret), "\(method) \(target)")
                    }
                }
            }
            let read = try await daemon(KeyHolder(id: "all-metrics").named(WireRequest("GET", "/_discovery/metrics")))
            #expect(read.status == 200 && read.text.contains(secret), "otherwise nothing was hidden")
        }
    }

    @Test func `no spelling of an address leads past the rules`() async throws {
        try await Self.run { daemon, place in
            let elsewhere = KeyHolder(id: "elsewhere")
            for address in [
                "ais.garden->jobs", "ais%2Egarden-%3Ejobs", "%61is.garden->jobs", "\"ais\".garden->jobs",
                "%22ais%22.%22garden%22->%22jobs%22",
                "garden->jobs", "ais.garden[a=b]->jobs", "ais.garden->*", "ais.garden", "corp.x/../ais.garden->jobs", "./ais.garden->jobs",
                "/ais.garden->jobs", "ais.garden->jobs/", "corp.%22.%22->x/finish/../ais.garden->jobs", "ais.garden-%3Ejobs%00",
                "AIS.garden->jobs",
            ] {
                for (method, verb) in [
                    ("GET", "resolve"), ("GET", "explain"), ("POST", "queue"), ("POST", "publish"), ("POST", "request"),
                    ("PUT", "register"),
                    ("DELETE", "register"), ("GET", "listen"),
                ] {
                    let target = "/_discovery/\(verb)/\(address)\(verb == "listen" ? "?wait=0" : "")"
                    let reply = try await daemon(
                        elsewhere.named(WireRequest(method, target, verb == "register" ? "http://127.0.0.1:1/" : "")))
                    #expect((400..<500).contains(reply.status), "\(method) \(target): \(reply.status) \(reply.text)")
                }
            }
            // What a request is told by decides what is checked: whichever of the two it is.
            var both = WireRequest("POST", "/_discovery/queue/corp.x->y", #"{"NamespaceName": "ais", "ServiceName": "garden"}"#)
            both.headers.append(("X-Amz-Target", "Route53AutoNaming_v20170314.DiscoverInstances"))
            try await Self.isRefused(elsewhere.named(both), by: daemon, "an operation at an address's path")
            both.target = "/_discovery/health"
            try await Self.isRefused(elsewhere.named(both), by: daemon, "an operation at a path for everybody")
            #expect(try await daemon(both).fault == "MissingAuthenticationTokenException")
            both.target = "/_discovery/metrics"
            both.headers[1].value = "AmazonSQS.SendMessage"
            #expect(try await daemon(elsewhere.named(both)).fault == "UnknownOperationException")
            // By id, an operation means the service that it is; an id of nothing tells nobody that it is nothing.
            let arn = "arn:aws:servicediscovery:us-east-1:000000000000:service/\(place.service)"
            for id in [place.service, arn] {
                try await Self.isRefused(
                    elsewhere.named(.cloudMap("ListInstances", #"{"ServiceId": "\#(id)"}"#)), by: daemon, "by \(id)")
            }
        }
    }

    private static func isRefused(_ request: WireRequest, by daemon: Daemon, _ what: String) async throws {
        let reply = try await daemon(request)
        #expect(
            reply.status == 403 && reply.code == "notAllowed" || reply.status == 400 && reply.fault == "AccessDeniedException",
            "\(what): \(reply.status) \(reply.text)")
    }

    private static func run(_ body: (Daemon, Place) async throws -> Void) async throws {
        try await withFolder { folder in
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: folder + "/home")
            let discovery = try Discovery(configuration)
            let place = try await Place(discovery)
            var rules: [(id: String, allow: [String], on: String)] = AccessRule.Action.allCases.map { ("all-\($0)", ["\($0)"], "*") }
            rules += [("elsewhere", ["*"], "corp.*"), ("nothing", [], "*")]
            try KeyHolder.write(try KeyHolder.file(rules), to: folder + "/keys")
            let daemon = try await Daemon(home: folder + "/home", ["--keys", folder + "/keys", "--namespace", "ais"])
            try await body(daemon, place)
            await discovery.shutdown()
        }
    }
}
