import Foundation
import Testing

@testable import Store

/// A log that grows is written ahead of its end, and nothing reads what lies there.
struct LogRoomTests {
    @Test(
        arguments: [
            // A short log may never grow.
            (0, 0, nil), (100 << 10, 100 << 10, nil),
            // Twice its length, and later a megabyte more.
            (128 << 10, 128 << 10, 256 << 10), (600 << 10, 700 << 10, 1200 << 10), (8 << 20, 8 << 20, 9 << 20),
            // While a quarter is left, or a quarter of a megabyte.
            (128 << 10, 160 << 10, nil), (128 << 10, 159 << 10, 256 << 10), (8 << 20, (8 << 20) + (256 << 10), nil),
            (8 << 20, (8 << 20) + (255 << 10), 9 << 20),
            // A log that was started over.
            (200 << 10, 8 << 20, nil),
        ] as [(Int64, Int64, Int64?)])
    func `room is made in proportion`(used: Int64, size: Int64, target: Int64?) {
        #expect(LogRoom.target(used: used, size: size) == target)
    }

    @Test func `what lies ahead of the log's end is no part of it, also for who finds it after a crash`() async throws {
        try await withFolder { path in
            let store = try Store(notes: "\(path)/home")
            let text = String(repeating: "x", count: 4_000)
            try await whileLogIsRead(store) {
                for id in 0..<60 { try await store.put(id, text, .ordered) }
                let log = try Data(contentsOf: URL(filePath: "\(store.path)-wal"))
                #expect(log.count > 256 << 10 && log.suffix(16 << 10).allSatisfy { $0 == 0 })
                // As a crash would leave them: nobody has closed these.
                try FileManager.default.createDirectory(atPath: "\(path)/copy", withIntermediateDirectories: true)
                // By another process: closing a descriptor of a database here would drop SQLite's locks.
                #expect(try run("cp", store.path, "\(store.path)-wal", "\(path)/copy") == 0)
            }
            let copy = try Store(notes: "\(path)/copy")
            #expect(try await copy.notes() == store.notes())
            for id in 60..<80 { try await copy.put(id, text, .ordered) }
            #expect(try await copy.notes().count == 80)
            copy.close()
            store.close()
            #expect(try Home.examine(path: "\(path)/copy").isHealthy)
        }
    }
}
