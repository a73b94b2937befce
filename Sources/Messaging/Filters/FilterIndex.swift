/// Policies of many subscriptions of one topic, found by the first key and value: 1,000 that refuse cost next to nothing.
///
/// Each policy is hung up at a key that it cannot do without, the first of those that are cheapest to look for. A message's values lead to the
/// policies that may let it through, and only these are evaluated.
package struct FilterIndex<ID: Sendable & Hashable>: Sendable {
    private let ids: [ID]
    /// `nil` for those that have none.
    private let rules: [FilterRule?]
    /// Those without a policy, and their places.
    private let unconditional: [Int]
    private let unconditionalIDs: [ID]
    private var attributes = FilterAnchors()
    private var body = FilterAnchors()

    /// - Parameter policies: `nil` for a subscription without a policy, which always matches.
    package init(_ policies: some Sequence<(ID, Messaging.FilterPolicy?)>) {
        var (ids, rules, unconditional): ([ID], [FilterRule?], [Int]) = ([], [], [])
        for (id, policy) in policies {
            if let policy, let rule = policy.rule {
                switch policy.scope {
                case .attributes: attributes.insert(rule, for: ids.count)
                case .body: body.insert(rule, for: ids.count)
                }
                rules.append(rule)
            } else {
                unconditional.append(ids.count)
                rules.append(nil)
            }
            ids.append(id)
        }
        self.ids = ids
        self.rules = rules
        self.unconditional = unconditional
        unconditionalIDs = unconditional.map { ids[$0] }
    }

    /// Whom a message is for, in the order given.
    package func matches(_ subject: Messaging.FilterSubject) -> [ID] { evaluate(subject).matches }

    /// - Returns: also how many policies had to be looked at.
    func evaluate(_ subject: Messaging.FilterSubject) -> (matches: [ID], evaluated: Int) {
        let (inAttributes, evaluatedAttributes) = places(in: attributes, .attributes, subject)
        let (inBody, evaluatedBodies) = places(in: body, .body, subject)
        let evaluated = evaluatedAttributes + evaluatedBodies
        if inAttributes.isEmpty, inBody.isEmpty { return (unconditionalIDs, evaluated) }
        return ((inAttributes + inBody + unconditional).sorted().map { ids[$0] }, evaluated)
    }

    /// The places of those policies of one scope that let a message through.
    private func places(
        in anchors: FilterAnchors, _ scope: Messaging.FilterScope, _ subject: Messaging.FilterSubject
    ) -> (places: [Int], evaluated: Int) {
        guard !anchors.isEmpty else { return ([], 0) }
        return subject.withDocument(scope) { document in
            let candidates = anchors.candidates(for: document)
            return (candidates.filter { rules[$0]?.matches(document) ?? false }, candidates.count)
        } ?? ([], 0)
    }
}
