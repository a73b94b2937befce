/// Policies of many subscriptions of one topic, found by the first key and value: 1,000 that refuse cost next to nothing.
///
/// Each policy is hung up at a key that it cannot do without, the first of those that are cheapest to look for. A message's values lead to the
/// policies that may let it through, and only these are evaluated.
package struct FilterIndex<ID: Sendable & Hashable>: Sendable {
    private let ids: [ID]
    private let policies: [Messaging.FilterPolicy?]
    /// Those without a policy, and their places.
    private let unconditional: [Int]
    private let unconditionalIDs: [ID]
    private var attributes = FilterAnchors()
    private var body = FilterAnchors()

    /// - Parameter policies: `nil` for a subscription without a policy, which always matches.
    package init(_ policies: some Sequence<(ID, Messaging.FilterPolicy?)>) {
        var (ids, kept, unconditional): ([ID], [Messaging.FilterPolicy?], [Int]) = ([], [], [])
        for (id, policy) in policies {
            if let policy, let rule = policy.rule {
                switch policy.scope {
                case .attributes: attributes.insert(rule, for: ids.count)
                case .body: body.insert(rule, for: ids.count)
                }
            } else {
                unconditional.append(ids.count)
            }
            ids.append(id)
            kept.append(policy)
        }
        self.ids = ids
        self.policies = kept
        self.unconditional = unconditional
        unconditionalIDs = unconditional.map { ids[$0] }
    }

    /// Whom a message is for, in the order given.
    package func matches(_ subject: Messaging.FilterSubject) -> [ID] { evaluate(subject).matches }

    /// - Returns: also how many policies had to be looked at.
    func evaluate(_ subject: Messaging.FilterSubject) -> (matches: [ID], evaluated: Int) {
        var candidates: [Int] = []
        if !attributes.isEmpty { _ = subject.withDocument(.attributes) { attributes.candidates(for: $0, into: &candidates) } }
        if !body.isEmpty { _ = subject.withDocument(.body) { body.candidates(for: $0, into: &candidates) } }
        if candidates.isEmpty { return (unconditionalIDs, 0) }
        candidates.sort()
        var matches: [ID] = []
        matches.reserveCapacity(candidates.count + unconditional.count)
        var (next, last, evaluated) = (0, -1, 0)
        for place in candidates where place != last {
            last = place
            while next < unconditional.count, unconditional[next] < place {
                matches.append(unconditionalIDs[next])
                next += 1
            }
            evaluated += 1
            if policies[place]?.matches(subject) ?? true { matches.append(ids[place]) }
        }
        matches.append(contentsOf: unconditionalIDs[next...])
        return (matches, evaluated)
    }
}
