import Registry
import Testing

@testable import DiscoveryKit

@Suite struct ResourceTests {
    private static let queueARN = "arn:aws:sqs:eu-west-1:123456789012:jobs"
    private static let queueURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"

    @Test(
        arguments: [
            ("function", .function), ("lambda", .function), ("cloud-function", .function), ("Lambda", .function), ("queue", .queue),
            ("sqs", .queue),
            ("topic", .topic), ("event", .topic), ("pubsub", .topic), ("sns", .topic), ("step-function", .workflow),
            ("state-machine", .workflow),
            ("workflow", .workflow), ("script", .script), ("ssm", .script), ("automation", .script),
        ] as [(String, Resource.Kind)])
    func `the type names the kind`(type: String, kind: Resource.Kind) throws {
        let (resource, conflicts) = try Resource.resource(from: ["type": type, "id": "thing"])
        #expect(resource.kind == kind)
        #expect(resource.location == "thing")
        #expect(conflicts.isEmpty)
    }

    @Test(
        arguments: [
            (["arn": "arn:aws:lambda:eu-west-1:1:function:f"], .function, "arn:aws:lambda:eu-west-1:1:function:f"),
            (["arn": queueARN], .queue, queueARN), (["arn": "arn:aws-cn:sns:cn-north-1:1:t"], .topic, "arn:aws-cn:sns:cn-north-1:1:t"),
            (["arn": "arn:aws:states:eu-west-1:1:stateMachine:m"], .workflow, "arn:aws:states:eu-west-1:1:stateMachine:m"),
            (["arn": "arn:aws:ssm:eu-west-1:1:automation-definition/d"], .script, "arn:aws:ssm:eu-west-1:1:automation-definition/d"),
            (["rid": "arn:aws:sqs:local:000000000000:jobs"], .queue, "arn:aws:sqs:local:000000000000:jobs"),
            (
                ["arn": "arn:aws:sqs:local:000000000000:jobs", "url": "http://localhost:4580/000000000000/jobs"], .queue,
                "http://localhost:4580/000000000000/jobs"
            ),
            (["url": "http://10.0.0.7:8080/jobs"], .function, "http://10.0.0.7:8080/jobs"),
            (["url": "HTTPS://example.com"], .function, "HTTPS://example.com"),
            (["url": "file:///home/queue"], .queue, "file:///home/queue"), (["url": queueURL], .queue, queueURL),
            (["arn": queueARN, "url": queueURL], .queue, queueURL), (["type": "", "id": "", "url": "http://a"], .function, "http://a"),
        ] as [([String: String], Resource.Kind, String)])
    func `without a type the ARN's service or the URL's scheme decides`(attributes: [String: String], kind: Resource.Kind, location: String)
        throws
    {
        let (resource, conflicts) = try Resource.resource(from: attributes)
        #expect(resource == Resource(kind, at: location, attributes: attributes))
        #expect(conflicts.isEmpty)
    }

    @Test func `a resource with a url and no arn resolves`() throws {
        #expect(try Resource.resource(from: ["type": "function", "url": "http://a/b"]).resource.location == "http://a/b")
        #expect(try Resource.resource(from: ["type": "sqs", "url": Self.queueURL]).resource.location == Self.queueURL)
    }

    @Test(
        arguments: [
            ([:], .invalid, "no attributes"), (["zone": "a"], .invalid, "`zone`"), (["id": "thing"], .invalid, "`type`"),
            (["url": "ftp://a/b"], .unsupported, "`ftp`"), (["arn": "arn:aws:s3:::bucket"], .unsupported, "`s3`"),
            (["type": "queue"], .invalid, "`type`"),
        ] as [([String: String], DiscoveryError.Code, String)])
    func `a missing type with nothing to infer it from is an error that says what there is`(
        attributes: [String: String], code: DiscoveryError.Code, found: String
    ) {
        let error = #expect(throws: DiscoveryError.self) { try Resource.resource(from: attributes) }
        #expect(error?.code == code)
        #expect(error?.message.contains(found) == true)
        #expect(error?.message.contains("Register it again with") == true)
    }

    @Test func `an unknown type is an error that lists the known ones, even where an ARN would tell`() {
        let error = #expect(throws: DiscoveryError.self) { try Resource.resource(from: ["type": "bucket\n", "arn": Self.queueARN]) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("`bucket\\u{a}`") == true)
        for known in ["function, lambda, cloud-function", "queue, sqs", "topic, event, pubsub, sns", "step-function", "script, ssm"] {
            #expect(error?.message.contains(known) == true)
        }
    }

    @Test func `identifiers count in the order rid, arn, url, id, and a queue's url before its arn`() throws {
        var attributes = ["type": "function", "rid": "r", "arn": "arn:aws:lambda:e:1:function:f", "url": "http://u", "id": "i"]
        for expected in ["r", "arn:aws:lambda:e:1:function:f", "http://u", "i"] {
            let resource = try Resource.resource(from: attributes).resource
            #expect(resource.location == expected)
            #expect(!resource.isHostAndPort)
            attributes = attributes.filter { $0.value != expected }
        }
        attributes = ["type": "queue", "arn": Self.queueARN, "url": Self.queueURL]
        #expect(try Resource.resource(from: attributes).resource.location == Self.queueURL)
    }

    @Test func `contradicting identifiers are reported, other spellings of one resource are not`() throws {
        #expect(try Resource.resource(from: ["type": "queue", "arn": Self.queueARN, "url": Self.queueURL, "id": "jobs"]).conflicts == [])
        let lambda = "arn:aws:lambda:e:1:function:f:live"
        #expect(try Resource.resource(from: ["type": "function", "arn": lambda, "id": "f"]).conflicts == [])
        let conflicts = try Resource.resource(from: ["type": "function", "arn": lambda, "id": "g", "url": "http://h/i"]).conflicts
        #expect(conflicts.count == 2)
        #expect(conflicts.first?.contains("`url` says `http://h/i`") == true)
        let wrong = try Resource.resource(from: ["type": "topic", "arn": Self.queueARN])
        #expect(wrong.resource.kind == .topic)
        #expect(wrong.conflicts.first?.contains("is a queue's ARN") == true)
    }

    @Test(arguments: [
        (["AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INSTANCE_PORT": "8080"], "http://10.0.0.7:8080"),
        (["AWS_INSTANCE_IPV4": "10.0.0.7"], "http://10.0.0.7"),
        (["AWS_INSTANCE_IPV6": "2001:db8::1", "AWS_INSTANCE_PORT": "8080", "path": "v1/jobs"], "http://[2001:db8::1]:8080/v1/jobs"),
        (["AWS_INSTANCE_IPV6": "::1", "AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INSTANCE_PORT": "1"], "http://10.0.0.7:1"),
        (["AWS_INSTANCE_CNAME": "jobs.example.com", "scheme": "https", "path": "/v1?a=%20b"], "https://jobs.example.com/v1?a=%20b"),
    ])
    func `a host and a port make a URL`(attributes: [String: String], location: String) throws {
        let (resource, conflicts) = try Resource.resource(from: attributes)
        #expect(resource == Resource(.function, at: location, attributes: attributes))
        #expect(conflicts.isEmpty)
        #expect(resource.isHostAndPort)
        #expect(resource.registrationAttributes.dictionary == attributes.merging(["type": "function"]) { own, _ in own })
    }

    @Test(arguments: [
        ("AWS_INSTANCE_IPV4", "10.0.0.7/@evil"), ("AWS_INSTANCE_IPV4", "10.0.0.256"), ("AWS_INSTANCE_IPV4", "10.0.7"),
        ("AWS_INSTANCE_IPV4", "+1.2.3.4"),
        ("AWS_INSTANCE_IPV6", "::1]@evil["), ("AWS_INSTANCE_IPV6", "10.0.0.7"), ("AWS_INSTANCE_CNAME", "a/b"),
        ("AWS_INSTANCE_CNAME", "user@host"),
        ("AWS_INSTANCE_PORT", "0"), ("AWS_INSTANCE_PORT", "65536"), ("AWS_INSTANCE_PORT", "80@evil"), ("AWS_INSTANCE_PORT", "-1"),
        ("scheme", "1a"), ("scheme", "ht tp"), ("path", "/a b"), ("path", "/a#b"), ("path", "/a\nb"), ("path", "/ä"),
    ])
    func `a host, port, scheme or path that is none is refused`(key: String, value: String) {
        var attributes = [key: value]
        if !key.hasPrefix("AWS_INSTANCE_") || key == "AWS_INSTANCE_PORT" { attributes["AWS_INSTANCE_IPV4"] = "10.0.0.7" }
        let error = #expect(throws: DiscoveryError.self) { try Resource.resource(from: attributes) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("`\(key)`") == true)
    }

    @Test(
        arguments: [
            (.function, "http://10.0.0.7:8080/jobs", "url"), (.queue, queueURL, "url"), (.queue, queueARN, "arn"), (.topic, "news", "id"),
            (.workflow, "arn:aws:states:e:1:stateMachine:m", "arn"), (.script, "restart", "id"), (.queue, "file:///home/queue", "url"),
        ] as [(Resource.Kind, String, String)])
    func `what is registered resolves to the same resource`(kind: Resource.Kind, location: String, key: String) throws {
        let resource = Resource(kind, at: location, attributes: ["zone": "a"])
        let registered = resource.registrationAttributes
        #expect(registered[key] == location)
        #expect(registered["zone"] == "a")
        #expect(registered.count == 3)
        let (resolved, conflicts) = try Resource.resource(from: registered.dictionary)
        #expect(resolved == Resource(kind, at: location, attributes: registered.dictionary))
        #expect(conflicts.isEmpty)
        #expect(resolved.registrationAttributes == registered)
    }

    @Test func `a moved resource is registered where it is now`() throws {
        var (resource, _) = try Resource.resource(from: ["type": "lambda", "arn": "arn:aws:lambda:e:1:function:f", "id": "f"])
        resource.location = "http://localhost:9000/f"
        #expect(resource.registrationAttributes == ["type": "lambda", "url": "http://localhost:9000/f"])
        resource.kind = .queue
        #expect(resource.registrationAttributes["type"] == "queue")
    }

    @Test(
        arguments: [
            ("arn:aws:lambda:e:1:function:f:live", .arn(service: "lambda")), ("arn:aws", .name), ("jobs", .name), ("a:b", .name),
            ("", .name),
            ("HTTP://Me:pw@Host:80/p", .url(scheme: "http", host: "host")), ("file:///q", .url(scheme: "file", host: "")), ("://x", .name),
            ("a+b-1.c://h?q", .url(scheme: "a+b-1.c", host: "h")), ("1a://x", .name), ("http", .name), ("http:", .name), ("http:/", .name),
            ("http:/x/", .name), ("ht tp://x", .name), ("a://", .url(scheme: "a", host: "")), ("ärger://x", .name),
            ("arn://x", .url(scheme: "arn", host: "x")),
        ] as [(String, Resource.Location)])
    func `a location is an ARN, a URL or a name`(text: String, location: Resource.Location) {
        #expect(Resource.Location(text) == location)
    }
}
