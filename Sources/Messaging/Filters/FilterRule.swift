/// A policy, compiled: keys with what is asked of their values, joined by *and* and *or*.
enum FilterRule: Sendable, Hashable {
    case key(FilterKey)
    case all([FilterRule])
    /// - Parameter keys: where `$or` stands.
    case any([FilterRule], keys: [String])

    func matches(_ document: JSONDocument) -> Bool {
        switch self {
        case .key(let key): key.matches(document)
        case .all(let rules): rules.allSatisfy { $0.matches(document) }
        case .any(let rules, _): rules.contains { $0.matches(document) }
        }
    }

    /// Which part does not hold, the first as the policy is written; `nil` when all do.
    func refusal(_ document: JSONDocument) -> Messaging.FilterRefusal? {
        switch self {
        case .key(let key): return key.matches(document) ? nil : key.refusal(document)
        case .all(let rules):
            for rule in rules {
                if let refusal = rule.refusal(document) { return refusal }
            }
            return nil
        case .any(let rules, let keys):
            var refusals: [String] = []
            for rule in rules {
                guard let refusal = rule.refusal(document) else { return nil }
                refusals.append(refusal.description)
            }
            let shown = refusals.prefix(5).joined(separator: "; ") + (refusals.count > 5 ? "; and \(refusals.count - 5) more" : "")
            return .init(path: keys + ["$or"], reason: "no alternative holds: \(shown)")
        }
    }
}

/// A key with the array behind it: one of its values is to meet one of the conditions.
struct FilterKey: Sendable, Hashable {
    let keys: [String]
    /// The keys with dots between.
    let path: [UInt8]
    let conditions: [FilterCondition]
    /// Whether no value at all will do: `{"exists": false}`.
    let allowsAbsence: Bool

    init(keys: [String], path: [UInt8], conditions: [FilterCondition]) {
        self.keys = keys
        self.path = path
        self.conditions = conditions
        allowsAbsence = conditions.contains(.exists(false))
    }

    func matches(_ document: JSONDocument) -> Bool {
        if document.hasLeaf(at: path, where: { value in conditions.contains { $0.accepts(value, in: document) } }) { return true }
        // "`exists: false` only matches if at least one attribute is present."
        return allowsAbsence && document.hasLeaf && !document.hasLeaf(at: path) { _ in true }
    }

    fileprivate func refusal(_ document: JSONDocument) -> Messaging.FilterRefusal {
        var values: [String] = []
        var count = 0
        _ = document.hasLeaf(at: path) { value in
            count += 1
            if count <= 3 { values.append(FilterCondition.words(value, in: document)) }
            return false
        }
        let wanted = FilterCondition.list(conditions.map(\.description))
        let given = values.joined(separator: ", ") + (count > 3 ? " and \(count - 3) more" : "")
        let reason =
            if count == 0, allowsAbsence, !document.hasLeaf {
                "there is nothing at all, and `exists` false needs another value"
            } else if count == 0 {
                "there is no value, wanted is \(wanted)"
            } else if conditions.count == 1 {
                count == 1 ? "\(given) is not \(wanted)" : "none of \(given) is \(wanted)"
            } else {
                count == 1 ? "\(given) is none of \(wanted)" : "none of \(given) is one of \(wanted)"
            }
        return .init(path: keys, reason: reason)
    }
}
