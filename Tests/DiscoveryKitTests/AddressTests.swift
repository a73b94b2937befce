import DiscoveryKit
import Foundation
import Testing

@Suite struct AddressTests {
    @Test(
        arguments: [
            // Peak's libraries panicked on these, or took the wrong target.
            ("worker", nil, "worker", .only),
            ("worker->a", nil, "worker", .id("a")),
            ("ais.worker", "ais", "worker", .only),
            ("corp.internal.worker->a", "corp.internal", "worker", .id("a")),
            ("ns.svc->inst.v2", "ns", "svc", .id("inst.v2")),
            ("ns.svc->.", "ns", "svc", .id(".")),
            // Lines of theirs.
            ("ais.scheduler->get-job", "ais", "scheduler", .id("get-job")),
            ("namespace-prod.scheduler-service->scheduler-queue", "namespace-prod", "scheduler-service", .id("scheduler-queue")),
            // Any, and an id that is an asterisk.
            ("ais.worker->*", "ais", "worker", .any),
            ("ais.worker->\"*\"", "ais", "worker", .id("*")),
            // Quotes.
            ("\"my.ns\".\"_http._tcp\"->a", "my.ns", "_http._tcp", .id("a")),
            ("\"a b\".\"c\\\"d\\\\\"->\"e->f\"", "a b", "c\"d\\", .id("e->f")),
            ("ais.\"worker.v2\"", "ais", "worker.v2", .only),
            ("ais.job-\"a b\"-7->x", "ais", "job-a b-7", .id("x")),
            ("\"größe\".\"日本\"->\"e\u{301}\"", "größe", "日本", .id("e\u{301}")),
            // Services that begin with a protocol.
            ("corp._http._tcp->a", "corp", "_http._tcp", .id("a")),
            ("_sip._udp", nil, "_sip._udp", .only),
            ("corp._http._tcp.web", "corp", "_http._tcp.web", .only),
            ("corp.http._tcp", "corp.http", "_tcp", .only),
            ("corp._http.\"_tcp\"", "corp._http", "_tcp", .only),
            ("corp._http._TCP", "corp._http", "_TCP", .only),
            // Hyphens before the arrow.
            ("a-.b-->-c", "a-", "b-", .id("-c")),
        ] as [(String, String?, String, Address.Instance)])
    func `an address has the parts it says`(text: String, namespace: String?, service: String, instance: Address.Instance) throws {
        let address = try Address(parsing: text)
        #expect(address.namespace == namespace)
        #expect(address.service == service)
        #expect(address.instance == instance)
        #expect(address.filters.isEmpty)
        #expect(try Address(parsing: address.description) == address)
        #expect(Address(namespace: namespace, service: service, instance: instance) == address)
    }

    @Test func `filters are required or preferred, and sorted by key`() throws {
        let address = try Address(parsing: "ais.worker[zone=eu-1.a,?version=2,\"my key\"=\"\"]->*")
        #expect(
            address.filters == [
                .init(key: "my key", value: ""), .init(key: "version", value: "2", isRequired: false), .init(key: "zone", value: "eu-1.a"),
            ])
        #expect(address.description == "ais.worker[\"my key\"=\"\",?version=2,zone=eu-1.a]->*")
        #expect(address == "ais.worker[?version=2,zone=eu-1.a,\"my key\"=\"\"]->*")
    }

    @Test(arguments: [
        ("\"ais\".\"scheduler\"->\"get-job\"", "ais.scheduler->get-job"),
        ("\"corp.internal\".worker", "corp.internal.worker"),
        ("corp.\"in side\".worker", "\"corp.in side\".worker"),
        ("\"_http._tcp\"", "_http._tcp"),
        ("corp._tcp", "corp.\"_tcp\""),
        ("\"a..b\".c", "\"a..b\".c"),
        ("\"a._b._tcp\".c", "\"a._b._tcp\".c"),
        ("a->\"b.c\"", "a->b.c"),
    ])
    func `quotes are printed only where they are needed`(text: String, canonical: String) throws {
        let address = try Address(parsing: text)
        #expect(address.description == canonical)
        #expect(try Address(parsing: canonical) == address)
        #expect(Set([address, try Address(parsing: canonical)]).count == 1)
    }

    @Test(arguments: [
        ("", 0, "the end"), (".", 0, "`.`"), ("ais.", 4, "the end"), (".ais", 0, "`.`"), ("ais..worker", 4, "`.`"), ("->a", 0, "`-`"),
        ("ais.->a", 4, "`-`"), ("ais.worker->", 12, "the end"), ("a.b->c->d", 7, "`>`"), ("a.b->*x", 6, "`x`"), ("a.b->x*", 6, "`*`"),
        ("a.b ->c", 3, "a space"), ("a.b>c", 3, "`>`"), ("a*b", 1, "`*`"), ("größe", 2, "`ö`"), ("a\u{0}b", 1, "`\\u{0}`"),
        ("a.b[]", 4, "`]`"), ("a.b[c]", 5, "`]`"), ("a.b[c=]", 6, "`]`"), ("a.b[c=d", 7, "the end"), ("a.b[c=d,]", 8, "`]`"),
        ("a.b[c=d]e", 8, "`e`"), ("a.b[c=d,c=e]", 8, "a second filter"), ("a.b[\"\"=d]", 4, "an empty name"),
        ("a.b[c=d\"\"]", 7, "an empty name"),
        ("a.b[??c=d]", 5, "`?`"), ("a.\"b", 4, "the end"), ("a.\"b\\n\"", 4, "a lone backslash"), ("a.\"\"", 2, "an empty name"),
        ("a.b->c\"\"", 6, "an empty name"), ("a.\"b\n\"", 4, "`\\u{a}`"), ("a.\"b\u{85}\"", 4, "`\\u{85}`"),
        ("a.\"b\u{2028}\"", 4, "`\\u{2028}`"),
        ("\"\u{301}a", 4, "the end"),
    ])
    func `a malformed address is refused with the offset, what is there and an example`(text: String, offset: Int, found: String) {
        let error = #expect(throws: DiscoveryError.self) { try Address(parsing: text) }
        #expect(error?.code == .malformedAddress)
        #expect(error?.message.contains("at byte \(offset) there is \(found)") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("was expected. An address looks like `ais.scheduler->get-job`") == true)
    }

    @Test func `a malformed literal keeps its text and its fault`() {
        let address: Address = "ais..worker"
        #expect(address.fault?.code == .malformedAddress)
        #expect(address.description == "ais..worker")
        #expect(address.service == "ais..worker")
        #expect(address.namespace == nil && address.filters.isEmpty && address.instance == .only)
        #expect(throws: DiscoveryError.self) { try address.parts() }
        #expect(address == "ais..worker")
        #expect(address != "ais.worker")
    }

    @Test func `parts that no address has make a malformed one`() {
        #expect(Address(service: "").fault != nil)
        #expect(Address(namespace: "", service: "a").fault != nil)
        #expect(Address(service: "a", instance: .id("")).fault != nil)
        #expect(Address(service: "a\n").fault != nil)
        #expect(Address(service: "a", filters: [.init(key: "", value: "")]).fault != nil)
        #expect(Address(service: "a", filters: [.init(key: "k", value: "1"), .init(key: "k", value: "2", isRequired: false)]).fault != nil)
        #expect(Address(service: "a", filters: [.init(key: "k", value: "")], instance: .any).fault == nil)
    }

    @Test func `an address is at most 4,096 bytes, however it is made`() throws {
        let longest = String(repeating: "a", count: 4_096)
        #expect(try Address(parsing: longest).description == longest)
        #expect(try Address(parsing: Address(service: longest).description).service == longest)

        let quotes = String(repeating: "\"", count: 1_000_000)
        let service = String(repeating: "ä", count: 2_050)
        for address: Address in [
            "\(longest)a", Address(service: longest + "a"), Address(service: quotes), "ais.\(quotes)->x", "ais.\"\(quotes)\"",
            "ais.\(service)",
            Address(namespace: quotes, service: quotes, filters: [.init(key: quotes, value: quotes)], instance: .id(quotes)),
            "\(longest).\(longest).\(longest)", Address(stringLiteral: quotes),
            // Printing adds the quotes that make it too long.
            Address(stringLiteral: String(repeating: "a", count: 4_091) + "._tcp"),
        ] {
            #expect(address.fault?.message.contains("more than the 4096 bytes") == true)
            #expect(address.text.utf8.count <= 4 * 4_096 + 3)
            #expect((address.fault?.message.utf8.count ?? 0) < 1_000)
            #expect(throws: DiscoveryError.self) { try Address(parsing: address.text) }
        }
    }

    @Test func `names are told apart by their bytes`() {
        let composed = Address(service: "caf\u{E9}")
        let decomposed = Address(service: "cafe\u{301}")
        #expect(composed != decomposed)
        #expect(Address(service: "a\u{323}\u{307}") != Address(service: "a\u{307}\u{323}"))
        #expect(Address(service: "K") != Address(service: "\u{212A}"))
        #expect(Set([composed, decomposed, Address(service: "caf\u{E9}")]).count == 2)
    }

    @Test func `an address is coded as one string`() throws {
        let address: Address = "ais.\"get job\"[?a=b]->*"
        let json = try JSONEncoder().encode([address])
        #expect(try JSONDecoder().decode([String].self, from: json) == [address.description])
        #expect(try JSONDecoder().decode([Address].self, from: json) == [address])
    }

    @Test func `decoding a malformed address says why, and encoding one is refused`() {
        let decoding = #expect(throws: DecodingError.self) { try JSONDecoder().decode([Address].self, from: Data(#"["a..b"]"#.utf8)) }
        guard case .dataCorrupted(let context) = decoding else {
            Issue.record("not dataCorrupted: \(String(describing: decoding))")
            return
        }
        #expect(context.debugDescription.contains("`a..b` is not an address: at byte 2"))
        #expect((context.underlyingError as? DiscoveryError)?.code == .malformedAddress)
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(["a..b" as Address]) }
    }
}
