internal import DiscoveryKit

/// A key, and what those who have it may do.
struct AccessKey: Sendable, Hashable {
    let id: String
    let secret: String
    /// The AWS account that its owner is told to have: 12 digits.
    let account: String
    let rules: [AccessRule]

    func allows(_ action: AccessRule.Action, namespace: String, service: String, instance: Address.Instance) -> Bool {
        rules.contains { $0.actions.contains(action) && $0.pattern.matches(namespace: namespace, service: service, instance: instance) }
    }
}

/// Some actions on some addresses: `"allow": ["publish", "queue"], "on": "ais.*"`.
struct AccessRule: Sendable, Hashable {
    enum Action: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        case resolve, explain, request, publish, queue, listen, register
        /// Making, changing and removing namespaces and services, and tagging them.
        case manage
        /// Reading what the daemon counts.
        case metrics

        var description: String { rawValue }
    }

    let actions: Set<Action>
    let pattern: AddressPattern
}

/// What a file of keys says.
///
/// ```json
/// {"keys": [
///     {"id": "GARDENER", "secret": "…", "rules": [
///         {"allow": ["resolve", "request"], "on": "*"},
///         {"allow": ["publish", "queue"], "on": "ais.*"}
///     ]}
/// ]}
/// ```
///
/// An id has 1 to 128 letters, digits, `_` and `-`; a secret at least 16 characters. `"*"` among the actions is all of them. What is asked of
/// a whole namespace is asked of `NAMESPACE.`, which `ais.*` matches; what is asked of all, such as a list of namespaces, is for rules on `*`.
struct AccessKeys: Sendable, Hashable {
    private let keys: [String: AccessKey]

    subscript(id: String) -> AccessKey? { keys[id] }

    var count: Int { keys.count }

    init(_ keys: [AccessKey]) {
        self.keys = Dictionary(keys.map { ($0.id, $0) }) { _, last in last }
    }
}
