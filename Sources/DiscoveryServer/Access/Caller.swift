internal import DiscoveryKit

/// Who asks: from where, and by which key.
struct Caller: Sendable {
    /// `nil` where the daemon has no keys: then everybody may do everything.
    let key: AccessKey?
    /// Whether it is on this machine.
    let isLocal: Bool

    /// Somebody who may do nothing.
    static let stranger = Caller(
        key: AccessKey(id: "", secret: "", account: AccessKeys.defaultAccount, rules: []), isLocal: false)

    /// Whether it may do so whatever the address.
    func mayEverywhere(_ action: AccessRule.Action) -> Bool { allows(action, "", "") }

    func allows(_ action: AccessRule.Action, _ namespace: String, _ service: String) -> Bool {
        key?.allows(action, namespace: namespace, service: service, instance: .any) ?? true
    }

    /// - Throws: `.notAllowed` for what no rule of its key allows.
    func check(_ action: AccessRule.Action, _ namespace: String, _ service: String, _ instance: Address.Instance = .only) throws(Refusal) {
        guard let key, !key.allows(action, namespace: namespace, service: service, instance: instance) else { return }
        let id = if case .id(let id) = instance { "->\(id)" } else { "" }
        throw Refusal(.notAllowed, "The key \(key.id) may not \(action) on \(namespace).\(service)\(id).")
    }
}
