import Testing

@testable import Messaging

/// A policy, a message, and whether it gets through, by a rule that is published or an edge that the policy's documentation names.
struct FilterCase: Sendable, CustomTestStringConvertible {
    let policy: String
    let scope: Messaging.FilterScope
    let body: String
    let attributes: [String: Messaging.Attribute]
    let matches: Bool
    let edge: String

    var testDescription: String { "\(edge): \(policy) \(matches ? "takes" : "refuses") \(scope == .body ? body : "\(attributes)")" }

    var subject: Messaging.FilterSubject { .init(body: Array(body.utf8), attributes: attributes) }

    static func body(_ policy: String, _ body: String, _ matches: Bool, _ edge: String) -> FilterCase {
        FilterCase(policy: policy, scope: .body, body: body, attributes: [:], matches: matches, edge: edge)
    }

    static func attributes(_ policy: String, _ attributes: [String: Messaging.Attribute], _ matches: Bool, _ edge: String) -> FilterCase {
        FilterCase(policy: policy, scope: .attributes, body: "", attributes: attributes, matches: matches, edge: edge)
    }

    /// The same on `{"k": conditions}` and a message whose `k` is the value, in JSON: as a body, and as an attribute if there is a type for it.
    static func value(_ conditions: String, _ value: String, _ matches: Bool, _ edge: String) -> [FilterCase] {
        let policy = #"{"k": \#(conditions)}"#
        let body = body(policy, #"{"k": \#(value), "other": 1}"#, matches, edge)
        let attribute: Messaging.Attribute? =
            switch value.first {
            case "\"": (try? JSONDocument(reading: Array(value.utf8))).map { .init(.string($0.string($0.nodes[0].text))) }
            case "[": .array(value)
            case "n", "t", "f", "{": nil
            default: .init(.number(value))
            }
        guard let attribute else { return [body] }
        return [body, .attributes(policy, ["k": attribute, "other": "1"], matches, edge)]
    }

    /// All ways to ask say the same: the policy, its refusal, an index.
    func check() throws {
        let policy = try Messaging.FilterPolicy(parsing: policy, scope: scope)
        #expect(policy.matches(subject) == matches)
        let refusal = policy.refusal(of: subject)
        #expect((refusal == nil) == matches)
        if let refusal { #expect(!refusal.reason.isEmpty && refusal.description.utf8.count < 4_000) }
        #expect(FilterIndex([("it", policy), ("all", nil)]).matches(subject) == (matches ? ["it", "all"] : ["all"]))
    }
}

extension Messaging.Attribute: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(.string(text)) }

    static func array(_ json: String) -> Messaging.Attribute { .init(.string(json), label: "Array") }
    static func number(_ text: String) -> Messaging.Attribute { .init(.number(text)) }
}
