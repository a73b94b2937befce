internal import Store

/// Move tasks: what is in a dead-letter queue goes back, step by step. They are kept in the home and outlive whoever runs them.
extension Messaging {
    /// Starts to move the messages of a dead-letter queue: to a destination, or each to where it came from.
    ///
    /// - Parameter perSecond: 1 to 500.
    /// - Throws: `.queueDoesNotExist`; `.invalidParameterValue` when the source is nobody's dead-letter queue; `.unsupportedOperation` when
    ///   a task of it is running.
    package func startMove(from source: String, to destination: String? = nil, perSecond: Int? = nil) async throws -> MoveTask {
        if let perSecond, !(1...500).contains(perSecond) {
            throw Rules.invalid("A task moves 1 to 500 messages a second, not \(perSecond).")
        }
        return try await write { work in
            let queue = try work.queue(source)
            let isDeadLetterQueue = try work.connection.first(
                "SELECT 1 FROM queues WHERE dead_letter = ? LIMIT 1", .text(source), make: { _ in true })
            guard isDeadLetterQueue == true else {
                throw Rules.invalid("The queue \(Rules.quoted(source)) is not the dead-letter queue of any queue.")
            }
            if let destination {
                guard try work.queue(destination).isFIFO == queue.isFIFO, destination != source else {
                    throw Rules.invalid("Messages are moved to another queue of the same kind, standard or FIFO.")
                }
            }
            let running = try work.connection.first(
                "SELECT number FROM moves WHERE source_number = ? AND state = 'RUNNING'", .integer(queue.number), make: { $0.integer(0) })
            guard running == nil else {
                throw MessagingError(
                    .unsupportedOperation, "A task moves the messages of \(Rules.quoted(source)) already. Wait for its end, or cancel it.")
            }
            let total = try work.connection.counts(in: queue, now: work.now).waiting
            let number = try work.nextNumber()
            try work.connection.run(
                "INSERT INTO moves VALUES (?, ?, ?, ?, ?, 'RUNNING', 0, ?, ?, NULL)", .integer(number), .text(source),
                .integer(queue.number), .optional(destination), .optional(perSecond.map { Int64($0) }), .integer(total), .integer(work.now))
            work.transaction.ring(Self.courierBell)
            return try work.moveTask(number)
        }
    }

    /// Takes a running task a step further, in one transaction: up to `limit` messages, or fewer where its rate asks for that.
    ///
    /// - Throws: `.resourceNotFound`.
    package func stepMove(_ handle: String, limit: Int = 100) async throws -> MoveTask {
        let number = try Self.number(of: handle)
        return try await write { work in
            var task = try work.moveTask(number)
            guard task.state == .running else { return task }
            guard let source = try work.memo.queue(task.source, work.connection) else { throw Self.unknown(handle) }
            var limit = min(limit, task.total - task.moved)
            if let rate = task.perSecond {
                let allowed = Int(min(Int64(task.total), (work.now - task.started.milliseconds) * Int64(rate) / 1_000 + 1))
                guard allowed > task.moved || limit <= 0 else { return task }
                limit = min(limit, allowed - task.moved)
            }
            if limit > 0 { try work.move(&task, from: source, limit: limit) } else { task.state = .completed }
            if task.moved >= task.total, task.state == .running { task.state = .completed }
            try work.connection.run(
                "UPDATE moves SET moved = ?, state = ?, failure = ? WHERE number = ?", .integer(task.moved), .text(task.state.rawValue),
                .optional(task.failure), .integer(number))
            return task
        }
    }

    /// Ends a running task; what it has moved stays moved.
    ///
    /// - Throws: `.resourceNotFound`; `.unsupportedOperation` when it is not running.
    package func cancelMove(_ handle: String) async throws -> MoveTask {
        let number = try Self.number(of: handle)
        return try await write { work in
            let task = try work.moveTask(number)
            guard task.state == .running else {
                throw MessagingError(.unsupportedOperation, "The task is \(task.state.rawValue): only a running one can be cancelled.")
            }
            try work.connection.run("UPDATE moves SET state = 'CANCELLED' WHERE number = ?", .integer(number))
            return try work.moveTask(number)
        }
    }

    /// The tasks of a queue, the latest first.
    ///
    /// - Throws: `.queueDoesNotExist`.
    package func moves(from source: String, limit: Int = 1) async throws -> [MoveTask] {
        try await store.read { connection in
            guard let queue = try connection.knownQueue(name: source) else { throw MessagingError.noQueue(source) }
            return try connection.all(
                "SELECT * FROM moves WHERE source_number = ? ORDER BY number DESC LIMIT ?", .integer(queue.number), .integer(limit)
            ) { MoveTask($0) }
        }
    }

    /// Those that are to be taken further, of all queues.
    package func runningMoves() async throws -> [MoveTask] {
        try await store.read { connection in
            try connection.all("SELECT * FROM moves WHERE state = 'RUNNING' ORDER BY number") { MoveTask($0) }
        }
    }

    static func unknown(_ handle: String) -> MessagingError {
        MessagingError(.resourceNotFound, "There is no task \(Rules.quoted(handle)).")
    }

    private static func number(of handle: String) throws(MessagingError) -> Int64 {
        guard let number = MoveTask.number(of: handle) else { throw unknown(handle) }
        return number
    }
}

extension MessageTransaction {
    fileprivate func moveTask(_ number: Int64) throws -> Messaging.MoveTask {
        let task = try connection.first("SELECT * FROM moves WHERE number = ?", .integer(number)) { Messaging.MoveTask($0) }
        guard let task else { throw Messaging.unknown(Messaging.MoveTask.handle(number)) }
        return task
    }

    /// Moves what waits in the source, the next first. A message that cannot say where it came from, or came from a queue that is gone, fails the task.
    fileprivate func move(_ task: inout Messaging.MoveTask, from source: KnownQueue, limit: Int) throws(StoreError) {
        var touched = Touched()
        let moving = try next(in: source, limit: limit)
        for message in moving {
            let origin = try note(of: message.number)?.origin
            guard let name = task.destination ?? origin else {
                task.state = .failed
                task.failure = "A message does not say where it came from. Name a destination."
                break
            }
            guard let target = try memo.queue(name, connection) else {
                task.state = .failed
                task.failure = "The queue \(Rules.quoted(name)) does not exist any more."
                break
            }
            try move(message.number, to: target, group: message.group, note: nil, origin: nil)
            touched.insert(message.lane)
            task.moved += 1
        }
        for lane in touched { try settle(lane, in: source) }
        if moving.count < limit, task.state == .running { task.state = .completed }
    }

    /// Messages that may be received, of one lane after the other.
    private func next(in queue: KnownQueue, limit: Int) throws(StoreError) -> [(number: Int64, lane: Int64, group: String?)] {
        guard queue.hasGroups else {
            return try connection.all(
                "SELECT number FROM messages WHERE lane = ? AND due <= ? ORDER BY due, number LIMIT ?", .integer(queue.epoch),
                .integer(now), .integer(limit)
            ) { (number: $0.integer(0), lane: queue.epoch, group: nil) }
        }
        var messages: [(number: Int64, lane: Int64, group: String?)] = []
        let lanes = try connection.all(
            "SELECT number, name FROM lanes WHERE epoch = ? AND next < ? ORDER BY next LIMIT ?", .integer(queue.epoch),
            .integer(Lane.end(of: now)), .integer(limit)
        ) { (number: $0.integer(0), name: $0.text(1)) }
        for lane in lanes where messages.count < limit {
            if queue.isFIFO {
                guard try lastDue(in: lane.number) ?? 0 <= now else { continue }
                try restore(lane.number)
            }
            let waiting = try connection.all(
                "SELECT number, sent, delivery FROM messages WHERE lane = ? AND due <= ? ORDER BY due, number LIMIT ?",
                .integer(lane.number), .integer(now), .integer(limit - messages.count)
            ) { (number: $0.integer(0), isDelayed: queue.isFIFO && $0.integer(2) == 0 && $0.integer(1) + queue.delay > now) }
            messages += waiting.prefix { !$0.isDelayed }.map {
                (number: $0.number, lane: lane.number, group: lane.name.isEmpty ? nil : lane.name)
            }
        }
        return messages
    }
}

extension Messaging.MoveTask {
    fileprivate init(_ row: Row) {
        handle = Self.handle(row.integer(0))
        source = row.text(1)
        destination = row.optionalText(3)
        perSecond = row.optionalInteger(4).map { Int($0) }
        state = State(rawValue: row.text(5)) ?? .failed
        moved = Int(row.integer(6))
        total = Int(row.integer(7))
        started = HomeTime(milliseconds: row.integer(8))
        failure = row.optionalText(9)
    }
}
