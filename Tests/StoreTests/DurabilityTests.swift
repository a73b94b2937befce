import Foundation
import GRDB
import Testing

@testable import Store

/// When a confirmed operation survives what: by the syncs that are made, and counted in system calls.
struct DurabilityTests {
    private func counting(_ syncs: Counter) -> Seam {
        var seam = Seam()
        seam.atSync = { () throws(StoreError) in syncs.add() }
        return seam
    }

    @Test func `a synced write waits for a sync, an ordered one for none`() async throws {
        try await withFolder { path in
            let syncs = Counter()
            let store = try Store(notes: path, seam: counting(syncs))
            for round in 1...3 {
                try await store.put(round)
                #expect(syncs.count == round)
                try await store.put(10 + round, "", .ordered)
                #expect(syncs.count == round)
            }
            store.close()
        }
    }

    @Test func `what finds nothing to write waits for what it found, of another process too`() async throws {
        try await withFolder { path in
            let syncs = Counter()
            let other = try Store(notes: path)
            let store = try Store(notes: path, seam: counting(syncs))
            try await other.put(1, "", .ordered)
            _ = try await store.write { _ in }
            #expect(syncs.count == 1)
            _ = try await store.write { _ in }
            #expect(syncs.count == 1, "nothing was committed since the last sync")
            try await other.put(2)
            _ = try await store.write { _ in }
            #expect(syncs.count == 2)
            store.close()
            other.close()
        }
    }

    @Test func `who does not ask for the disk is told before it is waited for`() async throws {
        try await withFolder { path in
            let inSync = Gate()
            var seam = Seam()
            seam.atSync = { () throws(StoreError) in inSync.pass() }
            let store = try Store(notes: path, seam: seam)
            let gate = Gate()
            let blocker = Task { try await store.write(.ordered) { _ in gate.pass() } }
            await gate.reached()
            let synced = Task.immediate {
                try await store.write {
                    try $0.put(1)
                    return $0.number
                }
            }
            let ordered = Task.immediate {
                try await store.write(.ordered) {
                    try $0.put(2)
                    return $0.number
                }
            }
            gate.open()
            try await blocker.value
            let transaction = try await ordered.value
            await inSync.reached()
            inSync.open()
            #expect(try await synced.value == transaction)
            store.close()
        }
    }

    @Test func `groups are made while the disk is waited for, and one sync confirms them all`() async throws {
        try await withFolder { path in
            let inSync = Gate()
            let syncs = Counter()
            var seam = Seam()
            seam.atSync = { () throws(StoreError) in
                syncs.add()
                inSync.pass()
            }
            let store = try Store(notes: path, seam: seam)
            let told = Counter()
            let gate = Gate()
            // Somebody waits behind it, so that the writer does not sync by itself.
            let first = Task.immediate {
                try await store.write {
                    try $0.put(1)
                    gate.pass()
                }
            }
            await gate.reached()
            let second = Task.immediate {
                try await store.write { try $0.put(2) }
                told.add()
            }
            gate.open()
            await inSync.reached()
            let third = Task.immediate {
                try await store.write { try $0.put(3) }
                told.add()
            }
            // Those who do not wait for the disk go on, and see what is being synced.
            try await store.put(4, "", .ordered)
            #expect(try await store.notes().keys.sorted() == [1, 2, 3, 4])
            #expect(told.count == 0)
            inSync.open()
            try await first.value
            try await second.value
            try await third.value
            #expect(syncs.count <= 3)
            store.close()
        }
    }

    @Test func `a failed sync leaves the outcome unknown, and the log is moved before anything else is confirmed`() async throws {
        try await withFolder { path in
            let fails = Counter()
            var seam = Seam()
            seam.atSync = { () throws(StoreError) in
                fails.add()
                if fails.count == 2 { throw StoreError(.outcomeUnknown, "The disk failed.") }
            }
            let store = try Store(notes: path, seam: seam)
            try await store.put(1)
            do {
                try await store.put(2)
                Issue.record("a write was confirmed whose sync failed")
            } catch {
                #expect((error as? StoreError)?.code == .outcomeUnknown)
            }
            let size = try FileManager.default.attributesOfItem(atPath: store.path + "-wal")[.size] as? Int
            #expect(size == 0)
            try await store.put(3)
            #expect(fails.count == 3)
            store.close()
        }
    }

    @Test func `while the log cannot be moved after a failed sync nothing is confirmed`() async throws {
        try await withFolder { path in
            let fails = Counter()
            var seam = Seam()
            seam.atSync = { () throws(StoreError) in
                fails.add()
                if fails.count == 1 { throw StoreError(.outcomeUnknown, "The disk failed.") }
            }
            let store = try Store(notes: path, seam: seam)
            // A reader of a program that is not ours keeps the log from being begun anew.
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let reader = try DatabaseQueue(path: store.path, configuration: configuration)
            try await reader.writeWithoutTransaction { database in
                try database.execute(sql: "BEGIN; SELECT count(*) FROM notes")
            }
            for id in 1...2 {
                do {
                    try await store.put(id)
                    Issue.record("a write was confirmed while the log could not be trusted")
                } catch {
                    #expect((error as? StoreError)?.code == .outcomeUnknown)
                }
            }
            try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            try await store.put(3)
            #expect(try await store.notes().keys.sorted() == [1, 2, 3])
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
            #expect(ordered - synced < 25, "fifty ordered writes made \(ordered - synced) syncs")
            #expect(await child.ask("put id=57") == "ok")
            #expect(try syncs() > ordered)
        }
    }
}
