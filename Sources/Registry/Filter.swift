extension Registry {
    /// One condition on the entries of a list, as a caller wrote it. Several must all hold.
    package struct Filter: Sendable, Hashable {
        package var name: String
        package var values: [String]
        /// `EQ` unless told.
        package var condition: String?

        package init(_ name: String, _ values: [String], condition: String? = nil) {
            self.name = name
            self.values = values
            self.condition = condition
        }
    }
}

/// Filters that were checked: what each of a list's names may be compared with, and how.
struct Filters {
    enum Condition: String { case equal = "EQ", among = "IN", between = "BETWEEN", prefix = "BEGINS_WITH" }

    struct Name {
        let conditions: Set<Condition>
        /// What a value may be; `nil` for any text.
        let values: Set<String>?
        /// What a value means.
        let meaning: @Sendable (String) throws(RegistryError) -> String

        init(
            _ conditions: Set<Condition>, _ values: Set<String>? = nil,
            meaning: @escaping @Sendable (String) throws(RegistryError) -> String = { text throws(RegistryError) in text }
        ) {
            self.conditions = conditions
            self.values = values
            self.meaning = meaning
        }
    }

    private struct Term {
        let name: String
        let condition: Condition
        let values: [String]
        let range: ClosedRange<Double>?
    }

    private let terms: [Term]

    /// - Throws: `.invalidInput`.
    init(_ filters: [Registry.Filter], _ names: [String: Name]) throws(RegistryError) {
        var terms: [Term] = []
        for filter in filters {
            guard let name = names[filter.name] else {
                throw Rules.invalid(
                    "There is no filter \(Rules.quoted(filter.name)). There are: \(names.keys.sorted().joined(separator: ", ")).")
            }
            guard let condition = Condition(rawValue: filter.condition ?? "EQ"), name.conditions.contains(condition) else {
                let known = name.conditions.map(\.rawValue).sorted().joined(separator: " and ")
                throw Rules.invalid("The filter \(filter.name) knows \(known), not \(Rules.quoted(filter.condition ?? "EQ")).")
            }
            guard filter.values.allSatisfy({ (1...255).contains($0.utf8.count) }) else {
                throw Rules.invalid("A value of the filter \(filter.name) has 1 to 255 characters.")
            }
            var range: ClosedRange<Double>?
            switch condition {
            case .equal, .prefix:
                guard filter.values.count == 1 else {
                    throw Rules.invalid("\(condition.rawValue) takes one value, not \(filter.values.count).")
                }
            case .among:
                guard !filter.values.isEmpty else { throw Rules.invalid("IN takes one value or more.") }
            case .between:
                let ends = filter.values.compactMap { Double($0) }.filter(\.isFinite)
                guard filter.values.count == 2, ends.count == 2, ends[0] <= ends[1] else {
                    throw Rules.invalid("BETWEEN takes a start and an end that is not before it, in seconds since 1970.")
                }
                range = ends[0]...ends[1]
            }
            if let allowed = name.values, condition != .prefix, let wrong = filter.values.first(where: { !allowed.contains($0) }) {
                throw Rules.invalid(
                    "The filter \(filter.name) takes \(allowed.sorted().joined(separator: ", ")), not \(Rules.quoted(wrong)).")
            }
            var values: [String] = []
            for value in filter.values { values.append(try name.meaning(value)) }
            terms.append(Term(name: filter.name, condition: condition, values: values, range: range))
        }
        self.terms = terms
    }

    /// - Parameter value: what an entry has under a filter's name.
    func match(_ value: (String) -> String?) -> Bool {
        terms.allSatisfy { term in
            guard let actual = value(term.name) else { return false }
            switch term.condition {
            case .equal, .among: return term.values.contains(actual)
            case .prefix: return term.values.contains { actual.hasPrefix($0) }
            case .between: return Double(actual).map { term.range?.contains($0) ?? false } ?? false
            }
        }
    }
}

extension Filters {
    private static let owner = Name([.equal], ["SELF", "OTHER_ACCOUNTS"])
    private static let namespaceID = Name([.equal]) { text throws(RegistryError) in try Identifier.namespace(in: text) }
    private static let serviceID = Name([.equal]) { text throws(RegistryError) in try Identifier.service(in: text) }

    static let namespaces: [String: Name] = [
        "TYPE": Name([.equal], ["HTTP", "DNS_PRIVATE", "DNS_PUBLIC"]), "NAME": Name([.equal, .prefix]),
        "HTTP_NAME": Name([.equal, .prefix]), "RESOURCE_OWNER": owner,
    ]

    static let services: [String: Name] = ["NAMESPACE_ID": namespaceID, "RESOURCE_OWNER": owner]

    static let operations: [String: Name] = [
        "NAMESPACE_ID": namespaceID, "SERVICE_ID": serviceID,
        // The guide says SUCCEED, the model SUCCESS.
        "STATUS": Name([.equal, .among], Set(Registry.Operation.Status.allCases.map(\.rawValue) + ["SUCCEED"])) {
            text throws(RegistryError) in text == "SUCCEED" ? "SUCCESS" : text
        },
        "TYPE": Name([.equal, .among], Set(Registry.Operation.Kind.allCases.map(\.rawValue))), "UPDATE_DATE": Name([.between]),
    ]

    func match(_ namespace: Registry.Namespace) -> Bool {
        match { name in
            switch name {
            case "TYPE": namespace.kind.rawValue
            case "NAME": namespace.name
            case "HTTP_NAME": namespace.httpName
            default: "SELF"
            }
        }
    }

    func match(_ service: Registry.Service) -> Bool {
        match { $0 == "NAMESPACE_ID" ? service.namespaceID : "SELF" }
    }

    func match(_ operation: Registry.Operation) -> Bool {
        match { name in
            switch name {
            case "NAMESPACE_ID": operation.namespaceID
            case "SERVICE_ID": operation.serviceID
            case "STATUS": operation.status.rawValue
            case "TYPE": operation.kind.rawValue
            default: "\(Double(operation.updated) / 1_000)"
            }
        }
    }
}
