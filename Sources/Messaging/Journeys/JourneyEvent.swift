/// What happened to a message, by the numbers of the home.
enum JourneyEvent: Equatable {
    /// Sent to a queue.
    case sent(Int64, queue: Int64)
    /// Published to a topic. Its arrivals follow, in the same transaction.
    case published(Int64, topic: Int64, matched: Int, refused: Refused)
    /// What was published came to a subscription's queue; with a failure, to its dead-letter queue.
    case arrived(Int64, publication: Int64, subscription: Int64, queue: Int64, failure: String?)
    case received(Int64, receives: Int)
    /// Given back with a reason, for a while.
    case failed(Int64, after: Int64, reason: String)
    /// Given back as if it had not been received.
    case returned(Int64)
    case finished(Int64)
    case moved(Int64, queue: Int64)
    case deadLettered(Int64, queue: Int64, failure: String?)
    case expired(Int64)
    case cancelled(Int64)

    /// The subscriptions whose filter policies refused what was published.
    struct Refused: Equatable {
        var count = 0
        /// The first of them.
        var subscriptions: [Int64] = []
        /// Why, of the first of those: asked where nobody got it, and the message so is kept nowhere.
        var reasons: [String] = []

        static let none = Refused()
        static let limit = 16
        static let reasonLimit = 3
    }

    /// The message it is about.
    var message: Int64 {
        switch self {
        case .sent(let number, _), .published(let number, _, _, _), .arrived(let number, _, _, _, _), .received(let number, _),
            .failed(let number, _, _), .returned(let number), .finished(let number), .moved(let number, _),
            .deadLettered(let number, _, _), .expired(let number), .cancelled(let number):
            number
        }
    }
}

/// Events as they are kept: a byte for the kind, the message as what it is beyond that of the event before, and what else there is; a few
/// bytes in all.
struct JourneyBytes {
    private(set) var bytes: [UInt8] = []
    private var last: Int64 = 0

    /// Longer texts are cut.
    private static let longestText = 200

    mutating func append(_ event: JourneyEvent) {
        switch event {
        case .sent(let number, let queue):
            begin(1, number)
            append(queue)
        case .published(let number, let topic, let matched, let refused):
            begin(2, number)
            append(topic)
            append(Int64(matched))
            append(Int64(refused.count))
            append(Int64(refused.subscriptions.count))
            var last: Int64 = 0
            for subscription in refused.subscriptions {
                append(subscription &- last)
                last = subscription
            }
            append(Int64(refused.reasons.count))
            for reason in refused.reasons { append(reason) }
        case .arrived(let number, let publication, let subscription, let queue, let failure):
            begin(failure == nil ? 3 : 4, number)
            append(number &- publication)
            append(subscription)
            append(queue)
            if let failure { append(failure) }
        case .received(let number, let receives):
            begin(5, number)
            append(Int64(receives))
        case .failed(let number, let after, let reason):
            begin(6, number)
            append(after)
            append(reason)
        case .returned(let number): begin(7, number)
        case .finished(let number): begin(8, number)
        case .moved(let number, let queue):
            begin(9, number)
            append(queue)
        case .deadLettered(let number, let queue, let failure):
            begin(failure == nil ? 10 : 11, number)
            append(queue)
            if let failure { append(failure) }
        case .expired(let number): begin(12, number)
        case .cancelled(let number): begin(13, number)
        }
    }

    private mutating func begin(_ kind: UInt8, _ number: Int64) {
        bytes.append(kind)
        append(number &- last)
        last = number
    }

    /// The sign in the lowest bit, then seven bits a byte, the lowest first.
    private mutating func append(_ value: Int64) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func append(_ text: String) {
        var utf8 = Array(text.utf8.prefix(Self.longestText))
        if utf8.count < text.utf8.count {
            // Not within a character: back to where one begins.
            while let last = utf8.popLast(), last & 0xC0 == 0x80 {}
        }
        append(Int64(utf8.count))
        bytes += utf8
    }

    // MARK: Reading

    /// What was written; what cannot be read ends it.
    static func events(in bytes: [UInt8]) -> [JourneyEvent] {
        var reader = Reader(rest: bytes[...])
        var events: [JourneyEvent] = []
        while let event = reader.event() { events.append(event) }
        return events
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        var last: Int64 = 0

        mutating func event() -> JourneyEvent? {
            guard let kind = rest.popFirst(), let delta = value() else { return nil }
            let number = last &+ delta
            last = number
            switch kind {
            case 1: return value().map { .sent(number, queue: $0) }
            case 2: return published(number)
            case 3, 4:
                guard let distance = value(), let subscription = value(), let queue = value() else { return nil }
                let failure = kind == 4 ? text() : nil
                guard (failure != nil) == (kind == 4) else { return nil }
                return .arrived(number, publication: number &- distance, subscription: subscription, queue: queue, failure: failure)
            case 5: return count().map { .received(number, receives: $0) }
            case 6:
                guard let after = value(), let reason = text() else { return nil }
                return .failed(number, after: after, reason: reason)
            case 7: return .returned(number)
            case 8: return .finished(number)
            case 9: return value().map { .moved(number, queue: $0) }
            case 10: return value().map { .deadLettered(number, queue: $0, failure: nil) }
            case 11:
                guard let queue = value(), let failure = text() else { return nil }
                return .deadLettered(number, queue: queue, failure: failure)
            case 12: return .expired(number)
            case 13: return .cancelled(number)
            default: return nil
            }
        }

        private mutating func published(_ number: Int64) -> JourneyEvent? {
            guard let topic = value(), let matched = count(), let refused = count(), let listed = count(),
                listed <= JourneyEvent.Refused.limit
            else { return nil }
            var subscriptions: [Int64] = []
            var last: Int64 = 0
            for _ in 0..<listed {
                guard let distance = value() else { return nil }
                last = last &+ distance
                subscriptions.append(last)
            }
            guard let told = count(), told <= listed else { return nil }
            var reasons: [String] = []
            for _ in 0..<told {
                guard let reason = text() else { return nil }
                reasons.append(reason)
            }
            return .published(
                number, topic: topic, matched: matched, refused: .init(count: refused, subscriptions: subscriptions, reasons: reasons))
        }

        private mutating func value() -> Int64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 70, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            }
            return nil
        }

        private mutating func count() -> Int? {
            guard let value = value(), value >= 0 else { return nil }
            return Int(exactly: value)
        }

        private mutating func text() -> String? {
            guard let length = count(), length <= rest.count else { return nil }
            defer { rest = rest.dropFirst(length) }
            return String(decoding: rest.prefix(length), as: UTF8.self)
        }
    }
}
