internal import Foundation
package import Store

/// Durable queues and topics of a home: SQS's and SNS's rules, decided inside the store's transactions.
///
/// Every method throws ``MessagingError`` where a rule is broken and `StoreError` where the home cannot do its part. What sends, settles or
/// configures waits for the disk; receiving, extending and giving back do not: they survive `kill -9`, and after a power cut a message is
/// at worst received once more.
package final class Messaging: Sendable {
    package let store: Store
    let memo: QueueMemo
    let desks = Desks()

    /// Opens the queues of a home. Blocks for the disk.
    ///
    /// - Parameter keepsJourneys: whether what this process does to messages is noted, for ``journey(of:)``.
    package init(_ home: Home, keepsJourneys: Bool = true) throws(StoreError) {
        store = try Store(home, Self.schema)
        memo = QueueMemo(
            holder: Holder(process: ProcessInfo.processInfo.processName, pid: getpid()), keepsJourneys: keepsJourneys,
            isAlive: home.isAlive)
    }

    /// Ends those who wait for messages, and the threads once everything accepted is done. Blocks until then. Idempotent.
    package func close() {
        desks.close(path: store.home.path)
        store.close()
    }

    /// The bell that rings when there may be something to receive from a queue.
    package static func bell(queue: String) -> Bell { Bell(for: "queue\u{0}\(queue)") }

    /// Whether bytes are text that a message may have for its body: UTF-8 without control characters other than tab and line ends.
    package static func isText(_ bytes: [UInt8]) -> Bool { Rules.isAllowedText(bytes) }

    /// Whether a text has the form of a queue's name; whether there may be such a queue is for the home to say.
    package static func isQueueName(_ text: String) -> Bool { Rules.isQueueName(text) }

    /// Whether the queue of this name keeps order.
    package static func isFIFO(queue name: String) -> Bool { Rules.isFIFO(name) }

    /// `Store.write`, with what is known of queues at hand.
    ///
    /// - Parameter reclaims: what a consumer does on its way to finishing: without all of it a full disk could not be drained.
    func write<Value: Sendable>(
        _ durability: Durability = .synced, bytes: Int = 512, reclaims: Bool = false,
        _ body: @escaping @Sendable (MessageTransaction) throws -> Value
    ) async throws -> Value {
        try await store.write(durability, bytes: bytes, reclaims: reclaims) { [memo] transaction in
            try body(memo.enter(transaction))
        }
    }
}
