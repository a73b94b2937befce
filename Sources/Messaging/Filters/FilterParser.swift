/// Checks a policy and compiles it.
///
/// Source of the limits: "Filter policy constraints in Amazon SNS"; of `$or`: "AND/OR logic".
struct FilterParser {
    static let largest = 262_144
    static let mostKeys = 5
    static let mostCombinations = 150
    /// Points that wildcards may come to in a policy, and how many may be in one pattern.
    static let mostWildcardPoints = 100
    static let mostWildcards = 3

    let document: JSONDocument
    let scope: Messaging.FilterScope
    private var paths: Set<[UInt8]> = []
    private var wildcardPoints = 0
    /// How often any key stands in the policy: no policy within the limits has so many, and one beyond them is not to cost much.
    private var occurrences = 0

    /// - Returns: `nil` for `{}`.
    static func parse(_ text: String, _ scope: Messaging.FilterScope) throws(MessagingError) -> FilterRule? {
        guard text.utf8.count <= largest else {
            throw Rules.invalid("A filter policy has at most 262,144 bytes, not \(text.utf8.count). Split it over several subscriptions.")
        }
        let document: JSONDocument
        do throws(JSONFault) { document = try JSONDocument(reading: Array(text.utf8)) } catch {
            throw Rules.invalid("The filter policy is no JSON: \(error.reason) (byte \(error.offset)).")
        }
        guard document.nodes[0].kind == .object else {
            throw Rules.invalid(#"A filter policy is an object, such as `{"store": ["example_corp"]}`; this is \#(document.noun(0))."#)
        }
        guard document.nodes.count > 1 else { return nil }
        var parser = FilterParser(document: document, scope: scope)
        let (rule, combinations) = try parser.object(0, keys: [], path: [])
        guard combinations <= mostCombinations else { throw tooComplex(combinations) }
        return rule
    }

    private init(document: JSONDocument, scope: Messaging.FilterScope) {
        self.document = document
        self.scope = scope
    }

    private static func tooComplex(_ combinations: Int) -> MessagingError {
        Rules.invalid(
            "The filter policy is too complex: it comes to \(combinations < unbounded ? "\(combinations)" : "many") combinations, and 150 are the most. They are the number of values of each key times the level it is nested at, multiplied over all keys, and added up over the alternatives of `$or`. Write fewer values, use `prefix`, or split the policy over several subscriptions."
        )
    }

    /// Where counting combinations ends.
    private static let unbounded = 1_000_000_000

    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, overflows) = left.multipliedReportingOverflow(by: right)
        return overflows ? unbounded : min(product, unbounded)
    }

    // MARK: Keys

    private mutating func object(_ index: Int, keys: [String], path: [UInt8]) throws(MessagingError) -> (FilterRule, combinations: Int) {
        var rules: [FilterRule] = []
        var combinations = 1
        var known: Set<ArraySlice<UInt8>> = []
        for member in document.children(of: index) {
            let key = document[document.nodes[member].key]
            let inner = keys + [document.string(document.nodes[member].key)]
            guard known.insert(key).inserted else { throw Self.fault(inner, "the key is there twice. Write its values into one array.") }
            let innerPath = keys.isEmpty ? Array(key) : path + [UInt8(ascii: ".")] + key
            let (rule, count): (FilterRule, Int)
            switch document.nodes[member].kind {
            case .array where isOr(member): (rule, count) = try alternatives(member, keys: keys, path: path)
            case .array: (rule, count) = try values(member, keys: inner, path: innerPath)
            case .object: (rule, count) = try nested(member, keys: inner, path: innerPath)
            default:
                throw Self.fault(
                    inner, "its values stand in an array, and this is \(document.noun(member)). \(operatorHint(member, keys: inner))")
            }
            rules.append(rule)
            combinations = Self.product(combinations, count)
        }
        return (rules.count == 1 ? rules[0] : .all(rules), combinations)
    }

    private mutating func nested(_ member: Int, keys: [String], path: [UInt8]) throws(MessagingError) -> (FilterRule, Int) {
        guard document.nodes[member].end > member + 1 else {
            throw Self.fault(keys, "the object is empty. Name the keys in it, or leave it out.")
        }
        guard scope == .body else {
            let operators = document.children(of: member).filter { Self.operators.contains(document.string(document.nodes[$0].key)) }
            throw Self.fault(
                keys,
                operators.isEmpty
                    ? "nested keys are for policies of the scope MessageBody. Set FilterPolicyScope to it, or write the key's values as an array."
                    : "an operator stands in an array: `[{\"\(document.string(document.nodes[operators[0]].key))\": …}]`.")
        }
        return try object(member, keys: keys, path: path)
    }

    private mutating func values(_ member: Int, keys: [String], path: [UInt8]) throws(MessagingError) -> (FilterRule, Int) {
        occurrences += 1
        let path = paths.insert(path).memberAfterInsert
        guard paths.count <= Self.mostKeys else {
            throw Rules.invalid(
                "A filter policy has at most 5 keys, those that hold values counted; this one has more. Split it over several subscriptions."
            )
        }
        guard occurrences <= 10 * Self.mostCombinations else { throw Self.tooComplex(Self.unbounded) }
        var conditions: [FilterCondition] = []
        for value in document.children(of: member) {
            conditions.append(try condition(value, keys: keys))
            guard conditions.count <= Self.mostCombinations else { throw Self.tooComplex(Int(document.nodes[member].end) - member - 1) }
        }
        guard !conditions.isEmpty else {
            throw Self.fault(keys, #"the array is empty, which nothing could meet. Write a value, or `[{"exists": false}]`."#)
        }
        try count(wildcardsOf: conditions, keys: keys)
        return (.key(FilterKey(keys: keys, path: path, conditions: conditions)), Self.product(conditions.count, keys.count))
    }

    // MARK: $or

    /// "There are at least 2 objects in the `$or` array. None of the objects have field names that are reserved keywords. Otherwise `$or` is
    /// treated as a normal attribute name."
    private func isOr(_ member: Int) -> Bool {
        guard document[document.nodes[member].key].elementsEqual("$or".utf8) else { return false }
        var count = 0
        for alternative in document.children(of: member) {
            guard document.nodes[alternative].kind == .object else { return false }
            for inner in document.children(of: alternative) {
                if Self.operators.contains(document.string(document.nodes[inner].key)) { return false }
            }
            count += 1
        }
        return count >= 2
    }

    private mutating func alternatives(_ member: Int, keys: [String], path: [UInt8]) throws(MessagingError) -> (FilterRule, Int) {
        var rules: [FilterRule] = []
        var combinations = 0
        for alternative in document.children(of: member) {
            guard document.nodes[alternative].end > alternative + 1 else {
                throw Self.fault(
                    keys + ["$or"], "an alternative is empty, so the others would mean nothing. Leave `$or` out, or name its keys.")
            }
            let (rule, count) = try object(alternative, keys: keys, path: path)
            rules.append(rule)
            combinations = min(combinations + count, Self.unbounded)
        }
        return (.any(rules, keys: keys), combinations)
    }

    // MARK: Wildcards

    /// "Field complexity is the sum of pattern points times the number of patterns": a point for a pattern with one wildcard and for
    /// `anything-but`, three for each of several wildcards.
    private mutating func count(wildcardsOf conditions: [FilterCondition], keys: [String]) throws(MessagingError) {
        var (points, patterns, hasWildcard) = (0, 0, false)
        for condition in conditions {
            if let pattern = condition.pattern {
                points += pattern.asterisks > 1 ? 3 * pattern.asterisks : 1
                hasWildcard = true
            } else if case .anythingBut = condition {
                points += 1
            } else {
                continue
            }
            patterns += 1
        }
        if hasWildcard { wildcardPoints += points * patterns }
        guard wildcardPoints <= Self.mostWildcardPoints else {
            throw Self.fault(
                keys,
                "the wildcards are too complex: \(wildcardPoints) points, and 100 are the most. A key's points are one for a pattern with one `*`, three for each of several, times its number of patterns. Use `prefix` and `suffix`, or fewer patterns."
            )
        }
    }

    // MARK: Faults

    static func fault(_ keys: [String], _ reason: String) -> MessagingError {
        Rules.invalid("Filter policy, key \(Rules.quoted(keys.map { String($0.prefix(60)) }.joined(separator: "."))): \(reason)")
    }

    /// How a value that stands alone is written, or the operator that it may have been meant for.
    private func operatorHint(_ member: Int, keys: [String]) -> String {
        guard let last = keys.last, Self.operators.contains(last), keys.count > 1 else {
            return "Write `[\(document.shown(member))]`."
        }
        return
            "If the operator is meant, it stands in an array: `\"\(keys[keys.count - 2].prefix(60))\": [{\"\(last)\": \(document.shown(member))}]`."
    }
}

extension FilterCondition {
    fileprivate var pattern: FilterPattern? {
        switch self {
        case .wildcard(let pattern): pattern
        case .anythingBut(let conditions): conditions.count == 1 ? conditions[0].pattern : nil
        default: nil
        }
    }
}

extension JSONDocument {
    /// What a value is, in a sentence.
    func noun(_ index: Int) -> String {
        switch nodes[index].kind {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .true, .false, .null, .opaque: "`\(string(nodes[index].text))`"
        }
    }

    /// A value as it is written, bounded; containers only hinted at.
    func shown(_ index: Int) -> String {
        switch nodes[index].kind {
        case .object: "{…}"
        case .array: "[…]"
        default: FilterCondition.words(nodes[index], in: self)
        }
    }
}
