internal import Foundation

/// Receiving one message at a time, for those who cannot hold a listener: each is settled by a text that its receiver keeps.
extension Discovery {
    /// A message that was received, and the right to settle it.
    package struct HandedOver: Sendable {
        package let message: QueuedMessage
        /// Letters, digits, `-` and `_`; good until the message's lease is over, also for another client of the same home.
        package let receipt: String
    }

    /// Takes one message from a queue; while there is none, waits for the first. When the task is cancelled, nothing is taken.
    ///
    /// - Parameters:
    ///   - visibility: for how long nobody else is given it.
    ///   - waiting: zero to look only.
    /// - Returns: `nil` when none came in time.
    /// - Throws: what ``resolve(_:)`` throws; `.ambiguous` for an address of several queues; `.wrongKind`; what the queue's adapter throws.
    package func receive(
        from address: Address, visibility: Duration, waiting: Duration
    ) async throws(DiscoveryError) -> HandedOver? {
        let place = try await queue(at: address)
        do throws(DiscoveryError) {
            let taken = try await place.adapter.receive(1, from: place.resource, visibility: visibility, waiting: waiting)
            return taken.first.map { HandedOver(message: $0, receipt: ReceiptText(place.resource.location, $0.receipt).text) }
        } catch {
            throw error.with(address: address)
        }
    }

    /// What becomes of a message that was received so.
    package enum Settlement: Sendable {
        case finish
        /// - Parameter after: 0 to 12 hours.
        case retry(after: Duration, because: String?)
        case deadLetter(because: String)
        case extend(to: Duration)
    }

    /// Settles a message that ``receive(from:visibility:waiting:)`` gave out. Returns when that is durable; goes on when the task is cancelled.
    ///
    /// - Parameter onlyThere: settles only what is in the queue that the address leads to now: for those who may not settle everywhere.
    /// - Throws: `.invalid` for a text that is no receipt of this address; `.leaseLost` when the message is somebody else's by now;
    ///   `.unsupported` for a dead letter of a queue that has no place for it.
    package func settle(
        _ receipt: String, of address: Address, as settlement: Settlement, onlyThere: Bool = false
    ) async throws(DiscoveryError) {
        guard let known = ReceiptText(receipt) else {
            throw DiscoveryError(
                .invalid, "The receipt is none that was given out. Send the one that came with the message.", address: address)
        }
        var queue = Resource(.queue, at: known.location)
        // One that the address no longer leads to is known by this home's receipts, which nobody can make up; another's may be anywhere.
        if onlyThere || queue.queueName == nil {
            queue = try await self.queue(at: address).resource
            guard queue.location == known.location else {
                throw DiscoveryError(.leaseLost, "\(address) leads elsewhere since the message was received.", address: address)
            }
        }
        guard let adapter = client.queues.adapters.first(where: { $0.accepts(queue) }) else {
            throw DiscoveryError(.invalid, "The receipt is of no queue that is known here.", address: address)
        }
        let settled = queue
        do throws(DiscoveryError) {
            try await uncancelled { () async throws(DiscoveryError) in
                switch settlement {
                case .finish: try await adapter.finish(known.receipt, of: settled)
                case .retry(let delay, let reason): try await adapter.giveBack(known.receipt, of: settled, after: delay, because: reason)
                case .extend(let visibility): try await adapter.extend(known.receipt, of: settled, to: visibility)
                case .deadLetter(let reason):
                    guard try await adapter.deadLetter(known.receipt, of: settled, because: reason) else {
                        throw DiscoveryError(
                            .unsupported, "The queue \(address) has no dead-letter queue. Give it one, or retry the message.")
                    }
                }
            }
        } catch {
            throw error.with(address: address)
        }
    }

    private func queue(at address: Address) async throws(DiscoveryError) -> Queues.Place {
        let route = try await client.resolver.route(address, checkedWithin: .seconds(1), at: .now)
        guard route.targets.count < 2 else {
            let listed = route.targets.prefix(5).map(\.address.text).joined(separator: ", ")
            throw DiscoveryError(
                .ambiguous, "\(address) means \(route.targets.count) queues, and one is received from at a time: \(listed).",
                address: address)
        }
        do throws(DiscoveryError) {
            return try client.queues.place(on: route, of: address).0
        } catch {
            guard error.code == .wrongKind else { throw error }
            throw DiscoveryError(
                .wrongKind, "\(error.message) To receive what a topic has, subscribe a queue to it.", address: address)
        }
    }
}

/// A receipt with the queue it is of, as one text.
private struct ReceiptText {
    let location: String
    let receipt: Receipt

    init(_ location: String, _ receipt: Receipt) {
        self.location = location
        self.receipt = receipt
    }

    /// Reads what ``text`` wrote; 4,096 characters at most.
    init?(_ text: String) {
        guard text.utf8.count <= 4_096 else { return nil }
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: base64), let whole = String(validating: bytes, as: UTF8.self),
            let space = whole.firstIndex(of: " ")
        else { return nil }
        location = String(whole[..<space])
        receipt = Receipt(String(whole[whole.index(after: space)...]))
    }

    var text: String {
        Data("\(location) \(receipt.text)".utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
