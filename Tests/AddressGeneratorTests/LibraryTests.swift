import DiscoveryKit
import Testing

@testable import AddressGenerator

/// What the generator knows of addresses and kinds is what the library does: it cannot import it, since a build would wait for all of it.
@Suite struct LibraryTests {
    @Test func `an address is spelt as the library prints it`() {
        let names = [
            "ais", "a.b", "corp.internal", "_http._tcp", "x._http._tcp", "_tcp", "_udp.a", "_a._tcp.b", "a._b", ".a", "a.", "a..b", "", " ",
            "é",
            "e\u{301}", "a b", #"a"b"#, #"a\b"#, "a->b", "a-", "->", "*", "a[b=c]", "a,b", "a/b:c@d+e~f", "\u{0}", "a\nb", "\u{85}",
            "a\u{2028}",
            "\u{202E}", "🙂", "_", "__._tcp", "\"", "\\",
        ]
        for namespace in names {
            for service in names {
                for id in names {
                    let address = Address(namespace: namespace, service: service, instance: .id(id))
                    let known = try? Address(parsing: address.description)
                    let text = AddressText.text(namespace: namespace, service: service, instance: id)
                    guard text != known?.description || (text != nil && known != address) else { continue }
                    Issue.record("\([namespace, service, id]): \(text ?? "none"), and the library has \(known?.description ?? "none")")
                }
            }
        }
    }

    @Test func `an address that is too long has no text`() {
        for length in 4_085...4_100 {
            let id = String(repeating: "a", count: length)
            let known = try? Address(parsing: "ns.s->\(id)")
            #expect(AddressText.text(namespace: "ns", service: "s", instance: id) == known?.description)
        }
    }

    @Test func `a kind is what the library takes it for`() {
        let types = [
            nil, "", "function", "Lambda", "cloud-function", "queue", "SQS", "topic", "event", "pubsub", "sns", "step-function",
            "state-machine", "workflow", "script", "ssm", "automation", "pigeon",
        ]
        let locations = [
            "arn:aws:lambda:eu-west-1:1:function:f", "arn:aws:sqs:eu-west-1:1:q", "arn:aws:sns:eu-west-1:1:t", "arn:aws:states:a:1:b:c",
            "arn:aws:ssm:a:1:b", "arn:aws:s3:::b", "arn:aws:sqs", "https://sqs.eu-west-1.amazonaws.com/1/q",
            "http://queue.amazonaws.com/1/q",
            "https://eu-west-1.queue.amazonaws.com/1/q", "http://localhost:4580/0/q", "HTTPS://u@h:1/p", "file:///home/q", "ftp://h/p",
            "name", "a:b",
            "", "https://u@sqs.a.api.aws?x@y", "1tp://sqs.x.amazonaws.com/q",
        ]
        var wrong: [String] = []
        for type in types {
            for key in ["rid", "arn", "url", "id"] {
                for other in ["arn", "url", "id"] {
                    for (first, second) in locations.flatMap({ first in locations.map { (first, $0) } }) {
                        var attributes = ["type": type, key: first].compactMapValues { $0 }
                        attributes[other] = attributes[other] ?? second
                        wrong += [check(attributes)].compactMap { $0 }
                    }
                }
            }
        }
        wrong += [check([:])].compactMap { $0 }
        for host in ["AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_IPV6": "::1", "AWS_INSTANCE_CNAME": "a.b"] {
            for scheme in [nil, "", "http", "https", "ftp", "file"] {
                wrong += [check([host.key: host.value, "scheme": scheme, "AWS_INSTANCE_PORT": "80"].compactMapValues { $0 })].compactMap {
                    $0
                }
                wrong += [check([host.key: host.value, "scheme": scheme, "type": "queue"].compactMapValues { $0 })].compactMap { $0 }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    private func check(_ attributes: [String: String]) -> String? {
        let known = try? Resource.resource(from: attributes).resource.kind.description
        var kind: String?
        if case .kind(let read) = InstanceKind.reading(of: attributes) { kind = read.rawValue }
        return kind == known ? nil : "\(attributes): \(kind ?? "none"), and the library has \(known ?? "none")"
    }
}
