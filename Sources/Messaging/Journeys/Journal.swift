internal import Store

/// What happened to messages in one transaction: gathered in memory, and kept as one row of it.
struct Journal {
    private let holder: Messaging.Holder
    private var events = JourneyBytes()

    init(_ holder: Messaging.Holder) { self.holder = holder }

    /// Bytes of all journeys that are kept, and for how long they are, milliseconds.
    static let limit: Int64 = 8 << 20
    static let age: Int64 = 4 * 86_400_000
    /// What a row takes besides its events and the process's name.
    private static let overhead = 40
    /// After so many bytes the oldest are looked at.
    private static let stride: Int64 = 16 << 10

    mutating func begin() { events = JourneyBytes() }
    mutating func record(_ event: JourneyEvent) { events.append(event) }

    /// Writes the row, and removes the oldest when it is time to.
    ///
    /// A row's position is how many bytes there were in all with it, ever: so the first and the last say how much is kept.
    func write(_ connection: Connection, now: Int64) throws(StoreError) {
        guard !events.bytes.isEmpty else { return }
        let last = try connection.first("SELECT max(position) FROM journeys", make: { $0.integer(0) }) ?? 0
        let position = last + Int64(events.bytes.count + holder.process.utf8.count + Self.overhead)
        try connection.run(
            "INSERT INTO journeys (position, time, pid, process, events) VALUES (?, ?, ?, ?, ?)",
            binding: {
                $0.set(1, position)
                $0.set(2, now)
                $0.set(3, Int64(holder.pid))
                $0.set(4, holder.process)
                $0.set(5, events.bytes)
            })
        guard position / Self.stride != last / Self.stride else { return }
        try connection.run("DELETE FROM journeys WHERE position <= ?", .integer(position - Self.limit))
        let oldest = try connection.first("SELECT time FROM journeys ORDER BY position LIMIT 1", make: { $0.integer(0) })
        guard let oldest, oldest < now - Self.age else { return }
        try connection.run(
            "DELETE FROM journeys WHERE position IN (SELECT position FROM journeys ORDER BY position LIMIT 1000) AND time < ?",
            .integer(now - Self.age))
    }
}
