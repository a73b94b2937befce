internal import Store

extension Messaging {
    /// The right to settle one delivery of a message: new each time, good for its queue only, and still good after a restart.
    ///
    /// The tag tells receipts that this home gave out from made-up ones. It keeps mistakes out, not attackers: whoever may send receipts
    /// may receive as well.
    package struct Receipt: Sendable, Hashable, CustomStringConvertible {
        let queue: Int64
        let message: Int64
        let delivery: Int64
        let tag: UInt64

        init(queue: Int64, message: Int64, delivery: Int64, key: Secrets.Key) {
            self.queue = queue
            self.message = message
            self.delivery = delivery
            tag = Self.tag(queue, message, delivery, key)
        }

        /// - Throws: `.receiptHandleIsInvalid` when the text is no receipt.
        package init(parsing text: some StringProtocol) throws(MessagingError) {
            let parts = text.utf8.count > 60 ? [] : text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 4, let queue = Int64(parts[0], radix: 36), let message = Int64(parts[1], radix: 36),
                let delivery = Int64(parts[2], radix: 36), let tag = UInt64(parts[3], radix: 36)
            else { throw Self.invalid }
            self.queue = queue
            self.message = message
            self.delivery = delivery
            self.tag = tag
        }

        package var description: String {
            "\(String(queue, radix: 36))-\(String(message, radix: 36))-\(String(delivery, radix: 36))-\(String(tag, radix: 36))"
        }

        /// Whether this home gave it out for a queue.
        func isOf(queue number: Int64, _ key: Secrets.Key) -> Bool {
            queue == number && tag == Self.tag(queue, message, delivery, key)
        }

        static let invalid = MessagingError(
            .receiptHandleIsInvalid, "The receipt is not one that this queue gave out. Use the receipt of the last receive from this queue."
        )

        private static func tag(_ queue: Int64, _ message: Int64, _ delivery: Int64, _ key: Secrets.Key) -> UInt64 {
            var state = key.first
            for part in [queue, message, delivery] {
                state = StableHash.mixed(state ^ UInt64(bitPattern: part)) &+ key.second
            }
            return StableHash.mixed(state)
        }
    }
}
