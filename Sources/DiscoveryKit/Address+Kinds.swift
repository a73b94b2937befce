/// Addresses of which it is known what they lead to, as those are that are generated from a template: an operation that does not fit the
/// kind does not compile.
///
/// They are no literals, since what a literal leads to nobody has checked. Every operation on values has an overload for them; what takes or
/// hands over a ``Message`` as it is, takes their `address`.
extension Address {
    /// The address of a function: for `request`, `requestLater` and `serve`.
    public struct Function: Sendable, Hashable {
        /// The address it stands for.
        public let address: Address

        /// Says that `address` is a function's; nothing is looked up.
        public init(_ address: Address) {
            self.address = address
        }
    }

    /// The address of a queue: for `queue` and `listen`.
    public struct Queue: Sendable, Hashable {
        /// The address it stands for.
        public let address: Address

        /// Says that `address` is a queue's; nothing is looked up.
        public init(_ address: Address) {
            self.address = address
        }
    }

    /// The address of a topic: for `publish`, `subscribe` and `listen`.
    public struct Topic: Sendable, Hashable {
        /// The address it stands for.
        public let address: Address

        /// Says that `address` is a topic's; nothing is looked up.
        public init(_ address: Address) {
            self.address = address
        }
    }
}
