import Foundation
import Testing

@testable import Store

/// One atomic load tells whether what a reader holds is current: in a process, between processes, and after a writer's death.
struct FreshnessTests {
    @Test func `another store of the same home sees each confirmed write at its next look`() async throws {
        try await withFolder { path in
            let writer = try Store(notes: path)
            let reader = try Store(notes: path)
            var known = reader.version()
            for id in 1...500 {
                #expect(reader.isStill(known))
                try await writer.put(id, "", .ordered)
                #expect(!reader.isStill(known))
                known = reader.version()
                #expect(try await reader.notes().count == id)
            }
            writer.close()
            reader.close()
        }
    }

    @Test func `what wrote nothing changes no version`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            try await store.put(1)
            let known = store.version()
            await #expect(throws: NoteStore.Refused.self) { try await store.write { _ in throw NoteStore.Refused(id: 1) } }
            try await store.write { _ = try $0.connection.run("UPDATE notes SET text = 'a' WHERE id = 99") }
            await #expect(throws: NoteStore.Refused.self) {
                try await store.write {
                    try $0.put(2)
                    throw NoteStore.Refused(id: 2)
                }
            }
            #expect(store.isStill(known))
            store.close()
        }
    }

    @Test func `the databases of a home have versions of their own`() async throws {
        try await withFolder { path in
            let home = try Home(path: path)
            let notes = try Store(home, NoteStore.schema)
            let others = try Store(home, Schema(.registry, steps: ["CREATE TABLE others (id INTEGER PRIMARY KEY) STRICT"]))
            let known = others.version()
            try await notes.put(1)
            #expect(others.isStill(known))
            try await others.write { _ = try $0.connection.run("INSERT INTO others VALUES (1)") }
            #expect(!others.isStill(known))
            notes.close()
            others.close()
        }
    }

    @Test func `a write of another process is seen at the very next look, thousands of times`() async throws {
        try await withFolder { path in
            let reader = try Store(notes: path)
            let writer = try Child("notes", path)
            #expect(await writer.ask("open") == "ok")
            var known = reader.version()
            var isStale = 0
            for id in 1...2_000 {
                guard await writer.ask("put ordered id=\(id)") == "ok" else { Issue.record("the writer has ended"); break }
                if reader.isStill(known) { isStale += 1 }
                known = reader.version()
                let seen = try await reader.read { try $0.first("SELECT max(id) FROM notes") { Int($0.integer(0)) } }
                #expect(seen == id)
                guard seen == id else { break }
            }
            #expect(isStale == 0, "\(isStale) of 2,000 confirmed writes were not noticed")
            reader.close()
        }
    }

    @Test func `a cache kept by version is right whenever a write was confirmed before, however many write at once`() async throws {
        try await withFolder { path in
            let reader = try Store(notes: path)
            let writers = try (0..<2).map { _ in try Child("notes", path) }
            for writer in writers { #expect(await writer.ask("open") == "ok") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, writer) in writers.enumerated() {
                    group.addTask {
                        // The other writer commits at all times: the word is odd as often as not.
                        var cache = (version: reader.version(), notes: try await reader.notes())
                        for number in 1...300 {
                            let id = index * 1_000 + number
                            #expect(await writer.ask("put ordered id=\(id)") == "ok")
                            if !reader.isStill(cache.version) {
                                let version = reader.version()
                                cache = (version, try await reader.notes())
                            }
                            #expect(cache.notes[id] != nil, "the confirmed note \(id) is missing in a cache said to be current")
                        }
                    }
                }
                try await group.waitForAll()
            }
            reader.close()
        }
    }

    @Test func `a writer killed between commit and counter is noticed at the very next look`() async throws {
        try await withFolder { path in
            let reader = try Store(notes: path)
            for round in 1...min(Rounds.count, 30) {
                let writer = try Child("notes", path)
                #expect(await writer.ask("open") == "ok")
                let known = reader.version()
                #expect(await writer.ask("fate kill") == "ok")
                #expect(await writer.ask("put id=\(round)") == "ended")
                writer.wait()
                #expect(!reader.isStill(known))
                let next = reader.version()
                #expect(next.isMultiple(of: 2) && next > known)
                #expect(try await reader.notes().count == round)
                #expect(reader.isStill(next))
            }
            // And the next writer goes on from there.
            let known = reader.version()
            try await reader.put(10_000)
            #expect(!reader.isStill(known))
            reader.close()
        }
    }

    @Test func `of all who notice a dead writer none is told an old version`() async throws {
        try await withFolder { path in
            let readers = try (0..<4).map { _ in try Store(notes: path) }
            for round in 1...10 {
                let writer = try Child("notes", path)
                #expect(await writer.ask("open") == "ok")
                #expect(await writer.ask("fate kill") == "ok")
                let known = readers[0].version()
                #expect(await writer.ask("put id=\(round)") == "ended")
                writer.wait()
                let versions = await withTaskGroup(of: UInt64.self) { group in
                    for reader in readers { group.addTask { reader.version() } }
                    return await group.reduce(into: Set<UInt64>()) { $0.insert($1) }
                }
                #expect(versions == [known + 2])
            }
            for reader in readers { reader.close() }
        }
    }

    @Test func `while a commit is under way the version is the one before it`() async throws {
        try await withFolder { path in
            let gate = Gate()
            var seam = Seam()
            seam.afterCommit = { gate.pass() }
            let writer = try Store(notes: path, seam: seam)
            let reader = try Store(notes: path)
            let known = reader.version()
            let task = Task { try await writer.put(1) }
            await gate.reached()
            #expect(reader.version() == known)
            #expect(writer.version() == known)
            gate.open()
            try await task.value
            #expect(!reader.isStill(known))
            writer.close()
            reader.close()
        }
    }
}
