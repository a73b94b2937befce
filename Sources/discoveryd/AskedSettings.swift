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
        understood.withLock { $0[name] = hasValue }
    }

    /// `nil` for what nobody has asked for.
    func wasUnderstood(_ name: String) -> Bool? { understood.withLock { $0[name] } }

    /// What may have been meant, or else which there are.
    func advice(for name: String) -> String {
        let names = understood.withLock { $0.keys.sorted() }
        if let near = NearNames.of(name, among: names).first { return "Did you mean `\(near)`?" }
        return "There are \(names.map { "`\($0)`" }.joined(separator: ", "))."
    }
}
