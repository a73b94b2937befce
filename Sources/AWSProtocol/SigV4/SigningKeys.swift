internal import Crypto
internal import Synchronization

extension SigV4 {
    /// Signing keys that were derived already: four of the six hashes that a signature costs.
    ///
    /// A server keeps the keys of right signatures only, so that nobody without a secret can drive others' out.
    package final class SigningKeys: Sendable {
        private struct Name: Hashable {
            let accessKeyID: String
            let scope: Scope
        }

        private struct Derived {
            /// A key id may be given another secret while the program runs: what was derived from the old one is worth nothing then.
            let secret: String
            let key: SymmetricKey
        }

        /// How many are kept. Beyond, all are forgotten: they are cheap, and a day's keys are of no use on the next.
        package static let capacity = 1_024

        private let derived = Mutex<[Name: Derived]>([:])

        package init() {}

        package var count: Int { derived.withLock { $0.count } }

        func key(for accessKeyID: String, secret: String, scope: Scope) -> SymmetricKey? {
            let found = derived.withLock { $0[Name(accessKeyID: accessKeyID, scope: scope)] }
            return found.flatMap { $0.secret == secret ? $0.key : nil }
        }

        func keep(_ key: SymmetricKey, for accessKeyID: String, secret: String, scope: Scope) {
            derived.withLock { derived in
                if derived.count >= Self.capacity { derived.removeAll() }
                derived[Name(accessKeyID: accessKeyID, scope: scope)] = Derived(secret: secret, key: key)
            }
        }
    }
}
