import Testing

@testable import Messaging

/// Every way in which a policy is refused, and what the refusal says.
@Suite struct FilterErrorTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let policy: String
        let scope: Messaging.FilterScope
        /// What the message has to say: which key, which operator, why, what instead.
        let words: [String]

        init(_ policy: String, _ scope: Messaging.FilterScope = .attributes, _ words: String...) {
            self.policy = policy
            self.scope = scope
            self.words = words
        }

        var testDescription: String { String(policy.prefix(80)) }
    }

    private static func values(_ count: Int) -> String { "[" + (0..<count).map { "\"v\($0)\"" }.joined(separator: ",") + "]" }

    static let texts: [Fault] = [
        Fault("", .attributes, "no JSON", "byte 0"),
        Fault("not JSON", .body, "no JSON", "byte 0"),
        Fault(#"{"a": ["b"}"#, .body, "no JSON", "`,` or `]`", "byte 10"),
        Fault(#"{"a": ["b"]"#, .body, "no JSON", "`,` or `}`"),
        Fault(#"{"a": ["b"],}"#, .body, "no JSON", "a key"),
        Fault("[]", .body, "object", "an array"),
        Fault(#""a""#, .body, "object", "a string"),
        Fault("null", .body, "object", "null"),
        Fault(#"{"a": ["\#(String(repeating: "x", count: 262_144))"]}"#, .body, "262,144 bytes", "Split"),
        Fault(String(repeating: #"{"a":"#, count: 300), .body, "nested more than 256"),
    ]

    static let keys: [Fault] = [
        Fault(#"{"store": "a"}"#, .attributes, "`store`", "array", "a string", #"`["a"]`"#),
        Fault(#"{"store": 5}"#, .body, "`store`", "array", "a number", "`[5]`"),
        Fault(#"{"store": null}"#, .body, "`store`", "array", "null"),
        Fault(#"{"store": {"suffix": "a"}}"#, .attributes, "`store`", "an operator stands in an array", "suffix"),
        Fault(#"{"store": {"suffix": "a"}}"#, .body, "`store.suffix`", #""store": [{"suffix": "a"}]"#),
        Fault(#"{"store": {"city": ["a"]}}"#, .attributes, "`store`", "MessageBody"),
        Fault(#"{"$or": {"a": ["b"]}}"#, .attributes, "`$or`", "MessageBody"),
        Fault(#"{"store": {}}"#, .body, "`store`", "empty"),
        Fault(#"{"store": []}"#, .attributes, "`store`", "empty", "exists"),
        Fault(#"{"a": {"b": []}}"#, .body, "`a.b`", "empty"),
        Fault(#"{"a": ["x"], "a": ["y"]}"#, .attributes, "`a`", "twice"),
        Fault(#"{"a": {"b": ["x"], "\u0062": ["y"]}}"#, .body, "`a.b`", "twice"),
        Fault(#"{"store": [["a"]]}"#, .attributes, "`store`", "array in an array"),
        Fault(#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#, .attributes, "5 keys", "Split"),
        Fault(#"{"x":{"a":[1],"b":[1],"c":[1]},"y":{"d":[1],"e":[1],"f":[1]}}"#, .body, "5 keys"),
        Fault(#"{"$or":[{"a":[1],"b":[1],"c":[1]},{"d":[1],"e":[1],"f":[1]}]}"#, .attributes, "5 keys"),
        Fault(#"{"$or": [{"a": [1]}, {}]}"#, .attributes, "`$or`", "empty"),
        Fault(#"{"$or": [{"a": ["b"]}]}"#, .attributes, "`$or`", "two objects"),
        Fault(#"{"$or": [{"numeric": 123}, {"prefix": "abc"}]}"#, .attributes, "`$or`", "`numeric`", "an array"),
    ]

    static let operators: [Fault] = [
        Fault(#"{"k": [{}]}"#, .attributes, "`k`", "without an operator"),
        Fault(#"{"k": [{"suffix": "a", "prefix": "b"}]}"#, .attributes, "`k`", "one operator", "an object for each"),
        Fault(#"{"k": [{"begins": "a"}]}"#, .attributes, "`k`", "no operator `begins`", "`prefix`", "`wildcard`"),
        Fault(#"{"k": [{"Prefix": "a"}]}"#, .attributes, "no operator `Prefix`"),
        Fault(#"{"k": [{"prefix": 1}]}"#, .attributes, "`k`", "`prefix` takes a string", "a number"),
        Fault(#"{"k": [{"suffix": null}]}"#, .attributes, "`suffix` takes a string", "null"),
        Fault(#"{"k": [{"suffix": []}]}"#, .attributes, "`suffix` takes a string", "an array"),
        Fault(#"{"k": [{"equals-ignore-case": true}]}"#, .attributes, "`equals-ignore-case` takes a string", "true"),
        Fault(#"{"k": [{"wildcard": {}}]}"#, .attributes, "`wildcard` takes a string", "an object"),
        Fault(#"{"k": [{"wildcard": "a**b"}]}"#, .attributes, "side by side"),
        Fault(#"{"k": [{"wildcard": "a\\b"}]}"#, .attributes, "backslash"),
        Fault(#"{"k": [{"wildcard": "a\\"}]}"#, .attributes, "backslash"),
        Fault(#"{"k": [{"wildcard": "*a*b*c*"}]}"#, .attributes, "at most 3", "has 4"),
        Fault(
            #"{"k": [{"wildcard": "*a*b*"}, {"wildcard": "*c*d*"}, {"wildcard": "*e*f*"}, {"wildcard": "*g*h*"}]}"#, .attributes, "`k`",
            "144 points"),
        Fault(#"{"k": [{"exists": "no"}]}"#, .attributes, "`exists` takes true or false", "a string"),
        Fault(#"{"k": [{"exists": null}]}"#, .attributes, "`exists` takes true or false"),
        Fault(#"{"k": [{"cidr": 10}]}"#, .attributes, "`cidr` takes a string", "10.0.0.0/24"),
        Fault(#"{"k": [{"cidr": "10.0.0.0"}]}"#, .attributes, "`cidr`", "no single `/`", "/32"),
        Fault(#"{"k": [{"cidr": "10.0.0.0/8/8"}]}"#, .attributes, "no single `/`"),
        Fault(#"{"k": [{"cidr": "10.0.0/8"}]}"#, .attributes, "no address"),
        Fault(#"{"k": [{"cidr": "10.0.0.0/33"}]}"#, .attributes, "0 to 32"),
        Fault(#"{"k": [{"cidr": "::/129"}]}"#, .attributes, "0 to 128"),
        Fault(#"{"k": [{"cidr": "10.0.0.0/x"}]}"#, .attributes, "number of bits"),
        Fault(#"{"k": [{"cidr": "10.0.0.0/"}]}"#, .attributes, "number of bits"),
        Fault(#"{"k": [{"anything-but": []}]}"#, .attributes, "`anything-but` has an empty list"),
        Fault(#"{"k": [{"anything-but": [{"prefix": "a"}]}]}"#, .attributes, "plain values", "an object"),
        Fault(#"{"k": [{"anything-but": [["a"]]}]}"#, .attributes, "plain values", "an array"),
        Fault(#"{"k": [{"anything-but": {"wrong": 1}}]}"#, .attributes, "no operator `wrong`"),
        Fault(#"{"k": [{"anything-but": {"exists": false}}]}"#, .attributes, "not with `exists`", "{\"exists\": true}"),
        Fault(#"{"k": [{"anything-but": {"numeric": ["=", 1]}}]}"#, .attributes, "not with `numeric`", "ranges"),
        Fault(#"{"k": [{"anything-but": {"cidr": "::/0"}}]}"#, .attributes, "not with `cidr`"),
        Fault(#"{"k": [{"anything-but": {"prefix": false}}]}"#, .attributes, "`prefix` takes a string"),
        Fault(#"{"k": [{"anything-but": {"prefix": ""}}]}"#, .attributes, "empty `prefix`"),
        Fault(#"{"k": [{"anything-but": {"suffix": ""}}]}"#, .attributes, "empty `suffix`"),
        Fault(#"{"k": [{"anything-but": {}}]}"#, .attributes, "without an operator"),
    ]

    static let numbers: [Fault] = [
        Fault(#"{"k": [1000000001]}"#, .attributes, "`k`", "1000000001", "beyond"),
        Fault(#"{"k": [-1e9, -1e10]}"#, .attributes, "beyond"),
        Fault(#"{"k": [1e400]}"#, .attributes, "beyond"),
        Fault(#"{"k": [0.123456]}"#, .attributes, "five digits", "0.12346"),
        Fault(#"{"k": [{"anything-but": [0.000001]}]}"#, .attributes, "five digits"),
        Fault(#"{"k": [{"numeric": ["=", 1e-6]}]}"#, .attributes, "five digits"),
        Fault(#"{"k": [{"numeric": 5}]}"#, .attributes, "`numeric` takes an array"),
        Fault(#"{"k": [{"numeric": []}]}"#, .attributes, "0 elements"),
        Fault(#"{"k": [{"numeric": [">="]}]}"#, .attributes, "1 elements"),
        Fault(#"{"k": [{"numeric": ["like", 1]}]}"#, .attributes, "`=`, `<`", "\"like\""),
        Fault(#"{"k": [{"numeric": [1, "<="]}]}"#, .attributes, "a number where a comparison"),
        Fault(#"{"k": [{"numeric": ["=", "000"]}]}"#, .attributes, "without quotes", "a string"),
        Fault(#"{"k": [{"numeric": ["<", 100, ">", 10]}]}"#, .attributes, "begins a range"),
        Fault(#"{"k": [{"numeric": ["=", 100, "<", 10]}]}"#, .attributes, "begins a range", "`=`"),
        Fault(#"{"k": [{"numeric": [">=", 1, ">", 2]}]}"#, .attributes, "ends a range"),
        Fault(#"{"k": [{"numeric": [">", 3, "<", 1]}]}"#, .attributes, "from 3 to 1"),
        Fault(#"{"k": [{"numeric": [">=", 3, "<=", 3]}]}"#, .attributes, "from 3 to 3"),
        Fault(#"{"k": [{"numeric": [">", 1, "<", 1.00001]}]}"#, .attributes, "no number"),
        Fault(#"{"k": [{"numeric": [">", 20, "<="]}]}"#, .attributes, "3 elements"),
        Fault(#"{"k": [{"numeric": [">", 20, 30, "<"]}]}"#, .attributes, "a number where a comparison"),
        Fault(#"{"k": [{"numeric": [">", 20, "<", "30"]}]}"#, .attributes, "without quotes"),
        Fault(#"{"k": [{"numeric": [">", 20, "<", 30, "<", 50]}]}"#, .attributes, "more than two"),
        Fault(#"{"k": [{"numeric": ["<", 1000000001]}]}"#, .attributes, "beyond"),
    ]

    static let combinations: [Fault] = [
        Fault(#"{"k": \#(values(151))}"#, .attributes, "too complex", "151", "150"),
        Fault(#"{"a": \#(values(100)), "b": \#(values(51))}"#, .attributes, "too complex", "5100"),
        Fault(#"{"a": {"b": {"c": \#(values(4))}}, "d": {"e": \#(values(3))}, "f": \#(values(3))}"#, .body, "216"),
        Fault(
            #"{"s": \#(values(4)), "$or": [{"n": \#(values(6))}, {"t": \#(values(4)), "$or": [{"m": \#(values(4))}, {"p": \#(values(4))}]}]}"#,
            .attributes, "152"),
        Fault(
            #"{"$or": [{"m": \#(values(3))}, {"n": \#(values(2))}], "d": {"s": \#(values(2)), "$or": [{"c": \#(values(1))}, {"t": \#(values(3))}]}}"#,
            .body, "160"),
        Fault(#"{"$or": [\#((0..<200).map { _ in #"{"a": [1]}"# }.joined(separator: ","))]}"#, .attributes, "200"),
        Fault(#"{"$or": [\#((0..<5_000).map { _ in #"{"a": [1]}"# }.joined(separator: ","))]}"#, .attributes, "many"),
        Fault(String(repeating: #"{"a":"#, count: 200) + "[1]" + String(repeating: "}", count: 200), .body, "200"),
    ]

    private func check(_ fault: Fault) throws {
        let error = try #require(throws: MessagingError.self) { _ = try Messaging.FilterPolicy(parsing: fault.policy, scope: fault.scope) }
        #expect(error.code == .invalidParameterValue)
        for word in fault.words { #expect(error.message.contains(word), "\(error.message)") }
        #expect(error.message.hasSuffix(".") && error.message.utf8.count < 2_000, "\(error.message)")
    }

    @Test(arguments: texts) func `a text that is no policy`(_ fault: Fault) throws { try check(fault) }
    @Test(arguments: keys) func `a key that cannot be`(_ fault: Fault) throws { try check(fault) }
    @Test(arguments: operators) func `an operator given something else`(_ fault: Fault) throws { try check(fault) }
    @Test(arguments: numbers) func `a number or range that cannot be`(_ fault: Fault) throws { try check(fault) }
    @Test(arguments: combinations) func `a policy that is too complex`(_ fault: Fault) throws { try check(fault) }

    @Test(arguments: [
        (#"{"k": \#(values(150))}"#, Messaging.FilterScope.attributes),
        (#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1]}"#, .attributes),
        (#"{"x":{"a":[1],"b":[1],"c":[1]},"y":{"d":[1],"e":[1]}}"#, .body),
        (#"{"a": {"b": {"c": \#(values(4))}}, "d": {"e": \#(values(3))}}"#, .body),
        (
            #"{"s": \#(values(3)), "$or": [{"n": \#(values(6))}, {"t": \#(values(4)), "$or": [{"m": \#(values(4))}, {"p": \#(values(7))}]}]}"#,
            .attributes
        ),
        (#"{"$or":[{"a":[1],"b":[2]},{"a":[3],"b":[4]},{"a":[5],"b":[6]}]}"#, .attributes),
        (#"{"k": [{"wildcard": "*a*b*"}, {"wildcard": "*c*d*"}, {"wildcard": "e*"}]}"#, .attributes),
        (#"{"k": [{"numeric": [">", 1, "<=", 1.00001]}]}"#, .attributes),
        (#"{"k": [1.123450, -1e9, 1E+9]}"#, .attributes),
        (#"{"a": ["\#(String(repeating: "x", count: 262_144 - 11))"]}"#, .attributes),
        (" {\n\t} ", .body),
    ])
    func `a policy at the limits`(text: String, scope: Messaging.FilterScope) throws {
        let policy = try Messaging.FilterPolicy(parsing: text, scope: scope)
        #expect(policy.text == text && policy.scope == scope)
    }

    @Test func `policies are equal by their text and scope`() throws {
        let policy = try Messaging.FilterPolicy(parsing: #"{"a": [1]}"#, scope: .body)
        #expect(policy == (try Messaging.FilterPolicy(parsing: #"{"a": [1]}"#, scope: .body)))
        #expect(policy != (try Messaging.FilterPolicy(parsing: #"{"a": [1]}"#, scope: .attributes)))
        #expect(policy != (try Messaging.FilterPolicy(parsing: #"{"a":[1]}"#, scope: .body)))
        #expect(Messaging.FilterScope(rawValue: "MessageBody") == .body)
    }
}
