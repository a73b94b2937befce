import DiscoveryKit
import Foundation
import Testing

@Suite struct AddressPatternTests {
    @Test(
        arguments: [
            ("ais.*", "ais", "scheduler", .id("get-job"), true),
            ("ais.*", "ais.prod", "scheduler", .only, true),
            ("ais.*", "aisle", "scheduler", .only, false),
            ("*", "ais", "scheduler", .any, true),
            ("ais.scheduler", "ais", "scheduler", .only, true),
            ("ais.scheduler", "ais", "scheduler", .any, true),
            ("ais.scheduler", "ais", "scheduler", .id("a"), true),
            ("ais.scheduler", "ais", "schedulers", .only, false),
            ("ais.Scheduler", "ais", "scheduler", .only, false),
            ("AIS.scheduler", "ais", "scheduler", .only, false),
            // With an arrow the instance matters.
            ("ais.scheduler->get-job", "ais", "scheduler", .id("get-job"), true),
            ("ais.scheduler->get-job", "ais", "scheduler", .id("get-jobs"), false),
            ("ais.scheduler->get-job", "ais", "scheduler", .any, false),
            ("ais.scheduler->get-*", "ais", "scheduler", .id("get-"), true),
            ("ais.scheduler->*", "ais", "scheduler", .id("a"), true),
            ("ais.scheduler->*", "ais", "scheduler", .any, true),
            ("ais.scheduler->*", "ais", "scheduler", .only, true),
            ("ais.scheduler->", "ais", "scheduler", .only, true),
            ("ais.scheduler->", "ais", "scheduler", .any, false),
            ("ais.scheduler->", "ais", "scheduler", .id("a"), false),
            // The first arrow divides.
            ("a.b->c->d", "a", "b", .id("c->d"), true),
            ("a.b->c->d", "a", "b->c", .id("d"), false),
            ("a-.-b->-c", "a-", "-b", .id("-c"), true),
            // Nothing else is special, and nothing is quoted.
            ("a.b?->[c]", "a", "b?", .id("[c]"), true),
            ("a.b->?", "a", "b", .id("c"), false),
            ("\"a\".b", "a", "b", .only, false),
            ("größe.日*", "größe", "日本", .only, true),
            ("*e\u{301}*", "caf\u{e9}", "x", .only, false),
            ("corp._http._tcp", "corp", "_http._tcp", .only, true),
            ("*.*.*", "a", "b", .only, false),
            ("**a**.**b**->**", "a", "b", .any, true),
            ("*ab.c", "aab", "c", .only, true),
            ("*ab*ab.c", "ab", "c", .only, false),
        ] as [(AddressPattern, String, String, Address.Instance, Bool)])
    func `a pattern means the addresses it says`(
        pattern: AddressPattern, namespace: String, service: String, instance: Address.Instance, isMeant: Bool
    ) throws {
        #expect(pattern.matches(namespace: namespace, service: service, instance: instance) == isMeant)
        let parts = Address.Parts(namespace: nil, service: service, filters: [.init(key: "a", value: "b")], instance: instance)
        #expect(pattern.matches(parts, in: namespace) == isMeant)
        #expect(try AddressPattern(parsing: pattern.description) == pattern)
        #expect(try JSONDecoder().decode([AddressPattern].self, from: JSONEncoder().encode([pattern])) == [pattern])
    }

    @Test(arguments: [
        ("", "empty"), ("->a", "names no service"), ("->", "names no service"), ("a\nb", "cannot be printed"),
        ("a\u{7}", "cannot be printed"),
        ("a.b->\u{202E}c", "cannot be printed"), ("a\u{2028}b", "cannot be printed"), (String(repeating: "a", count: 513), "512 bytes"),
        (String(repeating: "é", count: 257), "512 bytes"), (String(repeating: "a\u{301}", count: 100_000), "512 bytes"),
    ])
    func `what is no pattern is an error that says why, and matches nothing`(text: String, reason: String) {
        let error = #expect(throws: DiscoveryError.self) { try AddressPattern(parsing: text) }
        #expect(error?.code == .configuration && error?.message.contains(reason) == true && error?.message.contains("`ais.*`") == true)
        #expect((error?.message.utf8.count ?? 0) < 1_000)
        let literal = AddressPattern(stringLiteral: text)
        #expect(throws: DiscoveryError.self) { try literal.check() }
        #expect(!literal.matches(namespace: "a", service: "b", instance: .only))
        #expect(throws: EncodingError.self) { try JSONEncoder().encode([literal]) }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([AddressPattern].self, from: JSONEncoder().encode([text])) }
    }

    @Test func `the longest pattern there may be is taken`() throws {
        let text = String(repeating: "é", count: 256)
        #expect(try AddressPattern(parsing: text).description == text)
    }

    @Test func `two spellings of one character are two patterns`() {
        #expect(AddressPattern("caf\u{e9}.*") != AddressPattern("cafe\u{301}.*"))
        #expect(Set<AddressPattern>(["a.*", "a.*", "a.b"]).count == 2)
    }

    @Test(.timeLimit(.minutes(5)))
    func `no pattern takes long, however many asterisks do not find what comes next`() throws {
        let text = String(repeating: "a", count: 1_000_000)
        for glob in ["*a*a*a*a*b", String(repeating: "*a", count: 255) + "*b"] {
            let pattern = try AddressPattern(parsing: glob)
            #expect(!pattern.matches(namespace: text, service: text, instance: .only))
        }
        #expect(AddressPattern("*a*a*a*a").matches(namespace: text, service: text, instance: .only))
        let service = String(repeating: "a", count: 4_096)
        for glob in [
            String(repeating: "a*", count: 128) + "->" + String(repeating: "*a", count: 120) + "*b", "*" + service.prefix(500) + "b",
        ] {
            let pattern = try AddressPattern(parsing: glob)
            #expect(!pattern.matches(namespace: service, service: service, instance: .id(service)))
        }
    }

    @Test func `matching is what trying every run of characters finds`() async {
        print("AddressPatternTests: \(Rounds.note)")
        var matched = 0
        var generator = SplitMix()
        for await _ in Rounds.each(100) {
            func text(_ letters: String, upTo length: Int) -> String {
                String((0..<Int.random(in: 0...length, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" })
            }
            let (glob, service) = ("." + text("ab*", upTo: 7), text("ab", upTo: 7))
            let isMeant = AddressPattern(stringLiteral: glob).matches(namespace: "", service: service, instance: .only)
            #expect(isMeant == Self.matches(Array(glob), Array("." + service)), "\(glob) \(service) \(Rounds.note)")
            matched += isMeant ? 1 : 0
        }
        #expect(matched > 0)
    }

    private static func matches(_ glob: [Character], _ text: [Character]) -> Bool {
        guard let first = glob.first else { return text.isEmpty }
        let rest = Array(glob.dropFirst())
        if first == "*" { return (0...text.count).contains { matches(rest, Array(text[$0...])) } }
        return text.first == first && matches(rest, Array(text.dropFirst()))
    }
}
