import DiscoveryKit
import Testing

@Suite struct AddressInterpolationTests {
    static let hostile = [
        "x->y", "\"", "\\", "\\\"", "a.b", "[", "]", "*", "?", "=", ",", "a=b", "->", "-", ">", "_tcp", "_http._tcp", "tcp", " ", "\"->\"",
        "é",
        "e\u{301}", "\u{301}", "x", "get-job", ".", "..", "-a", "a-",
    ]

    @Test(arguments: hostile)
    func `outside text never becomes syntax`(value: String) throws {
        #expect(("ais.\(value)->x" as Address) == Address(namespace: "ais", service: value, instance: .id("x")))
        #expect(("ais.worker->\(value)" as Address) == Address(namespace: "ais", service: "worker", instance: .id(value)))
        #expect(("\(value).worker" as Address) == Address(namespace: value, service: "worker"))
        #expect(("\(value)" as Address) == Address(service: value))
        #expect(("a[k=\(value)]" as Address) == Address(service: "a", filters: [.init(key: "k", value: value)]))
        #expect(("a[?\(value)=v]" as Address) == Address(service: "a", filters: [.init(key: value, value: "v", isRequired: false)]))
        for address: Address in ["ais.\(value)->x", "ais.worker->\(value)", "\(value).worker", "a[k=\(value)]", "a[\(value)=v]"] {
            #expect(address.fault == nil)
        }
    }

    @Test(arguments: hostile)
    func `a value becomes part of the name it touches`(value: String) throws {
        #expect(("ais.job-\(value)->x" as Address) == Address(namespace: "ais", service: "job-" + value, instance: .id("x")))
        #expect(("ais.\(value)-job->x" as Address) == Address(namespace: "ais", service: value + "-job", instance: .id("x")))
        #expect(("ais.\(value)\(value)" as Address) == Address(namespace: "ais", service: value + value))
        #expect(("ais._\(value)" as Address) == Address(namespace: "ais", service: "_" + value))
        #expect(("ais.w->v1.\(value)" as Address) == Address(namespace: "ais", service: "w", instance: .id("v1." + value)))
        #expect(("ais.\"job \(value)!\"->x" as Address) == Address(namespace: "ais", service: "job \(value)!", instance: .id("x")))
    }

    @Test func `a value does not make a protocol, but may be the name before one`() {
        #expect(("corp._http.\("_tcp")" as Address) == Address(namespace: "corp._http", service: "_tcp"))
        #expect(("corp._http._\("tcp")" as Address) == Address(namespace: "corp._http", service: "_tcp"))
        #expect(("corp.\("_")http._tcp" as Address) == Address(namespace: "corp._http", service: "_tcp"))
        #expect(("corp.\("_http")._tcp" as Address) == Address(namespace: "corp._http", service: "_tcp"))
        #expect(("corp._\("http")._tcp->a" as Address) == Address(namespace: "corp", service: "_http._tcp", instance: .id("a")))
    }

    @Test func `a value does not make half of an arrow`() {
        let hyphen: Address = "ais.\("worker-")>x"
        #expect(hyphen.fault != nil)
        let greater: Address = "ais.worker-\(">")x"
        #expect(greater == Address(namespace: "ais", service: "worker->x"))
    }

    @Test func `an empty value is a fault, except as the whole value of a filter`() {
        let empty = ""
        for address: Address in [
            "ais.\(empty)->x", "ais.worker->\(empty)", "\(empty).worker", "ais.job-\(empty)->x", "ais.\"job \(empty)\"", "a[\(empty)=v]",
            "a[k=v\(empty)]",
            "\(empty)",
        ] {
            #expect(address.fault?.code == .malformedAddress, "\(address)")
        }
        #expect(("a[k=\(empty)]" as Address) == Address(service: "a", filters: [.init(key: "k", value: "")]))
    }

    @Test func `a value cannot close or escape the quotes of the literal`() {
        #expect(("ais.\"a\\\"\("\"].x->y")\"" as Address) == Address(namespace: "ais", service: "a\"\"].x->y"))
        let escaped: Address = "ais.\"a\\\("\".b")\""
        #expect(escaped.fault != nil)
        let number: Address = "ais.\"a\\\(7)\""
        #expect(number.fault != nil)
    }

    @Test func `control characters in a value are a fault that is safe to print`() throws {
        let address: Address = "ais.\("a\u{1B}[31m\n")"
        let message = try #require(address.fault?.message)
        #expect(message.contains("\\u{1b}"))
        #expect(!message.contains("\u{1B}") && !message.contains("\n"))
    }

    @Test func `numbers are put in as they are`() {
        #expect(("ais.worker-\(7)->\(-12)" as Address) == Address(namespace: "ais", service: "worker-7", instance: .id("-12")))
        #expect(("ais.worker->\(UInt64.max)" as Address).description == "ais.worker->18446744073709551615")
    }

    @Test func `an address is put in as it is`() {
        let worker: Address = "ais.\"get job\""
        #expect(("\(worker)->a" as Address) == Address(namespace: "ais", service: "get job", instance: .id("a")))
        #expect(("\(worker)[zone=a]->*" as Address).filters == [.init(key: "zone", value: "a")])
        #expect(("\"\(worker)\"" as Address) == Address(service: worker.description))
        let instance: Address = "ais.worker->a"
        #expect(("\(instance)->b" as Address).fault != nil)
    }

    @Test func `a malformed address stays malformed inside others`() {
        let left: Address = "\"a"
        let right: Address = "b\""
        #expect(("\(left).\(right)" as Address).fault?.message == left.fault?.message)
    }
}
