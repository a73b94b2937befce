import Testing

@testable import Registry

/// Which names may be stored: the limits of Cloud Map's API reference.
struct NameRuleTests {
    private static let label63 = String(repeating: "a", count: 63)

    private func isRefused(_ body: () throws(RegistryError) -> Void) -> Bool {
        do { try body() } catch { return error.code == .invalidInput }
        return false
    }

    @Test func `namespaces of HTTP take 1 to 1,024 visible characters and no ARN`() {
        let good = ["a", "default", "a.b", "!", "~", "A->b/{}", "arn", "xarn:", String(repeating: "a", count: 1_024), ".", "-"]
        let bad = ["", " ", "a b", "a\tb", "ä", "a\u{7F}", "a\n", "a\0", "arn:aws:x", "😀", String(repeating: "a", count: 1_025)]
        for name in good {
            #expect(!isRefused { () throws(RegistryError) in try Rules.checkNamespace(name: name, kind: .http) }, "\(name)")
        }
        for name in bad { #expect(isRefused { () throws(RegistryError) in try Rules.checkNamespace(name: name, kind: .http) }, "\(name)") }
    }

    @Test func `private DNS namespaces take 253 characters, public ones are domain names`() {
        let long = String(repeating: Self.label63 + ".", count: 3) + String(repeating: "a", count: 61)
        #expect(long.count == 253)
        for (name, isPrivate, isPublic) in [
            ("example.com", true, true), ("a", true, false), (long, true, true), (long + "a", false, false), ("a..b", true, false),
            (".a", true, false), ("a.", true, false), ("-a.b", true, false), ("a-.b", true, false), ("a!b", true, false),
            (Self.label63 + "a.b", true, false), ("_a.b", true, false), ("a_b.c", true, false), ("a-b.c-d", true, true), ("", false, false),
        ] {
            #expect(
                isPrivate != isRefused { () throws(RegistryError) in try Rules.checkNamespace(name: name, kind: .privateDNS) }, "\(name)")
            #expect(isPublic != isRefused { () throws(RegistryError) in try Rules.checkNamespace(name: name, kind: .publicDNS) }, "\(name)")
        }
    }

    @Test func `services take labels of letters, digits, underscores and hyphens, or a single dot`() {
        let good = [
            ".", "a", "9", "api", "a-b", "a_b", "_a", "a_", "__", "A.b.C", "a.b-c.d_e", Self.label63, Self.label63 + "." + Self.label63,
            "_http._tcp",
        ]
        let bad = [
            "", "..", ".a", "a.", "a..b", "-a", "a-", "-", "_", "a b", "a/b", "a:b", "ä", "a\0", "a\n", Self.label63 + "a",
            Self.label63 + "." + Self.label63 + ".a", "a.-", "a.b-",
        ]
        for name in good { #expect(!isRefused { () throws(RegistryError) in try Rules.checkService(name: name) }, "\(name)") }
        for name in bad { #expect(isRefused { () throws(RegistryError) in try Rules.checkService(name: name) }, "\(name)") }
    }

    @Test func `instances take 1 to 64 letters, digits and a few signs`() {
        let good = ["a", "i-0123", "_/:.@-", "http://a.b:80/c", "a@b", String(repeating: "z", count: 64), "."]
        let bad = ["", " ", "a b", "a#b", "a,b", "a+b", "é", "a\0", "a\n", "a~", String(repeating: "z", count: 65)]
        for id in good { #expect(!isRefused { () throws(RegistryError) in try Rules.checkInstance(id: id) }, "\(id)") }
        for id in bad { #expect(isRefused { () throws(RegistryError) in try Rules.checkInstance(id: id) }, "\(id)") }
    }

    @Test func `what cannot be the name of anything is not looked for`() {
        for (namespace, service, isGood) in [
            ("a", "b", true), ("arn:x", ".", true), ("", "b", false), ("a b", "b", false), ("ä", "b", false), ("a", "", false),
            ("a", "b c", false), (String(repeating: "a", count: 1_024), "b", true), (String(repeating: "a", count: 1_025), "b", false),
        ] {
            let refused = isRefused { () throws(RegistryError) in try Rules.checkQuestion(namespace: namespace, service: service) }
            #expect(refused != isGood, "\(namespace) \(service)")
        }
        #expect(!isRefused { () throws(RegistryError) in try Rules.checkQuestion(instance: String(repeating: "ä", count: 64)) })
        #expect(isRefused { () throws(RegistryError) in try Rules.checkQuestion(instance: String(repeating: "a", count: 65)) })
    }

    @Test func `keys are removed as many at once, and as long, as may be set`() {
        let keys = { (count: Int) in (0..<count).map { "k\($0)" } }
        for count in [1, 30] { #expect(!isRefused { () throws(RegistryError) in try Rules.checkServiceAttributes(keys: keys(count)) }) }
        for wrong in [[], keys(31), [""], [String(repeating: "k", count: 256)]] {
            #expect(isRefused { () throws(RegistryError) in try Rules.checkServiceAttributes(keys: wrong) })
        }
        #expect(!isRefused { () throws(RegistryError) in try Rules.checkTags(keys: keys(200)) })
        #expect(isRefused { () throws(RegistryError) in try Rules.checkTags(keys: keys(201)) })
    }

    @Test func `a text is bounded by characters, however many of them a reader sees as one`() {
        let fits = String(repeating: "é", count: 1_024)
        let stacked = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(!isRefused { () throws(RegistryError) in try Rules.checkText(fits, of: "A description", limit: 1_024) })
        #expect(!isRefused { () throws(RegistryError) in try Rules.checkText(nil, of: "A description", limit: 1_024) })
        #expect(isRefused { () throws(RegistryError) in try Rules.checkText(fits + "x", of: "A description", limit: 1_024) })
        #expect(isRefused { () throws(RegistryError) in try Rules.checkText(stacked, of: "A description", limit: 1_024) })
        #expect(Rules.quoted(stacked).unicodeScalars.count < 100)
    }

    @Test func `outside text in a message is bounded and has no control characters`() {
        #expect(Rules.quoted("a\nb\u{1B}[0m\u{7F}") == "`a\u{FFFD}b\u{FFFD}[0m\u{FFFD}`")
        #expect(Rules.quoted("a\r\nb\u{9B}0m") == "`a\u{FFFD}\u{FFFD}b\u{FFFD}0m`")
        #expect(Rules.quoted(String(repeating: "x", count: 61)) == "`" + String(repeating: "x", count: 60) + "…`")
    }

    @Test func `near names are those within a third by edit distance, nearest first, at most five`() {
        let names = ["payments", "payment", "orders", "order-service", "users", "p"]
        #expect(NearNames.of("paymets", among: names) == ["payments", "payment"])
        #expect(NearNames.of("PAYMENTS", among: names) == ["payments", "payment"])
        #expect(NearNames.of("service", among: names) == ["order-service"])
        #expect(NearNames.of("zzz", among: names) == [])
        #expect(NearNames.of("", among: names) == ["p"])
        #expect(NearNames.of("ab", among: (0..<9).map { "a\($0)" }) == ["a0", "a1", "a2", "a3", "a4"])
        #expect(NearNames.of("x", among: []) == [])
    }

    @Test func `ids are a prefix and sixteen letters and digits of base 32`() {
        var random = SplitMix()
        for _ in 0..<1_000 {
            #expect(Identifier.namespace(using: &random).wholeMatch(of: /ns-[a-z2-7]{16}/) != nil)
            #expect(Identifier.service(using: &random).wholeMatch(of: /srv-[a-z2-7]{16}/) != nil)
        }
    }
}
