import DiscoveryKit
import Foundation
import Testing

@Suite struct OverrideFileTests {
    private func read(_ text: String) throws(DiscoveryError) -> [Override] { try Override.read(Array(text.utf8), from: "overrides.json") }

    @Test func `each entry says what happens to which calls`() throws {
        let overrides = try read(
            """
            [
                {"pattern": "ais.*", "redirect": "http://127.0.0.1:8080/", "delay": 0.2, "failureRate": 0.1,
                 "expires": "2026-01-02T03:04:05Z", "note": "load test"},
                {"pattern": "a.b->c", "redirect": "d.e->f"},
                {"pattern": "home.*", "home": "/var/lib/discovery"},
                {"pattern": "json.*", "reply": {"status": 201, "body": {"b": [1, 2.50, true, null], "a": "é/"}}},
                {"pattern": "string.*", "reply": {"body": "a string"}},
                {"pattern": "text.*", "reply": {"status": 503, "text": "busy\\n", "contentType": "text/html"}},
                {"pattern": "empty.*", "reply": {}},
                {"pattern": "slow.*", "delay": 3600}
            ]
            """)
        #expect(
            overrides == [
                Override(
                    "ais.*", .redirect(to: "http://127.0.0.1:8080/"), .delayed(.milliseconds(200)), .failing(rate: 0.1),
                    until: Date(timestamp: "2026-01-02T03:04:05Z"), note: "load test"),
                Override("a.b->c", .redirect(to: "d.e->f")),
                Override("home.*", .home("/var/lib/discovery")),
                Override(
                    "json.*", .reply(.init(text: #"{"a":"é/","b":[1,2.5,true,null]}"#, status: 201, contentType: "application/json"))),
                Override("string.*", .reply(.init(text: #""a string""#, contentType: "application/json"))),
                Override("text.*", .reply(.init(text: "busy\n", status: 503, contentType: "text/html"))),
                Override("empty.*", .reply(text: "")),
                Override("slow.*", .delayed(.seconds(3_600))),
            ])
        #expect(try read(" [ ] ").isEmpty)
    }

    @Test(arguments: [
        ("", "is not JSON"), ("[", "is not JSON"), ("nonsense", "is not JSON"), ("{}", "an object, not a list"),
        ("null", "null, not a list"),
        ("[7]", "entry 1: it is a number, not an object"), ("[[]]", "entry 1: it is a list"),
        (#"[{"delay": 1}]"#, "entry 1: it has no `pattern`"),
        (#"[{"pattern": 7, "delay": 1}]"#, "entry 1: `pattern` is a number, not a text"),
        (#"[{"pattern": "", "delay": 1}]"#, "it is empty"),
        (#"[{"pattern": "a.*", "delay": 1}, {"pattern": "b.*"}]"#, "entry 2 (`b.*`): it does nothing"),
        (#"[{"pattern": "a.*", "deley": 1}]"#, "entry 1 (`a.*`): it has the key `deley`, which means nothing here. Did you mean `delay`?"),
        (#"[{"pattern": "a.*", "zzzzzzzzz": 1}]"#, "There are `pattern`, `redirect`"),
        (#"[{"pattern": "a.*", "delay": "1"}]"#, "entry 1 (`a.*`): `delay` is a text, not a number of seconds from 0 to 3600"),
        (#"[{"pattern": "a.*", "delay": true}]"#, "`delay` is a boolean"), (#"[{"pattern": "a.*", "delay": null}]"#, "`delay` is null"),
        (#"[{"pattern": "a.*", "delay": -1}]"#, "`delay` is -1.0"), (#"[{"pattern": "a.*", "delay": 1e300}]"#, "`delay` is 1e+300"),
        (#"[{"pattern": "a.*", "delay": 3600.1}]"#, "`delay` is 3600.1"),
        (#"[{"pattern": "a.*", "failureRate": "10%"}]"#, "`failureRate` is a text"), (#"[{"pattern": "a.*", "failureRate": 10}]"#, "10.0"),
        (#"[{"pattern": "a.*", "redirect": {}}]"#, "`redirect` is an object"), (#"[{"pattern": "a.*", "redirect": "a..b"}]"#, "at byte 2"),
        (#"[{"pattern": "a.*", "redirect": "http://u:secret@/"}]"#, "with a host"), (#"[{"pattern": "a.*", "home": "x"}]"#, "absolute"),
        (#"[{"pattern": "a.*", "home": "/x", "redirect": "http://h/"}]"#, "entry 1 (`a.*`): it has `redirect` and `home`"),
        (#"[{"pattern": "a.*", "expires": 7, "delay": 1}]"#, "`expires` is a number"),
        (#"[{"pattern": "a.*", "expires": "tomorrow", "delay": 1}]"#, "`expires` is `tomorrow`, not a time such as"),
        (#"[{"pattern": "a.*", "note": ["a"], "delay": 1}]"#, "`note` is a list"),
        (#"[{"pattern": "a.*", "reply": "x"}]"#, "`reply` is a text, not an object"),
        (
            #"[{"pattern": "a.*", "reply": {"stauts": 200}}]"#,
            "`reply` has the key `stauts`, which means nothing here. Did you mean `status`?"
        ),
        (#"[{"pattern": "a.*", "reply": {"status": "200"}}]"#, "`status` is a text"),
        (#"[{"pattern": "a.*", "reply": {"status": 200.5}}]"#, "200.5"), (#"[{"pattern": "a.*", "reply": {"status": 1e30}}]"#, "1e+30"),
        (#"[{"pattern": "a.*", "reply": {"status": 100}}]"#, "from 200 to 599"),
        (#"[{"pattern": "a.*", "reply": {"body": 1, "text": "a"}}]"#, "`body` and `text`"),
        (#"[{"pattern": "a.*", "reply": {"text": 1}}]"#, "`text` is a number"),
        (#"[{"pattern": "a.*", "reply": {"contentType": "\n"}}]"#, "media type"),
        (#"[{"pattern": "a.*", "delay": 1}, {"pattern": "b", "delay": 1}, {"pattern": "a.*", "delay": 2}]"#, "entries 1 and 3"),
    ])
    func `what is wrong is said with the entry, its pattern and the key`(text: String, says: String) {
        let error = #expect(throws: DiscoveryError.self) { try read(text) }
        #expect(error?.code == .configuration && error?.message.hasPrefix("overrides.json") == true)
        #expect(error?.message.contains(says) == true && error?.message.contains("secret") == false, "\(error?.message ?? "")")
    }

    @Test func `a file is read by its path, and what is none is said with the path`() async throws {
        try await withHome { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let file = "\(path)/overrides.json"
            func refusal() -> String {
                let error = #expect(throws: DiscoveryError.self) { try Override.read(fileAt: file) }
                #expect(error?.code == .configuration && error?.message.contains(file) == true)
                return error?.message ?? ""
            }
            #expect(refusal().contains("no such file"))
            #expect(throws: DiscoveryError.self) { try Override.read(fileAt: path) }
            #expect(mkfifo(file, 0o600) == 0)
            #expect(refusal().contains("not a file"), "a pipe is not waited for")
            unlink(file)
            try Data(#"[{"pattern": "a.*", "delay": 1}]"#.utf8).write(to: URL(filePath: file))
            #expect(try Override.read(fileAt: file) == [Override("a.*", .delayed(.seconds(1)))])
            // Read however old it is; it only does not count any more.
            try Data(#"[{"pattern": "a.*", "delay": 1, "expires": "2001-01-01T00:00:00Z"}]"#.utf8).write(to: URL(filePath: file))
            #expect(try Override.read(fileAt: file).map { $0.isExpired(at: .now) } == [true])
            try Data("nonsense".utf8).write(to: URL(filePath: file))
            #expect(refusal().contains("not JSON"))
            try Data(("[" + String(repeating: " ", count: Override.maximumFileSize - 2) + "]").utf8).write(to: URL(filePath: file))
            #expect(try Override.read(fileAt: file).isEmpty)
            try Data(repeating: UInt8(ascii: " "), count: Override.maximumFileSize + 1).write(to: URL(filePath: file))
            #expect(refusal().contains("1048576 bytes"))
        }
    }

    @Test func `the environment names a file, and an empty name is none`() async throws {
        try await withHome { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let file = "\(path)/overrides.json"
            let error = #expect(throws: DiscoveryError.self) { try Discovery.Configuration.fromEnvironment(["DISCOVERY_OVERRIDES": file]) }
            #expect(error?.code == .configuration)
            #expect(error?.message.contains("DISCOVERY_OVERRIDES") == true && error?.message.contains(file) == true)
            try Data(#"[{"pattern": "a.*", "delay": 1}]"#.utf8).write(to: URL(filePath: file))
            let configuration = try Discovery.Configuration.fromEnvironment(["DISCOVERY_OVERRIDES": file])
            #expect(configuration.overrides == [Override("a.*", .delayed(.seconds(1)))])
            #expect(try Discovery.Configuration.fromEnvironment(["DISCOVERY_OVERRIDES": ""]).overrides.isEmpty)
            #expect(try Discovery.Configuration.fromEnvironment([:]).overrides.isEmpty)
        }
    }
}

/// `DISCOVERY_SEED` repeats a run, `DISCOVERY_ROUNDS` makes it longer.
@Suite struct OverrideMutationTests {
    @Test(.timeLimit(.minutes(5)))
    func `any override is written and read back as it was`() async throws {
        print("OverrideMutationTests: \(Rounds.note)")
        var generator = SplitMix()
        for await round in Rounds.each(20) {
            let override = Self.override(&generator)
            let text = try override.jsonText()
            #expect(!text.contains("\n") && text.contains(#""pattern":"#))
            #expect(try Override.stored(text, for: "a") == override, "\(text) round \(round) \(Rounds.note)")
            #expect(try JSONDecoder().decode([Override].self, from: JSONEncoder().encode([override])) == [override], "\(Rounds.note)")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `any bytes are read or refused in a sentence, and what is read is written back`() async throws {
        print("OverrideMutationTests: \(Rounds.note)")
        var read = 0
        var generator = SplitMix()
        for await round in Rounds.each() {
            var bytes: [UInt8] = []
            for mutation in 0..<300 {
                if mutation % 6 == 0 { bytes = Array("[\(try Self.override(&generator).jsonText())]".utf8) }
                Self.mutate(&bytes, &generator)
                let context: Comment = "\(String(decoding: bytes, as: UTF8.self)) round \(round) \(Rounds.note)"
                do throws(DiscoveryError) {
                    let overrides = try Override.read(bytes, from: "file")
                    read += overrides.isEmpty ? 0 : 1
                    for override in overrides { #expect(try Override.stored(override.jsonText(), for: "a") == override, context) }
                } catch {
                    #expect(error.code == .configuration && error.message.hasPrefix("file") && error.message.utf8.count < 4_000, context)
                }
            }
        }
        // A loop over nothing but refusals would prove little.
        #expect(read > Rounds.count)
    }

    @Test(arguments: [10, 400, 600, 100_000])
    func `nesting of any depth is read or refused`(depth: Int) throws {
        let body = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        do throws(DiscoveryError) {
            let overrides = try Override.read(Array(#"[{"pattern": "a.*", "reply": {"body": \#(body)}}]"#.utf8), from: "file")
            #expect(overrides[0].reply?.body == body)
            #expect(try Override.stored(overrides[0].jsonText(), for: "a.*") == overrides[0])
        } catch {
            #expect(error.code == .configuration && depth > 500)
        }
    }

    @Test func `what another version wrote is refused with what to do`() {
        for text in [#"{"pattern":"a.*","mirror":"http://h/"}"#, "nonsense", "[]"] {
            let error = #expect(throws: DiscoveryError.self) { try Override.stored(text, for: "a.*") }
            #expect(error?.code == .unsupported && error?.message.contains("discovery override 'a.*' --remove") == true)
        }
    }

    // MARK: Random values

    private static func override(_ generator: inout SplitMix) -> Override {
        func text(_ count: ClosedRange<Int> = 1...5) -> String {
            let pieces = ["a", "b.", "*", "->", "é", "e\u{301}", "\"", "\\", "/", " ", "日", "{", "?", ",", "http://"]
            return (0..<Int.random(in: count, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "a" }.joined()
        }
        func chance() -> Bool { Bool.random(using: &generator) }
        var override = Override(AddressPattern(stringLiteral: "a" + text()))
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: override.redirect = "http://user:pass@127.0.0.1:\(Int.random(in: 1...65_535, using: &generator))/a%20b?c=d"
        case 1: override.redirect = "corp.worker[zone=a,?v=\"2 b\"]->*"
        case 2: override.home = "/" + text()
        case 3: override.reply = .init(text: text(0...9) + "\n\u{0}\t", status: .random(in: 200...599, using: &generator))
        case 4:
            let bodies = [
                "1", "1.50", "\"a\"", "null", "{}", "[1,2]", "[1, 2]", "{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}", "1e300", "1e20", "{", "",
                "-0",
                "12345678901234567890123456789012345678", "0.1", "\"\\ud83d\\ude00\"", "\"/\"",
            ]
            let types = ["application/json", "application/problem+json", "text/plain"]
            override.reply = .init(
                text: bodies.randomElement(using: &generator) ?? "", contentType: types.randomElement(using: &generator) ?? "a/b")
        default: override.failureRate = 0.5
        }
        if chance() { override.failureRate = .random(in: 0...1, using: &generator) }
        if chance() { override.delay = .nanoseconds(Int64.random(in: 0...3_600_000_000_000, using: &generator)) }
        if chance() {
            override.expires = Date(timeIntervalSince1970: Double(Int.random(in: 0...253_402_300_799_000, using: &generator)) / 1_000)
        }
        if chance() { override.note = text(0...9) }
        return override
    }

    private static func mutate(_ bytes: inout [UInt8], _ generator: inout SplitMix) {
        let tokens = [
            "\"", "{", "}", "[", "]", ",", ":", "null", "true", "1e9", "-", "\\", "\"text\":", "\"delay\":", "\"\":", " ", "\u{FEFF}",
        ]
        let position = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0..<2: bytes.insert(contentsOf: Array((tokens.randomElement(using: &generator) ?? "").utf8), at: position)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
        case 3: if position < bytes.count { bytes.remove(at: position) }
        // Letters and digits more often than not leave JSON what it is.
        case 4..<7:
            if position < bytes.count, bytes[position] >= 0x30 { bytes[position] = UInt8.random(in: 0x30...0x39, using: &generator) }
        default: bytes.insert(contentsOf: bytes[position...], at: Int.random(in: 0...bytes.count, using: &generator))
        }
        if bytes.count > 10_000 { bytes.removeLast(bytes.count - 10_000) }
    }
}
