import Testing

@testable import Messaging

@Suite struct FilterIndexTests {
    private func policy(_ text: String, _ scope: Messaging.FilterScope = .attributes) throws -> Messaging.FilterPolicy {
        try Messaging.FilterPolicy(parsing: text, scope: scope)
    }

    @Test(.timeLimit(.minutes(5)))
    func `an index answers as its policies do one by one`() async throws {
        print("FilterIndexTests: \(Rounds.note)")
        var generator = SplitMix()
        var (matched, refused) = (0, 0)
        for await round in Rounds.each() {
            let policies = FilterFuzzTests.policies(Int.random(in: 0...120, using: &generator), &generator)
            let index = FilterIndex(policies)
            for _ in 0..<60 {
                let (note, subject) = RandomFilters.subject(&generator)
                let wanted = policies.filter { $0.1?.matches(subject) ?? true }.map(\.0)
                let found = index.evaluate(subject)
                #expect(found.matches == wanted, "\(Rounds.note) round \(round): \(note)")
                #expect(found.evaluated <= policies.count, "\(Rounds.note) round \(round): \(note)")
                matched += wanted.count
                refused += policies.count - wanted.count
            }
        }
        #expect(matched > Rounds.count * 100 && refused > Rounds.count * 100)
    }

    @Test(arguments: [
        #"["v\(i)"]"#, #"["v\(i)", "w\(i)", 5\(i)]"#, "[\\(i)0000]", #"[{"prefix": "v\(i)"}]"#, #"[{"suffix": "\(i)v"}]"#,
        #"[{"numeric": ["=", \(i)0000]}]"#, #"[{"numeric": [">", \(i)0000]}]"#, #"[{"cidr": "10.\(i).0.0/16"}]"#,
        #"[{"equals-ignore-case": "v\(i)"}]"#, #"[{"wildcard": "v\(i)*"}]"#, #"["v\(i)"], "l": [{"exists": false}]"#,
        #"[{"anything-but": "other"}], "l": ["v\(i)"]"#, #"[{"exists": true}], "l": ["v\(i)"], "m": [{"exists": false}]"#,
    ])
    func `of 1,000 policies that refuse none is evaluated`(conditions: String) throws {
        for scope in [Messaging.FilterScope.attributes, .body] {
            let policies = try (1...1_000).map { number in
                let text = #"{"k": \#(conditions.replacing(#"\(i)"#, with: "\(conditions.contains("cidr") ? number % 256 : number)"))}"#
                return (number, try policy(text, scope) as Messaging.FilterPolicy?)
            }
            let subject = Messaging.FilterSubject(
                body: Array(#"{"k": ["other", "another", 7, true], "l": "other"}"#.utf8),
                attributes: ["k": .array(#"["other", "another", 7, true]"#), "l": "other"])
            let (matches, evaluated) = FilterIndex(policies).evaluate(subject)
            #expect(matches.isEmpty && evaluated == 0)
        }
    }

    @Test func `of 1,000 policies by $or none is evaluated that refuses`() throws {
        let policies = try (0..<1_000).map { number in
            (number, try policy(#"{"$or": [{"k": ["v\#(number)"]}, {"l": ["v\#(number)"], "m": [1]}]}"#) as Messaging.FilterPolicy?)
        }
        let index = FilterIndex(policies)
        let first = index.evaluate(.init(body: [], attributes: ["k": "v7", "l": "x"]))
        #expect(first.matches == [7] && first.evaluated == 1)
        let second = index.evaluate(.init(body: [], attributes: ["k": "x", "l": "v8", "m": .number("2")]))
        #expect(second.matches.isEmpty && second.evaluated == 1)
        #expect(index.evaluate(.init(body: [], attributes: ["k": "x", "l": "x"])).evaluated == 0)
    }

    @Test func `those that match come in the order given, each once`() throws {
        let a = try policy(#"{"k": ["a", {"prefix": "a"}, {"suffix": "a"}]}"#)
        let b = try policy(#"{"k": ["b"]}"#, .body)
        let absent = try policy(#"{"z": [{"exists": false}]}"#)
        let index = FilterIndex([("1", nil), ("2", a), ("3", b), ("4", absent), ("5", nil), ("6", a), ("7", nil)])
        func matches(_ body: String, _ attributes: [String: Messaging.Attribute]) -> [String] {
            index.matches(.init(body: Array(body.utf8), attributes: attributes))
        }
        #expect(matches(#"{"k": ["b", "b"]}"#, ["k": .array(#"["a", "a", "aa"]"#)]) == ["1", "2", "3", "4", "5", "6", "7"])
        #expect(matches(#"{"k": "b"}"#, ["z": "a"]) == ["1", "3", "5", "7"])
        #expect(matches("", ["k": "b"]) == ["1", "4", "5", "7"])
        #expect(matches("", [:]) == ["1", "5", "7"])
        #expect(FilterIndex<Int>([]).matches(.init(body: [], attributes: [:])).isEmpty)
    }

    @Test func `one identifier may stand there with several policies`() throws {
        let index = FilterIndex([("q", try policy(#"{"k": ["a"]}"#)), ("q", try policy(#"{"k": ["b"]}"#))])
        #expect(index.matches(.init(body: [], attributes: ["k": .array(#"["a", "b"]"#)])) == ["q", "q"])
        #expect(index.matches(.init(body: [], attributes: ["k": "b"])) == ["q"])
    }
}
