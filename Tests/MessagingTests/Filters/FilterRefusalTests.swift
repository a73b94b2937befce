import Testing

@testable import Messaging

/// What a refusal says, and what reading a message costs.
@Suite struct FilterRefusalTests {
    private static let many = "[" + (0..<30).map { "\"v\($0)\"" }.joined(separator: ",") + "]"

    @Test(arguments: [
        (
            #"{"store": {"city": ["Lyon", {"prefix": "M"}]}}"#, #"{"store": {"city": "Paris"}}"#,
            #"store.city: "Paris" is none of "Lyon", prefix "M""#
        ),
        (#"{"a": ["b"]}"#, #"{"a": "c"}"#, #"a: "c" is not "b""#),
        (#"{"a": ["b"]}"#, #"{"a": ["c", 1]}"#, #"a: none of "c", 1 is "b""#),
        (#"{"a": ["b", 2]}"#, #"{"a": ["c", true, null, 5, 6]}"#, #"a: none of "c", true, null and 2 more is one of "b", 2"#),
        (#"{"a": ["b"]}"#, #"{"c": 1}"#, #"a: there is no value, wanted is "b""#),
        (#"{"a": ["b"]}"#, #"{"a": []}"#, #"a: there is no value, wanted is "b""#),
        (#"{"x": [1], "a": [{"numeric": [">", 0, "<=", 1.5]}]}"#, #"{"a": 2.50, "x": 1}"#, "a: 2.50 is not > 0 and <= 1.5"),
        (#"{"a": [{"numeric": ["<", 0]}]}"#, #"{"a": -1e99}"#, "a: -1e99 (more than filters compare) is not < 0"),
        (#"{"a": [{"exists": false}]}"#, #"{"a": 1}"#, "a: 1 is not no value"),
        (#"{"a": [{"exists": false}]}"#, "{}", "a: there is nothing at all, and `exists` false needs another value"),
        (#"{"a": [{"exists": true}]}"#, #"{"b": 1}"#, "a: there is no value, wanted is any value"),
        (#"{"a": [{"anything-but": ["x", 1]}]}"#, #"{"a": "x"}"#, #"a: "x" is not anything but "x", 1"#),
        (#"{"a": [{"anything-but": {"suffix": "x"}}]}"#, #"{"a": "x"}"#, #"a: "x" is not anything but suffix "x""#),
        (
            #"{"a": [{"equals-ignore-case": "X"}, {"wildcard": "*y"}]}"#, #"{"a": "z"}"#,
            #"a: "z" is none of "X" in any case, wildcard "*y""#
        ),
        (#"{"a": [{"cidr": "10.0.0.0/8"}]}"#, #"{"a": "::1"}"#, #"a: "::1" is not an address in 10.0.0.0/8"#),
        (
            #"{"d": {"$or": [{"a": [1]}, {"b": [2]}]}}"#, #"{"d": {"a": 2}}"#,
            "d.$or: no alternative holds: d.a: 2 is not 1; d.b: there is no value, wanted is 2"
        ),
        (#"{"a": \#(many)}"#, #"{"a": 1}"#, #"a: 1 is none of "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9" and 20 more"#),
        (#"{"a": ["\"\n"]}"#, #"{"a": "\u0000"}"#, "a: \"\u{FFFD}\" is not \"\\\"\u{FFFD}\""),
        (#"{"a": [1]}"#, "[1]", "the body is no JSON object: it is an array (byte 0)"),
        (#"{"a": [1]}"#, "hello", "the body is no JSON object: a value is missing (byte 0)"),
        (#"{"a": [1]}"#, #"{"a": 1"#, "the body is no JSON object: a `,` or `}` is missing (byte 7)"),
    ])
    func `a refusal names the part and the reason`(policy: String, body: String, words: String) throws {
        let policy = try Messaging.FilterPolicy(parsing: policy, scope: .body)
        #expect(policy.refusal(of: .init(body: Array(body.utf8), attributes: [:]))?.description == words)
    }

    @Test func `a refusal has the keys one by one`() throws {
        let policy = try Messaging.FilterPolicy(parsing: #"{"a.b": {"c": [1]}}"#, scope: .body)
        let refusal = try #require(policy.refusal(of: .init(body: Array(#"{"a": {"b": {"c": 2}}}"#.utf8), attributes: [:])))
        #expect(refusal.path == ["a.b", "c"] && refusal.reason == "2 is not 1")
        let attributes = try Messaging.FilterPolicy(parsing: #"{"k": ["a"]}"#, scope: .attributes)
        #expect(
            attributes.refusal(of: .init(body: [], attributes: ["k": .array("[")]))?.description
                == #"k: an array that is no JSON is not "a""#)
    }

    @Test func `a refusal of long texts is short`() throws {
        let long = String(repeating: "é", count: 50_000)
        let policy = try Messaging.FilterPolicy(parsing: #"{"\#(long)": ["\#(long)"]}"#, scope: .body)
        for body in [#"{"\#(long)": "x\#(long)"}"#, #"{"\#(long)": \#(String(repeating: "9", count: 50_000))}"#, "{}"] {
            let refusal = try #require(policy.refusal(of: .init(body: Array(body.utf8), attributes: [:])))
            #expect(refusal.description.utf8.count < 1_000)
        }
    }

    @Test func `a body is read once, and only when a policy asks`() throws {
        let subject = Messaging.FilterSubject(body: Array(#"{"a": 1}"#.utf8), attributes: ["k": "v"])
        let attributes = try Messaging.FilterPolicy(parsing: #"{"k": ["w"]}"#, scope: .attributes)
        let body = try Messaging.FilterPolicy(parsing: #"{"a": [2]}"#, scope: .body)
        let all = try Messaging.FilterPolicy(parsing: "{}", scope: .body)
        #expect(attributes.refusal(of: subject) != nil && all.refusal(of: subject) == nil)
        #expect(FilterIndex([("k", attributes), ("all", all), ("none", nil)]).matches(subject) == ["all", "none"])
        #expect(subject.bodyReads == 0)
        for _ in 0..<3 { #expect(body.refusal(of: subject) != nil) }
        #expect(FilterIndex([("a", body), ("b", body)]).matches(subject).isEmpty)
        #expect(subject.bodyReads == 1)
        let broken = Messaging.FilterSubject(body: Array("{".utf8), attributes: [:])
        for _ in 0..<3 { #expect(body.refusal(of: broken) != nil) }
        #expect(broken.bodyReads == 1)
    }
}
