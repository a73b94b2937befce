import Foundation
import GRDB
import Testing

@testable import Store

/// When a confirmed operation survives what: asked of SQLite, and counted in system calls.
struct DurabilityTests {
    private func synchronous(_ transaction: Transaction) throws -> Int {
        try transaction.connection.first("PRAGMA synchronous") { Int($0.integer(0)) } ?? -1
    }

    @Test func `a synced transaction is FULL, one of ordered operations only is NORMAL, and the next is FULL again`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            for _ in 0..<3 {
                #expect(
                    try await store.write {
                        try $0.put(1); return try self.synchronous($0)
                    } == 2)
                #expect(
                    try await store.write(.ordered) {
                        try $0.put(2); return try self.synchronous($0)
                    } == 1)
                #expect(
                    try await store.write(.ordered) {
                        try $0.put(3); return try self.synchronous($0)
                    } == 1)
            }
            #expect(try await store.write { try self.synchronous($0) } == 2)
            store.close()
        }
    }

    @Test func `one synced operation makes the transaction it shares FULL`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let gate = Gate()
            let blocker = Task { try await store.write(.ordered) { _ in gate.pass() } }
            await gate.reached()
            let tasks = (0..<10).map { id in
                Task.immediate {
                    try await store.write(id == 9 ? .synced : .ordered) {
                        try $0.put(id); return (try self.synchronous($0), $0.number)
                    }
                }
            }
            gate.open()
            try await blocker.value
            var transactions: Set<UInt64> = []
            for task in tasks {
                let (synchronous, number) = try await task.value
                #expect(synchronous == 2)
                transactions.insert(number)
            }
            #expect(transactions.count == 1)
            store.close()
        }
    }

    @Test func `after a failed commit and a fresh connection transactions are FULL as before`() async throws {
        try await withFolder { path in
            let fails = Counter()
            var seam = Seam()
            seam.atCommit = { () throws(StoreError) in
                fails.add()
                if fails.count == 2 { throw StoreError(.outcomeUnknown, "The disk failed.") }
            }
            let store = try Store(notes: path, seam: seam)
            try await store.put(1, "", .ordered)
            await #expect(throws: StoreError.self) { try await store.put(2, "", .ordered) }
            #expect(
                try await store.write {
                    try $0.put(3); return try self.synchronous($0)
                } == 2)
            #expect(
                try await store.write(.ordered) {
                    try $0.put(4); return try self.synchronous($0)
                } == 1)
            store.close()
        }
    }

    @Test func `the database is made in WAL mode, shrinks by increments and never checkpoints in a commit`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let pragmas = try await store.write { transaction in
                [
                    try transaction.connection.first("PRAGMA journal_mode") { $0.text(0) },
                    try transaction.connection.first("PRAGMA auto_vacuum") { $0.text(0) },
                    try transaction.connection.first("PRAGMA wal_autocheckpoint") { $0.text(0) },
                ]
            }
            #expect(pragmas == ["wal", "2", "0"])
            store.close()
        }
    }

    private static let canTrace = (try? run("strace", "-f", "-o", "/dev/null", "true")) == 0

    @Test(.enabled(if: canTrace, "strace is missing or may not trace"))
    func `a synced write syncs the disk and an ordered one does not`() async throws {
        try await withFolder { path in
            let log = "\(path)/trace"
            let child = try Child(
                "notes", "\(path)/home", before: ["strace", "-f", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", log])
            func syncs() throws -> Int {
                try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count {
                    $0.contains("sync") && !$0.contains("resumed")
                }
            }
            #expect(await child.ask("open") == "ok")
            #expect(await child.ask("put id=1") == "ok")
            let opened = try syncs()
            for id in 2...6 { #expect(await child.ask("put id=\(id)") == "ok") }
            let synced = try syncs()
            #expect(synced - opened >= 5, "five synced writes made \(synced - opened) syncs")
            for id in 7...56 { #expect(await child.ask("put ordered id=\(id)") == "ok") }
            // The quiet checkpoint is another thread's and may fall in here: a few syncs, not one for each write.
            let ordered = try syncs()
            #expect(ordered - synced <= 4, "fifty ordered writes made \(ordered - synced) syncs")
            #expect(await child.ask("put id=57") == "ok")
            #expect(try syncs() > ordered)
        }
    }
}
