internal import Store

/// When a lane may next be received from: milliseconds, and the turn within one in the lower bits. Lanes that may be received from now
/// are served in this order, and one that was served goes to the end: none starves another.
enum Lane {
    static let turns: Int64 = 20
    /// Of a lane that waits for nothing.
    static let never = Int64.max

    static func start(of milliseconds: Int64) -> Int64 { min(milliseconds, .max >> turns) << turns }
    /// What is below may be received from at `now`.
    static func end(of now: Int64) -> Int64 { start(of: now + 1) }
    static func milliseconds(_ next: Int64) -> Int64 { next >> turns }
}

extension MessageTransaction {
    /// The lane of a group, made when there is none. In a standard queue messages without a group have one lane together.
    ///
    /// - Parameter due: when its new message may be received.
    func lane(of group: String?, in queue: KnownQueue, due: Int64) throws(StoreError) -> Int64 {
        if !queue.hasGroups {
            guard group != nil else { return queue.epoch }
            try connection.run("UPDATE queues SET has_groups = 1 WHERE number = ?", .integer(queue.number))
            try insertLane(queue.epoch, "", in: queue, next: 0)
            queue.hasGroups = true
            try changedCatalog()
        }
        let name = group ?? ""
        let known = try connection.first(
            "SELECT number, next FROM lanes WHERE epoch = ? AND name = ?",
            binding: {
                $0.set(1, queue.epoch)
                $0.set(2, name)
            }
        ) { (number: $0.integer(0), next: $0.integer(1)) }
        guard let known else {
            let number = try nextNumber()
            try insertLane(number, name, in: queue, next: Lane.start(of: due))
            return number
        }
        // A FIFO group's turn does not come sooner for a message at its end.
        if !queue.isFIFO, Lane.start(of: due) < known.next { try setNext(Lane.start(of: due), of: known.number) }
        return known.number
    }

    private func insertLane(_ number: Int64, _ name: String, in queue: KnownQueue, next: Int64) throws(StoreError) {
        try connection.run(
            "INSERT INTO lanes (number, epoch, name, next) VALUES (?, ?, ?, ?)",
            binding: {
                $0.set(1, number)
                $0.set(2, queue.epoch)
                $0.set(3, name)
                $0.set(4, next)
            })
    }

    func setNext(_ next: Int64, of lane: Int64) throws(StoreError) {
        try connection.run(
            "UPDATE lanes SET next = ? WHERE number = ?",
            binding: {
                $0.set(1, next)
                $0.set(2, lane)
            })
    }

    /// Whose lane it is; `nil` when its queue was purged or deleted.
    func isLane(_ lane: Int64, of queue: KnownQueue) throws(StoreError) -> Bool {
        if lane == queue.epoch { return true }
        return try connection.first(
            "SELECT 1 FROM lanes WHERE number = ? AND epoch = ?", .integer(lane), .integer(queue.epoch), make: { _ in true }) ?? false
    }

    /// Works out anew when a lane may next be received from; removes that of a group without messages.
    func settle(_ lane: Int64, in queue: KnownQueue) throws(StoreError) {
        guard queue.hasGroups else { return }
        guard let next = try next(of: lane, in: queue) else {
            if lane == queue.epoch { return try setNext(Lane.never, of: lane) }
            try connection.run("DELETE FROM lanes WHERE number = ?", binding: { $0.set(1, lane) })
            return
        }
        try setNext(next, of: lane)
        if queue.isFIFO, Lane.milliseconds(next) <= now { transaction.ring(queue.bell) }
    }

    private func next(of lane: Int64, in queue: KnownQueue) throws(StoreError) -> Int64? {
        guard var due = try queue.isFIFO ? lastDue(in: lane) : firstDue(in: lane) else { return nil }
        if queue.isFIFO, due <= now, queue.delay > 0 {
            try restore(lane)
            let head = try connection.first(
                "SELECT sent, delivery, base FROM messages WHERE lane = ? ORDER BY due, number LIMIT 1", .integer(lane),
                make: { (sent: $0.integer(0), isNew: $0.integer(1) == 0 && $0.integer(2) == 0) })
            if let head, head.isNew { due = max(due, head.sent + queue.delay) }
        }
        return due > now ? Lane.start(of: due) : try lastTurn(in: queue)
    }

    /// In a FIFO queue: puts messages whose visibility is over back in their place, before those that were sent after them.
    func restore(_ lane: Int64) throws(StoreError) {
        try connection.run(
            "UPDATE messages SET due = 0 WHERE lane = ? AND due > 0 AND due <= ?",
            binding: {
                $0.set(1, lane)
                $0.set(2, now)
            })
    }

    private func firstDue(in lane: Int64) throws(StoreError) -> Int64? {
        try connection.first("SELECT due FROM messages WHERE lane = ? ORDER BY due LIMIT 1", binding: { $0.set(1, lane) }) {
            $0.integer(0)
        }
    }

    /// In a FIFO queue: when the last message of a group is visible that is in flight.
    func lastDue(in lane: Int64) throws(StoreError) -> Int64? {
        try connection.first("SELECT due FROM messages WHERE lane = ? ORDER BY due DESC LIMIT 1", binding: { $0.set(1, lane) }) {
            $0.integer(0)
        }
    }

    /// Behind all lanes that may be received from now.
    private func lastTurn(in queue: KnownQueue) throws(StoreError) -> Int64 {
        let last = try connection.first(
            "SELECT next FROM lanes WHERE epoch = ? AND next < ? ORDER BY next DESC LIMIT 1", .integer(queue.epoch),
            .integer(Lane.end(of: now)), make: { $0.integer(0) })
        return max(Lane.start(of: now), (last ?? 0) + 1)
    }
}
