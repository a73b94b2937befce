import Foundation
import Testing

@testable import Store

/// The log is emptied into the database by a thread of its own, without disturbing who reads or writes.
struct CheckpointTests {
    private static let text = String(repeating: "x", count: 200_000)

    @Test func `a log that has grown is moved while writers go on, and cut when it is quiet`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let log = "\(path)/messages.sqlite-wal"
            // A reader of a young state, while everything else goes on.
            try await store.put(0, "young")
            let gate = Gate()
            let reader = Task.immediate {
                try await store.read { connection in
                    let before = try connection.first("SELECT count(*) FROM notes") { $0.integer(0) }
                    gate.pass()
                    return (before, try connection.first("SELECT count(*) FROM notes") { $0.integer(0) })
                }
            }
            await gate.reached()
            let small = size(of: store.path)
            for id in 1...110 { try await store.put(id, Self.text, .ordered) }
            #expect(size(of: log) > 16 << 20)
            gate.open()
            let (before, after) = try await reader.value
            #expect(before == 1 && after == 1)

            try await eventually("pages in the database while the store is in use") {
                try await store.put(1_000, UUID().uuidString, .ordered)
                return size(of: store.path) > small + (16 << 20)
            }
            try await eventually("an empty log once it is quiet") { size(of: log) == 0 }
            let notes = try await store.notes()
            #expect(notes.count == 112 && notes[110]?.count == Self.text.count)
            try await whileLogIsRead(store) {
                try await store.put(2_000)
                #expect(size(of: log) > 0)
            }
            store.close()
            #expect(try Home.examine(path: path).isHealthy)
        }
    }

    @Test func `a log does not grow beyond a few times its threshold under steady writing`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            var largest = 0
            for id in 0..<700 {
                try await store.put(id % 40, Self.text, .ordered)
                largest = max(largest, size(of: "\(path)/messages.sqlite-wal"))
            }
            #expect(largest < 128 << 20, "700 × 200 KB made a log of \(largest >> 20) MiB")
            store.close()
        }
    }

    @Test func `close ends the threads, also in the middle of a checkpoint`() async throws {
        try await withFolder { path in
            for round in 0..<3 {
                let store = try Store(notes: path)
                for id in 0..<(90 + round) { try await store.put(id, Self.text, .ordered) }
                store.close()
                store.close()
                let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                    .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
                #expect(!open.contains { $0.hasPrefix(path) && $0.contains(".sqlite") })
            }
        }
    }

    @Test func `free pages go back to the file system when it is quiet, and while it is not when they are many`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            func fill() async throws { for id in 1...200 { try await store.put(id, Self.text, .ordered) } }
            func drain() async throws {
                try await store.write(.ordered, reclaims: true) { transaction in
                    for id in 1...200 { try transaction.connection.run("DELETE FROM notes WHERE id = ?", .integer(id)) }
                }
            }
            try await fill()
            try await drain()
            // Each of these makes the log long enough to be moved, and leaves the pages of the one before free.
            try await eventually("a smaller database while it is in use") {
                for id in 1_000..<1_050 { try await store.put(id, Self.text, .ordered) }
                return size(of: store.path) < 30 << 20
            }
            try await fill()
            _ = try await store.write(.ordered, reclaims: true) { try $0.connection.run("DELETE FROM notes") }
            try await eventually("a small database once it is quiet") { size(of: store.path) < 2 << 20 }
            store.close()
            #expect(try Home.examine(path: path).isHealthy)
        }
    }
}
