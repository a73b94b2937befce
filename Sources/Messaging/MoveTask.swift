package import Store

extension Messaging {
    /// A task that returns the messages of a dead-letter queue to where they came from, or to one destination.
    package struct MoveTask: Sendable, Hashable {
        package enum State: String, Sendable, Hashable {
            case running = "RUNNING", completed = "COMPLETED", cancelling = "CANCELLING", cancelled = "CANCELLED", failed = "FAILED"
        }

        package let handle: String
        package let source: String
        /// `nil`: each message to its own origin.
        package let destination: String?
        /// 1 to 500 messages a second; as fast as can be when `nil`.
        package let perSecond: Int?
        package internal(set) var state: State
        package internal(set) var moved: Int
        /// How many there were to move when it started.
        package let total: Int
        package let started: HomeTime
        package internal(set) var failure: String?

        private static let prefix = "move-"

        static func handle(_ number: Int64) -> String { prefix + String(number, radix: 36) }

        /// The number of the task that a handle names; `nil` when it is none.
        static func number(of handle: String) -> Int64? {
            handle.hasPrefix(prefix) ? Int64(handle.dropFirst(prefix.count), radix: 36) : nil
        }
    }
}
