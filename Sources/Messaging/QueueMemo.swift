internal import Store

/// What the writer's thread knows of queues and topics: looked up once and kept, transaction after transaction, until anybody changes any of
/// them. The counter of numbers is read and written once in a transaction.
final class QueueMemo: @unchecked Sendable {  // the writer's thread alone touches it
    /// Queues, and subscribers of topics, that are kept from one transaction to the next.
    private static let limit = 50_000

    let holder: Messaging.Holder
    let isAlive: (Lease) -> Bool
    /// Lowered by tests: nobody sends 120,000 messages twice.
    var inFlightLimit = Rules.inFlightLimit
    private var transaction: UInt64 = 0
    private var queues: [String: KnownQueue] = [:]
    private var topics: [String: KnownTopic] = [:]
    private var size = 0
    /// Of the catalog, as the queues and topics here were read from it.
    private var version: Int64?
    private var isVersionCurrent = false
    /// The transaction has changed the catalog. It may yet be undone: what is here goes with it.
    private var isTentative = false
    /// Queues to which this transaction has sent.
    private var touched: [KnownQueue] = []
    private var lastNumber: Int64?
    private var isHolderKnown = false
    /// Deduplication ids that this transaction has written.
    private var deduplications = 0
    private var known: Secrets?
    /// How many more messages of an epoch may be received before those in flight are counted again.
    private var room: [Int64: Int] = [:]
    /// What this transaction has done; `nil` where nobody wants to know.
    private var journal: Journal?

    init(holder: Messaging.Holder, keepsJourneys: Bool, isAlive: @escaping (Lease) -> Bool) {
        self.holder = holder
        self.isAlive = isAlive
        if keepsJourneys { journal = Journal(holder) }
    }

    func enter(_ transaction: Transaction) -> MessageTransaction {
        let work = MessageTransaction(transaction: transaction, memo: self)
        if self.transaction != transaction.number {
            self.transaction = transaction.number
            if isTentative || size > Self.limit { clear() }
            isTentative = false
            isVersionCurrent = false
            for queue in touched { queue.sent = 0 }
            touched = []
            lastNumber = nil
            isHolderKnown = false
            deduplications = 0
            journal?.begin()
            // Not with `work`, which would hold the transaction that holds this.
            transaction.beforeCommit { transaction throws(StoreError) in
                try self.finish(MessageTransaction(transaction: transaction, memo: self))
            }
        }
        return work
    }

    private func finish(_ work: MessageTransaction) throws(StoreError) {
        for queue in touched {
            queue.unswept += queue.sent
            // Where a transaction sends to many queues, each has its turn now and then.
            guard queue.unswept >= 16 || touched.count <= 4 else { continue }
            try work.sweepExpired(in: queue, limit: max(16, 2 * queue.unswept))
            queue.unswept = 0
        }
        if deduplications > 0 { try work.sweepDeduplications(limit: max(8, 2 * deduplications)) }
        try work.sweepTrash(limit: 64)
        try journal?.write(work.connection, now: work.now)
        if let lastNumber { try work.connection.run("UPDATE counters SET value = ? WHERE name = 'number'", .integer(lastNumber)) }
    }

    // MARK: The catalog

    func queue(_ name: String, _ connection: Connection) throws(StoreError) -> KnownQueue? {
        try refresh(connection)
        if let queue = queues[name] { return queue }
        guard let queue = try connection.knownQueue(name: name) else { return nil }
        size += 1
        queues[name] = queue
        return queue
    }

    func topic(_ name: String, _ connection: Connection) throws -> KnownTopic? {
        try refresh(connection)
        if let topic = topics[name] { return topic }
        guard let topic = try KnownTopic(name, connection) else { return nil }
        size += 1 + topic.subscribers.count
        topics[name] = topic
        return topic
    }

    private func refresh(_ connection: Connection) throws(StoreError) {
        guard !isVersionCurrent else { return }
        let current = try connection.first("SELECT value FROM counters WHERE name = 'catalog'", make: { $0.integer(0) })
        if current != version { clear() }
        version = current
        isVersionCurrent = true
    }

    /// After queues, topics or subscriptions were written.
    func forget() {
        clear()
        isTentative = true
    }

    private func clear() {
        queues = [:]
        topics = [:]
        size = 0
        version = nil
    }

    func sent(to queue: KnownQueue) {
        if queue.sent == 0 { touched.append(queue) }
        queue.sent += 1
    }

    // MARK: Numbers and secrets

    func nextNumber(_ connection: Connection) throws(StoreError) -> Int64 {
        if lastNumber == nil { lastNumber = try connection.first("SELECT value FROM counters WHERE name = 'number'") { $0.integer(0) } }
        let number = (lastNumber ?? 0) + 1
        lastNumber = number
        return number
    }

    func secrets(_ connection: Connection) throws(StoreError) -> Secrets {
        if let known { return known }
        let secrets = try Secrets(connection)
        known = secrets
        return secrets
    }

    // MARK: Once a transaction

    /// Whether this is the first message received in this transaction.
    func isFirstHeld() -> Bool {
        defer { isHolderKnown = true }
        return !isHolderKnown
    }

    func noteDeduplication() { deduplications += 1 }

    var keepsJourneys: Bool { journal != nil }
    func record(_ event: JourneyEvent) { journal?.record(event) }

    // MARK: In flight

    /// How many messages may be received now. Those in flight are counted now and then: other processes receive as well, so only an
    /// eighth of what is left is taken for granted.
    func room(in queue: KnownQueue, for wanted: Int, count: () throws(StoreError) -> Int) throws(StoreError) -> Int {
        if let known = room[queue.epoch], known >= wanted { return wanted }
        let left = max(0, try inFlightLimit - count())
        if room.count > 1_000 { room = [:] }
        room[queue.epoch] = max(left / 8, min(left, wanted))
        return min(left, wanted)
    }

    func took(_ count: Int, from queue: KnownQueue) { room[queue.epoch, default: 0] -= count }
}

/// A queue as the operations so far have left it.
final class KnownQueue: @unchecked Sendable {  // the writer's thread alone touches it, or else it is read and not changed
    let number: Int64
    let name: String
    let epoch: Int64
    /// Whether lanes are looked for: always in a FIFO queue, from the first group on in a standard one.
    var hasGroups: Bool
    let configuration: Messaging.QueueConfiguration
    let created: Int64
    let changed: Int64
    let isFIFO: Bool
    let bell: Bell
    // Worked out once: durations are slow to take apart.
    let delay: Int64
    let retention: Int64
    let visibility: Int64
    /// Messages sent to it in this transaction.
    var sent = 0
    /// Messages sent since expired ones were looked for.
    var unswept = 0

    /// From the columns of `queues`.
    init(_ row: Row) {
        number = row.integer(0)
        name = row.text(1)
        epoch = row.integer(2)
        hasGroups = row.integer(3) != 0
        delay = row.integer(4)
        retention = row.integer(6)
        visibility = row.integer(8)
        configuration = Messaging.QueueConfiguration(
            delay: .milliseconds(delay), maximumMessageSize: Int(row.integer(5)), retention: .milliseconds(retention),
            wait: .milliseconds(row.integer(7)), visibility: .milliseconds(visibility),
            redrive: row.optionalText(9).map { .init(deadLetterQueue: $0, maximumReceives: Int(row.integer(10))) },
            redriveAllow: .init(stored: row.optionalText(11)), contentBasedDeduplication: row.integer(12) != 0,
            deduplicationScope: .init(rawValue: row.text(13)) ?? .queue, throughputLimit: .init(rawValue: row.text(14)) ?? .perQueue)
        created = row.integer(15)
        changed = row.integer(16)
        isFIFO = Rules.isFIFO(name)
        bell = Messaging.bell(queue: name)
    }

    func queue(tags: [String: String]) -> Messaging.Queue {
        Messaging.Queue(
            name: name, configuration: configuration, tags: tags, created: HomeTime(milliseconds: created),
            changed: HomeTime(milliseconds: changed))
    }
}

extension Messaging.RedriveAllowPolicy {
    /// NULL for all, empty for none, else names with commas between.
    init(stored text: String?) {
        switch text {
        case nil: self = .all
        case "": self = .none
        case let names?: self = .queues(names.split(separator: ",").map(String.init))
        }
    }

    var stored: String? {
        switch self {
        case .all: nil
        case .none: ""
        case .queues(let names): names.joined(separator: ",")
        }
    }
}
