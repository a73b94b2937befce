import GRDB
import GRDBSQLite
import Testing

@testable import Messaging
@testable import Store

/// What statements cost, read from SQLite's plans and not from a clock: none walks a table or sorts.
struct PlanTests {
    /// The texts of all statements that a connection has prepared.
    private static func statements(of connection: Connection) -> Set<String> {
        var texts: Set<String> = []
        var statement: OpaquePointer?
        while let next = sqlite3_next_stmt(connection.database.sqliteConnection, statement) {
            statement = next
            if let text = sqlite3_sql(next) { texts.insert(String(cString: text)) }
        }
        return texts
    }

    private func use(_ messaging: Messaging, _ clock: Clock) async throws {
        for end in ["", ".fifo"] {
            let (jobs, dead) = ("jobs\(end)", "dead\(end)")
            _ = try await messaging.createQueue(dead)
            _ = try await messaging.createQueue(jobs, .init(delay: .seconds(1), redrive: .init(deadLetterQueue: dead, maximumReceives: 2)))
            for group in [nil, "g", "h"] where group != nil || end.isEmpty {
                for number in 0..<10 {
                    try await messaging.send("\(number)", to: jobs, group: group, id: end.isEmpty ? nil : "\(group ?? "")\(number)")
                }
                clock.pass(.seconds(2))
                for _ in 0..<3 {
                    let received = try await messaging.receive(from: jobs, maximum: 10, wait: .zero, attempt: "a")
                    _ = try await messaging.receive(from: jobs, maximum: 10, wait: .zero, attempt: "a")
                    for message in received.dropFirst(5) { try await messaging.extend(message, in: jobs, to: .zero) }
                    if received.count > 3 {
                        try await messaging.fail(received[0].receipt, in: jobs, reason: "x")
                        try await messaging.deadLetter(received[1].receipt, in: jobs, reason: "x")
                        try await messaging.finish(received[2], in: jobs)
                        await messaging.giveBack([received[3].receipt], in: jobs)
                    }
                }
                _ = try await messaging.counts(of: jobs)
                _ = try await messaging.counts(of: dead)
                _ = try await messaging.peek(at: jobs)
                let id = try await messaging.peek(at: dead).messages.first?.id
                if let id { _ = try await messaging.peek(id) }
                let task = try await messaging.startMove(from: dead)
                _ = try await messaging.stepMove(task.handle)
                clock.pass(.seconds(300))
            }
            let sent = try await messaging.send("x", to: jobs, group: "i", id: end.isEmpty ? nil : "i")
            try await messaging.cancel(sent.id, in: jobs)
            try await messaging.purgeQueue(jobs)
        }
    }

    @Test func `receiving counts no messages that wait`() async throws {
        try await withMessaging { messaging, _ in
            for queue in ["jobs", "grouped", "jobs.fifo"] {
                _ = try await messaging.createQueue(queue, .init(delay: .seconds(1)))
                try await messaging.send("x", to: queue, group: queue == "jobs" ? nil : "g", id: queue == "jobs.fifo" ? "x" : nil)
                _ = try await messaging.receive(from: queue, maximum: 10, wait: .zero)
            }
            let counts = try await messaging.store.write { Self.statements(of: $0.connection) }.filter { $0.contains("count(*)") }
            #expect(counts.count == 4)
            #expect(counts.allSatisfy { $0.contains("due > ?") && !$0.contains("due <= ?") }, "\(counts)")
        }
    }

    @Test func `no statement of the engine walks through messages or sorts them`() async throws {
        try await withMessaging { messaging, clock in
            try await use(messaging, clock)
            let written = try await messaging.store.write { Self.statements(of: $0.connection) }
            let read = try await messaging.store.read { Self.statements(of: $0) }
            #expect(written.count > 30 && read.count > 3)
            let plans = try await messaging.store.read { connection in
                try written.union(read).filter {
                    $0.hasPrefix("SELECT") || $0.hasPrefix("UPDATE") || $0.hasPrefix("DELETE") || $0.hasPrefix("INSERT")
                }
                .map { sql in
                    let statement = try connection.database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
                    statement.setUncheckedArguments(StatementArguments())
                    return (sql, try GRDB.Row.fetchAll(statement).map { row -> String in row["detail"] })
                }
            }
            for (sql, details) in plans {
                for detail in details {
                    #expect(!detail.contains("TEMP B-TREE"), "\(sql)\n\(details)")
                    guard detail.hasPrefix("SCAN") else { continue }
                    // The first of a table, in the order of its numbers; and what a subquery with a limit brought.
                    let isBounded =
                        detail.hasPrefix("SCAN trash") || detail.hasPrefix("SCAN (") || detail == "SCAN CONSTANT ROW"
                        || (detail == "SCAN deduplications" && sql.contains("FROM deduplications ORDER BY number LIMIT"))
                    #expect(isBounded, "\(detail): \(sql)\n\(details)")
                }
            }
        }
    }
}
