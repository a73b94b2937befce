import Foundation
import Testing

@testable import Store

/// The write-ahead log, cut at any byte as a power loss may: what was confirmed at a length is there after a cut at or beyond it, and what
/// is there is a state that once was.
struct LogCutTests {
    /// A log and what was true when it had which length.
    private struct History {
        var database: [UInt8] = []
        var log: [UInt8] = []
        /// The notes after each operation, the empty store first.
        var states: [[Int: String]] = [[:]]
        /// The length of the log when each operation was confirmed.
        var confirmed: [Int] = [0]
    }

    private static let logHeader = 32
    private static let frame = 24 + 4096

    /// Runs operations on a home and copies its files while it is open.
    private func record(in path: String, operations: Int, using random: inout SplitMix) async throws -> History {
        var history = History()
        // The tables are in the database, not in the log.
        try Store(notes: "\(path)/home").close()
        let store = try Store(notes: "\(path)/home")
        // A reader of the first state keeps every checkpoint away from the database.
        let gate = Gate()
        let reader = Task.immediate {
            try await store.read { connection in
                _ = try connection.first("SELECT count(*) FROM notes") { $0.integer(0) }
                gate.pass()
            }
        }
        await gate.reached()
        defer { gate.open() }
        var notes: [Int: String] = [:]
        for number in 0..<operations {
            var changes: [(id: Int, text: String?)] = []
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let id = Int.random(in: 0..<20, using: &random)
                let text = String(
                    repeating: "\(number) ", count: Int.random(in: 0...(Bool.random(using: &random) ? 3_000 : 20), using: &random))
                changes.append((id, Int.random(in: 0..<4, using: &random) == 0 ? nil : text))
            }
            let writes = changes
            try await store.write(Bool.random(using: &random) ? .ordered : .synced) { transaction in
                for (id, text) in writes {
                    if let text {
                        try transaction.put(id, text)
                    } else {
                        try transaction.connection.run("DELETE FROM notes WHERE id = ?", .integer(id))
                    }
                }
            }
            for (id, text) in changes { notes[id] = text }
            history.states.append(notes)
            history.confirmed.append(try Self.end(ofLog: "\(store.path)-wal"))
        }
        // By another process: closing a descriptor of a database here would drop SQLite's locks.
        #expect(try run("cp", store.path, "\(path)/copy") == 0)
        #expect(try run("cp", "\(store.path)-wal", "\(path)/copy-wal") == 0)
        gate.open()
        try await reader.value
        store.close()
        history.database = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/copy")))
        history.log = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/copy-wal")))
        return history
    }

    /// Where the frames end: beyond it is room, whose page numbers are zero.
    private static func end(ofLog path: String) throws -> Int {
        let log = try [UInt8](Data(contentsOf: URL(filePath: path)))
        var end = logHeader
        while end + frame <= log.count, log[end..<(end + 4)].contains(where: { $0 != 0 }) { end += frame }
        return end
    }

    private func notes(after history: History, log: some Sequence<UInt8>, in path: String) async throws -> [Int: String] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(history.database).write(to: URL(filePath: "\(path)/messages.sqlite"))
        try Data(log).write(to: URL(filePath: "\(path)/messages.sqlite-wal"))
        let store = try Store(notes: path)
        defer { store.close() }
        return try await store.notes()
    }

    @Test func `a log cut at and inside every frame opens as a state that holds everything confirmed by then`() async throws {
        try await withFolder { path in
            var random = SplitMix()
            let history = try await record(in: path, operations: 40, using: &random)
            let end = try #require(history.confirmed.last)
            let frames = (end - Self.logHeader) / Self.frame
            #expect(frames >= 40 && end <= history.log.count && history.log.count < 8 << 20)
            var cuts: Set<Int> = [0, 1, 31, 32, history.log.count]
            for number in 0..<frames {
                let start = Self.logHeader + number * Self.frame
                cuts.formUnion([start, start + 24, start + Int.random(in: 1..<Self.frame, using: &random), start + Self.frame - 1])
            }
            for cut in cuts.sorted() {
                let found = try await notes(after: history, log: history.log[..<cut], in: "\(path)/cut")
                let atLeast = history.confirmed.lastIndex { $0 <= cut } ?? 0
                let isRight = history.states[atLeast...].contains(found)
                #expect(isRight, "cut at \(cut) of \(history.log.count): not a state from operation \(atLeast) on. \(Rounds.note)")
            }
        }
    }

    @Test func `a log damaged anywhere opens as a state that holds everything confirmed before the damage`() async throws {
        try await withFolder { path in
            var random = SplitMix(round: 1)
            let history = try await record(in: path, operations: 25, using: &random)
            for round in 0..<(Rounds.count * 2) {
                let place = Int.random(in: Self.logHeader..<history.log.count, using: &random)
                var log = history.log
                for index in place..<min(log.count, place + Int.random(in: 1...5_000, using: &random)) {
                    log[index] = UInt8.random(in: 0...255, using: &random)
                }
                let found = try await notes(after: history, log: log, in: "\(path)/damaged")
                let atLeast = history.confirmed.lastIndex { $0 <= place } ?? 0
                let isRight = history.states[atLeast...].contains(found)
                #expect(isRight, "damaged at \(place): not a state from operation \(atLeast) on. Round \(round), \(Rounds.note)")
            }
        }
    }
}
