import Testing

@testable import Messaging

/// `DISCOVERY_SEED` repeats a run, `DISCOVERY_ROUNDS` makes it longer.
@Suite struct FilterFuzzTests {
    @Test(.timeLimit(.minutes(5)))
    func `any text is a policy or is refused in a sentence`() async throws {
        print("FilterFuzzTests: \(Rounds.note)")
        var generator = SplitMix()
        var parsed = 0
        for await round in Rounds.each() {
            var bytes: [UInt8] = []
            var scope = Messaging.FilterScope.body
            for mutation in 0..<500 {
                if mutation % 6 == 0 {
                    scope = Bool.random(using: &generator) ? .body : .attributes
                    bytes = Array(RandomFilters.policy(scope, &generator).utf8)
                } else {
                    RandomFilters.mutate(&bytes, &generator)
                }
                let text = String(decoding: bytes, as: UTF8.self)
                let context: Comment = "\(Rounds.note) round \(round): \(text.prefix(2_000))"
                do {
                    let policy = try Messaging.FilterPolicy(parsing: text, scope: scope)
                    parsed += 1
                    #expect(policy.text.utf8.elementsEqual(text.utf8), context)
                    let (_, subject) = RandomFilters.subject(&generator)
                    let refusal = policy.refusal(of: subject)
                    #expect(policy.matches(subject) == (refusal == nil), context)
                    #expect(refusal.map { $0.description.utf8.count < 20_000 } ?? true, context)
                } catch {
                    #expect(error.code == .invalidParameterValue && error.message.utf8.count < 2_000, context)
                    #expect(error.message.hasSuffix("."), context)
                }
            }
        }
        // A loop over nothing but refusals would prove little.
        #expect(parsed > Rounds.count * 50)
    }

    @Test(.timeLimit(.minutes(5)))
    func `any body and any array of an attribute are filtered, whatever their bytes`() async throws {
        print("FilterFuzzTests: \(Rounds.note)")
        var generator = SplitMix()
        for await round in Rounds.each() {
            let policies = Self.policies(40, &generator)
            let index = FilterIndex(policies)
            var bytes: [UInt8] = []
            for mutation in 0..<120 {
                if mutation % 6 == 0 {
                    bytes = Array(RandomFilters.json(&generator).utf8)
                } else {
                    RandomFilters.mutate(&bytes, &generator)
                }
                let array = Messaging.Attribute.array(String(decoding: bytes, as: UTF8.self))
                let subject = Messaging.FilterSubject(body: bytes, attributes: ["k": array, "l": array])
                let wanted = policies.filter { $0.1?.matches(subject) ?? true }.map(\.0)
                #expect(index.matches(subject) == wanted, "\(Rounds.note) round \(round): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    /// Policies of both scopes, now and then none.
    static func policies(_ count: Int, _ generator: inout SplitMix) -> [(Int, Messaging.FilterPolicy?)] {
        var policies: [(Int, Messaging.FilterPolicy?)] = []
        while policies.count < count {
            let scope: Messaging.FilterScope = Bool.random(using: &generator) ? .body : .attributes
            if Int.random(in: 0..<20, using: &generator) == 0 {
                policies.append((policies.count, nil))
            } else if let policy = try? Messaging.FilterPolicy(parsing: RandomFilters.policy(scope, &generator), scope: scope) {
                policies.append((policies.count, policy))
            }
        }
        return policies
    }

    /// Each of these is of the size of the largest message or policy; a step for each pair of their bytes would take hours.
    @Test(.timeLimit(.minutes(5)))
    func `texts made to be slow are not`() async throws {
        let key = String(repeating: "k", count: 100_000)
        let long = String(repeating: "a", count: 250_000)
        let bodies = [
            #"{"\#(key)": {\#((0..<10_000).map { "\"m\($0)\": 1" }.joined(separator: ","))}}"#,
            "{" + (0..<25_000).map { _ in "\"a\": 1" }.joined(separator: ",") + "}",
            #"{"a": [\#(repeatElement("1", count: 120_000).joined(separator: ","))]}"#,
            #"{"a": "\#(long)"}"#,
            "{" + repeatElement("\"a\":{", count: 250).joined() + repeatElement("}", count: 250).joined() + "}",
        ]
        let texts = [
            #"{"\#(key)": {"m1": [2]}}"#, #"{"a": [{"wildcard": "*\#(long.dropLast(1_000))b*"}]}"#,
            #"{"a": [{"suffix": "b\#(long.dropLast(10))"}]}"#,
            "{\"" + repeatElement("a", count: 100_000).joined(separator: ".") + "\": [1]}",
            #"{"a": [{"equals-ignore-case": "\#(long)b"}]}"#,
            #"{"a": [{"numeric": ["<", 0]}, {"exists": false}]}"#,
        ]
        let policies = try texts.map {
            ($0.prefix(9), try Messaging.FilterPolicy(parsing: $0, scope: .body) as Messaging.FilterPolicy?)
        }
        let index = FilterIndex(policies)
        for body in bodies {
            await Task.yield()
            let subject = Messaging.FilterSubject(body: Array(body.utf8), attributes: [:])
            #expect(index.matches(subject) == policies.filter { $0.1?.matches(subject) ?? true }.map(\.0))
        }
    }
}
