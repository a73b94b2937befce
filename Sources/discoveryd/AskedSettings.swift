import Configuration
import Registry
import Synchronization

/// Which settings were asked for, and which of those had a value of their kind.
final class AskedSettings: AccessReporter {
    private let understood = Mutex<[String: Bool]>([:])

    func report(_ event: AccessEvent) {
        var hasValue = false
        if case .success(.some) = event.result { hasValue = true }
        let name = event.metadata.key.components.joined(separator: ".")
        // A number is asked for as a text first.
        understood.withLock { $0[name, default: false] = $0[name, default: false] || hasValue }
    }

    /// `nil` for what nobody has asked for.
    func wasUnderstood(_ name: String) -> Bool? { understood.withLock { $0[name] } }

    /// What may have been meant.
    func near(_ name: String) -> String? { NearNames.of(name, among: understood.withLock { Array($0.keys) }).first }
}
