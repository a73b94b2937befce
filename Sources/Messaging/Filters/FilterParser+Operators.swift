extension FilterParser {
    /// SNS's words: those that a key of an alternative of `$or` may not be.
    static let operators: Set<String> = [
        "anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard",
    ]

    /// One element of the array behind a key.
    func condition(_ index: Int, keys: [String]) throws(MessagingError) -> FilterCondition {
        if let scalar = try scalar(index, keys: keys) { return scalar }
        guard document.nodes[index].kind == .object else {
            throw Self.fault(
                keys,
                "a value is a string, a number, true, false, null, or an object with an operator; here is an array in an array. Write its values without the inner brackets."
            )
        }
        let (name, operand) = try operation(index, keys: keys)
        switch name {
        case "anything-but": return try anythingBut(operand, keys: keys)
        case "exists":
            switch document.nodes[operand].kind {
            case .true: return .exists(true)
            case .false: return .exists(false)
            default: throw wrongOperand(name, operand, takes: "true or false", example: "true", keys: keys)
            }
        case "numeric": return try numeric(operand, keys: keys)
        case "cidr": return try network(operand, keys: keys)
        default: return try text(name, operand, keys: keys)
        }
    }

    /// `nil` for an array or object.
    private func scalar(_ index: Int, keys: [String]) throws(MessagingError) -> FilterCondition? {
        switch document.nodes[index].kind {
        case .string: .string(Array(document[document.nodes[index].text]))
        case .number: .number(try number(index, keys: keys))
        case .true: .bool(true)
        case .false: .bool(false)
        case .null: .null
        case .object, .array, .opaque: nil
        }
    }

    private func number(_ index: Int, keys: [String]) throws(MessagingError) -> FilterNumber {
        let text = document[document.nodes[index].text]
        switch FilterNumber.read(text) {
        case .number(let number, isExact: true): return number
        case .number(let number, isExact: false):
            throw Self.fault(
                keys,
                "numbers are compared to five digits after the point, and \(document.shown(index)) has more. Write \(number).")
        case .beyond, .malformed:
            throw Self.fault(
                keys,
                "numbers are from -1000000000 to 1000000000, and \(document.shown(index)) is beyond. Compare it as a string, or scale it.")
        }
    }

    /// The one member of an object: an operator and what it is given.
    private func operation(_ index: Int, keys: [String]) throws(MessagingError) -> (name: String, operand: Int) {
        let members = Array(document.children(of: index).prefix(2))
        guard members.count == 1 else {
            throw Self.fault(
                keys,
                members.isEmpty
                    ? #"an object without an operator. Write one, such as `{"prefix": "a"}`."#
                    : #"an object has one operator. Write an object for each: `[{"prefix": "a"}, {"suffix": "b"}]`; one of them is to hold."#
            )
        }
        let name = document.string(document.nodes[members[0]].key)
        guard Self.operators.contains(name) else {
            let hint =
                keys.last == "$or"
                ? "`$or` joins two objects or more, whose keys are none of the operators."
                : "The operators are \(Self.operators.sorted().map { "`\($0)`" }.joined(separator: ", "))."
            throw Self.fault(keys, "there is no operator \(Rules.quoted(name)). \(hint)")
        }
        return (name, members[0])
    }

    private func wrongOperand(_ name: String, _ operand: Int, takes: String, example: String, keys: [String]) -> MessagingError {
        Self.fault(keys, "`\(name)` takes \(takes), not \(document.noun(operand)). Write `{\"\(name)\": \(example)}`.")
    }

    // MARK: Strings

    /// `prefix`, `suffix`, `equals-ignore-case` and `wildcard`.
    private func text(_ name: String, _ operand: Int, keys: [String]) throws(MessagingError) -> FilterCondition {
        guard document.nodes[operand].kind == .string else {
            throw wrongOperand(name, operand, takes: "a string", example: name == "wildcard" ? #""a*z""# : #""a""#, keys: keys)
        }
        let text = document[document.nodes[operand].text]
        switch name {
        case "prefix": return .prefix(Array(text))
        case "suffix": return .suffix(Array(text))
        case "equals-ignore-case": return .ignoringCase(FilterFolding(Array(text)))
        default: return .wildcard(try pattern(text, keys: keys))
        }
    }

    private func pattern(_ text: ArraySlice<UInt8>, keys: [String]) throws(MessagingError) -> FilterPattern {
        let pattern: FilterPattern
        do throws(FilterPattern.Fault) { pattern = try FilterPattern(text) } catch {
            let quoted = FilterCondition.quoted(text)
            switch error {
            case .neighbours: throw Self.fault(keys, "`wildcard` \(quoted) has two `*` side by side. One is enough.")
            case .dangling:
                throw Self.fault(
                    keys, "`wildcard` \(quoted) has a backslash before something other than `*` or a backslash. Write it twice.")
            }
        }
        guard pattern.asterisks <= Self.mostWildcards else {
            throw Self.fault(
                keys, "`wildcard` takes at most 3 `*`, and \(FilterCondition.quoted(text)) has \(pattern.asterisks). Use fewer.")
        }
        return pattern
    }

    private func network(_ operand: Int, keys: [String]) throws(MessagingError) -> FilterCondition {
        guard document.nodes[operand].kind == .string else {
            throw wrongOperand("cidr", operand, takes: "a string", example: #""10.0.0.0/24""#, keys: keys)
        }
        let text = document[document.nodes[operand].text]
        do throws(FilterNetwork.Fault) { return .network(try FilterNetwork(text)) } catch {
            let reason =
                switch error {
                case .noSlash: "has no single `/`. Write an address, `/` and how many of its bits count; for one address `10.0.0.1/32`"
                case .address: "begins with no address. Write one of IPv4 or IPv6 in full, such as `10.0.0.0/24` or `2001:db8::/32`"
                case .bits(let most): "does not end in a number of bits, 0 to \(most)"
                }
            throw Self.fault(keys, "`cidr` \(FilterCondition.quoted(text)) \(reason).")
        }
    }

    // MARK: Numbers

    /// `["=", 1]`, `["<", 1]`, or a range with its lower bound first: `[">", 0, "<=", 150]`.
    private func numeric(_ operand: Int, keys: [String]) throws(MessagingError) -> FilterCondition {
        let example = #"[">", 0, "<=", 150]"#
        guard document.nodes[operand].kind == .array else {
            throw wrongOperand("numeric", operand, takes: "an array", example: example, keys: keys)
        }
        func fault(_ reason: String) -> MessagingError {
            Self.fault(keys, "`numeric` \(reason). Write a comparison, such as `[\"=\", 301.5]` or `[\"<\", 0]`, or a range: `\(example)`.")
        }
        let terms = Array(document.children(of: operand).prefix(5))
        guard terms.count == 2 || terms.count == 4 else {
            throw fault(terms.count > 4 ? "has more than two comparisons" : "has \(terms.count) elements, not 2 or 4")
        }
        var bounds: [(comparison: String, number: FilterNumber)] = []
        for index in stride(from: 0, to: terms.count, by: 2) {
            let (comparison, number) = (document.nodes[terms[index]], terms[index + 1])
            guard comparison.kind == .string else { throw fault("has \(document.noun(terms[index])) where a comparison is to stand") }
            guard ["=", "<", "<=", ">", ">="].contains(document.string(comparison.text)) else {
                throw fault("knows `=`, `<`, `<=`, `>` and `>=`, not \(document.shown(terms[index]))")
            }
            guard document.nodes[number].kind == .number else {
                throw fault("compares with numbers, which stand without quotes, not with \(document.noun(number))")
            }
            bounds.append((document.string(comparison.text), try self.number(number, keys: keys)))
        }
        if bounds.count == 1 {
            let (comparison, number) = bounds[0]
            if comparison == "=" { return .number(number) }
            return .range(FilterRange(units: Self.units(comparison, number), words: "\(comparison) \(number)"))
        }
        let (lower, upper) = (bounds[0], bounds[1])
        guard lower.comparison.first == ">" else { throw fault("begins a range with `>` or `>=`, not with `\(lower.comparison)`") }
        guard upper.comparison.first == "<" else { throw fault("ends a range with `<` or `<=`, not with `\(upper.comparison)`") }
        guard lower.number < upper.number else {
            throw fault("has a range from \(lower.number) to \(upper.number), and the lower bound is to be less than the upper one")
        }
        let (from, to) = (Self.units(lower.comparison, lower.number).lowerBound, Self.units(upper.comparison, upper.number).upperBound)
        // Between neighbours nothing lies: `> 0 and < 0.00001`.
        guard from <= to else { throw fault("has a range in which no number of five digits after the point lies") }
        return .range(
            FilterRange(units: from...to, words: "\(lower.comparison) \(lower.number) and \(upper.comparison) \(upper.number)"))
    }

    private static func units(_ comparison: String, _ number: FilterNumber) -> ClosedRange<Int64> {
        switch comparison {
        case "<": .min...number.units - 1
        case "<=": .min...number.units
        case ">": number.units + 1 ... .max
        default: number.units ... .max
        }
    }

    // MARK: Anything but

    private func anythingBut(_ operand: Int, keys: [String]) throws(MessagingError) -> FilterCondition {
        if let scalar = try scalar(operand, keys: keys) { return .anythingBut([scalar]) }
        if document.nodes[operand].kind == .object {
            let (name, inner) = try operation(operand, keys: keys)
            guard ["prefix", "suffix", "equals-ignore-case", "wildcard"].contains(name) else {
                throw Self.fault(
                    keys,
                    "`anything-but` goes with `prefix`, `suffix`, `equals-ignore-case` and `wildcard`, not with `\(name)`. \(Self.instead(of: name))"
                )
            }
            let condition = try text(name, inner, keys: keys)
            guard condition != .prefix([]), condition != .suffix([]) else {
                throw Self.fault(keys, "`anything-but` with an empty `\(name)` would refuse every string. Write what is to be refused.")
            }
            return .anythingBut([condition])
        }
        var conditions: [FilterCondition] = []
        for value in document.children(of: operand) {
            guard let scalar = try scalar(value, keys: keys) else {
                throw Self.fault(
                    keys,
                    "`anything-but` takes a list of plain values, and \(document.noun(value)) is none. Write an operator by itself: `{\"anything-but\": {\"prefix\": \"a\"}}`."
                )
            }
            conditions.append(scalar)
        }
        guard !conditions.isEmpty else {
            throw Self.fault(keys, #"`anything-but` has an empty list. Write what is to be refused, or `{"exists": true}` for any value."#)
        }
        return .anythingBut(conditions)
    }

    private static func instead(of name: String) -> String {
        switch name {
        case "exists": #"Write `{"exists": true}` or `{"exists": false}`."#
        case "numeric": #"Write the numbers that are left as ranges: `[{"numeric": ["<", 0]}, {"numeric": [">", 9]}]`."#
        default: "Name what is to be refused."
        }
    }
}
