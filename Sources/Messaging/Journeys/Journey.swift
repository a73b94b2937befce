package import Store

extension Messaging {
    /// What happened to a message, as far as it is known: journeys are kept for four days, and 8 MiB of them.
    package struct Journey: Sendable {
        /// What a process did, and when.
        package struct Step: Sendable, Hashable {
            package let time: HomeTime
            package let by: Holder
            package let event: Event
        }

        package enum Event: Sendable, Hashable {
            case sent
            /// What was published came here.
            case arrived
            /// What was published came here since it could not go where it was to.
            case undeliverable(String)
            /// The how manieth time.
            case received(Int)
            case failed(String, retryAfter: Duration)
            /// Given back without a reason.
            case returned
            case finished
            case moved(to: String)
            case deadLettered(to: String, String?)
            case expired
            case cancelled
        }

        /// A subscription that refused it, and which part of its policy did, where that can still be told.
        package struct Refusal: Sendable, Hashable {
            package let subscription: Subscriber
            package let reason: String?
        }

        package struct Publication: Sendable, Hashable {
            package let id: MessageID
            package let time: HomeTime
            package let by: Holder
            package let topic: String
            /// Those who were to get it.
            package let matched: Int
            package let refused: Int
            /// The first of those who refused.
            package let refusals: [Refusal]
        }

        /// Who subscribes, as it is known now.
        package struct Subscriber: Sendable, Hashable {
            package let id: SubscriptionID
            /// `nil` when it has ended.
            package let endpoint: Subscription.Endpoint?
        }

        /// The way of a message through queues: its own, or that of one subscriber's.
        package struct Branch: Sendable {
            package let message: MessageID
            /// Of what was published.
            package let subscriber: Subscriber?
            /// Where it came first.
            package let queue: String
            package fileprivate(set) var steps: [Step]
            /// As it lies in a queue now.
            package fileprivate(set) var now: Peeked?
        }

        package let id: MessageID
        package fileprivate(set) var publication: Publication?
        package fileprivate(set) var branches: [Branch] = []
    }

    /// The journey of a message: of one that was published with all its branches, of one that lies in a queue with its own. `nil` when nothing is
    /// known of it. Reads all journeys that are kept.
    package func journey(of id: MessageID) async throws -> Journey? {
        let now = store.home.now().milliseconds
        let journey: Journey? = try await store.read { connection in
            let salt = try Secrets(connection).salt
            guard id == MessageID(salt: salt, number: id.number) else { return nil }
            var reader = JourneyReader(id, salt: salt, connection)
            try connection.each(
                "SELECT time, pid, process, events FROM journeys WHERE time > ? ORDER BY position",
                binding: { $0.set(1, now - Journal.age) }
            ) { row throws(StoreError) in
                try reader.read(
                    JourneyBytes.events(in: row.bytes(3)), at: HomeTime(milliseconds: row.integer(0)),
                    by: Holder(process: row.text(2), pid: Int32(truncatingIfNeeded: row.integer(1))))
                return true
            }
            return reader.journey
        }
        guard var journey else { return nil }
        for index in journey.branches.indices { journey.branches[index].now = try await peek(journey.branches[index].message) }
        if journey.publication == nil, journey.branches.isEmpty {
            guard let peeked = try await peek(id) else { return nil }
            journey.branches = [.init(message: id, subscriber: nil, queue: peeked.queue, steps: [], now: peeked)]
        }
        return journey
    }
}

/// Picks the events of one message out of all.
private struct JourneyReader {
    private(set) var journey: Messaging.Journey
    private let salt: UInt64
    private let connection: Connection
    private var branches: [Int64: Int] = [:]
    private var queues: [Int64: String] = [:]

    init(_ id: Messaging.MessageID, salt: UInt64, _ connection: Connection) {
        journey = Messaging.Journey(id: id)
        self.salt = salt
        self.connection = connection
    }

    mutating func read(_ events: [JourneyEvent], at time: HomeTime, by holder: Messaging.Holder) throws(StoreError) {
        var last: (number: Int64, topic: Int64, matched: Int, refused: JourneyEvent.Refused)?
        for event in events {
            let number = event.message
            let step = { (event: Messaging.Journey.Event) in Messaging.Journey.Step(time: time, by: holder, event: event) }
            switch event {
            case .published(_, let topic, let matched, let refused):
                last = (number, topic, matched, refused)
                if number == journey.id.number { journey.publication = try publication(number, topic, matched, refused, time, holder) }
            case .arrived(_, let publication, let subscription, let queue, let failure):
                guard publication == journey.id.number || number == journey.id.number else { continue }
                if journey.publication == nil, let last, last.number == publication {
                    journey.publication = try self.publication(publication, last.topic, last.matched, last.refused, time, holder)
                }
                try begin(
                    number, subscriber: subscriber(subscription), queue: queue, step(failure.map { .undeliverable($0) } ?? .arrived))
            case .sent(_, let queue):
                if number == journey.id.number { try begin(number, subscriber: nil, queue: queue, step(.sent)) }
            default:
                guard branches[number] != nil || number == journey.id.number else { continue }
                if let event = try told(event) { add(step(event), to: number) }
            }
        }
    }

    /// An event of a message in a queue.
    private mutating func told(_ event: JourneyEvent) throws(StoreError) -> Messaging.Journey.Event? {
        switch event {
        case .published, .arrived, .sent: nil
        case .received(_, let receives): .received(receives)
        case .failed(_, let after, let reason): .failed(reason, retryAfter: .milliseconds(after))
        case .returned: .returned
        case .finished: .finished
        case .moved(_, let queue): .moved(to: try name(ofQueue: queue))
        case .deadLettered(_, let queue, let failure): .deadLettered(to: try name(ofQueue: queue), failure)
        case .expired: .expired
        case .cancelled: .cancelled
        }
    }

    private mutating func begin(
        _ number: Int64, subscriber: Messaging.Journey.Subscriber?, queue: Int64, _ step: Messaging.Journey.Step
    ) throws(StoreError) {
        branches[number] = journey.branches.count
        journey.branches.append(
            .init(
                message: .init(salt: salt, number: number), subscriber: subscriber, queue: try name(ofQueue: queue), steps: [step], now: nil
            ))
    }

    private mutating func add(_ step: Messaging.Journey.Step, to number: Int64) {
        if let branch = branches[number] {
            journey.branches[branch].steps.append(step)
        } else {
            // How it began is not known any more.
            branches[number] = journey.branches.count
            journey.branches.append(.init(message: journey.id, subscriber: nil, queue: "", steps: [step], now: nil))
        }
    }

    // MARK: Names

    private mutating func name(ofQueue number: Int64) throws(StoreError) -> String {
        if let name = queues[number] { return name }
        let name =
            try connection.first("SELECT name FROM queues WHERE number = ?", .integer(number), make: { $0.text(0) })
            ?? "a queue that is gone"
        queues[number] = name
        return name
    }

    private func row(ofSubscription number: Int64) throws(StoreError) -> SubscriptionRow? {
        try connection.first("SELECT * FROM subscriptions WHERE number = ?", .integer(number), make: { SubscriptionRow($0) })
    }

    private func subscriber(_ number: Int64) throws(StoreError) -> Messaging.Journey.Subscriber {
        .init(id: .init(salt: salt, number: number), endpoint: try row(ofSubscription: number)?.to)
    }

    private func publication(
        _ number: Int64, _ topic: Int64, _ matched: Int, _ refused: JourneyEvent.Refused, _ time: HomeTime, _ holder: Messaging.Holder
    ) throws(StoreError) -> Messaging.Journey.Publication {
        let name =
            try connection.first("SELECT name FROM topics WHERE number = ?", .integer(topic), make: { $0.text(0) })
            ?? "a topic that is gone"
        // While anybody has the message it can be asked again why others have not.
        let subject = try connection.first(
            "SELECT body, attributes FROM bodies WHERE number = ?", .integer(number),
            make: { (body: $0.bytes(0), attributes: $0.bytes(1)) }
        ).map { Messaging.FilterSubject(body: $0.body, attributes: (try? AttributeCoding.decode($0.attributes)) ?? [:]) }
        var refusals: [Messaging.Journey.Refusal] = []
        for (place, subscription) in refused.subscriptions.enumerated() {
            var reason = refused.reasons.indices.contains(place) ? refused.reasons[place] : nil
            if reason == nil, let subject {
                reason = (try? row(ofSubscription: subscription)?.filter())??.refusal(of: subject)?.description
            }
            refusals.append(.init(subscription: try subscriber(subscription), reason: reason))
        }
        return .init(
            id: .init(salt: salt, number: number), time: time, by: holder, topic: name, matched: matched, refused: refused.count,
            refusals: refusals)
    }
}
