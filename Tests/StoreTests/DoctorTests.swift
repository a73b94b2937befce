import Foundation
import GRDB
import Testing

@testable import Store

/// Damaged files: what is told, and what is saved; and backups.
struct DoctorTests {
    /// A home with two tables, closed, of some hundred pages.
    private static let schema = Schema(
        .messages,
        steps: [
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT; CREATE TABLE keys (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID"
        ])

    private func make(_ path: String) async throws {
        let store = try Store(Home(path: path), Self.schema)
        for lane in 0..<4 {
            try await store.write { transaction in
                for id in 0..<100 {
                    try transaction.put(lane * 100 + id, String(repeating: "text ", count: 60))
                    try transaction.connection.run("INSERT INTO keys VALUES (?, ?)", .text("key \(lane) \(id)"), .integer(id))
                }
            }
        }
        store.close()
        #expect(size(of: "\(path)/messages.sqlite-wal") == 0)
    }

    private func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
        let file = try FileHandle(forUpdating: URL(filePath: "\(path)/messages.sqlite"))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    /// A page with rows of a table, in the middle of the file: those at its start are moved about by SQLite.
    private func page(of content: String, in path: String) throws -> Int {
        let bytes = try Data(contentsOf: URL(filePath: "\(path)/messages.sqlite"))
        let found = try #require(bytes.range(of: Data(content.utf8), in: (bytes.count / 2)..<bytes.count))
        return found.lowerBound / 4096
    }

    @Test func `a healthy home is healthy, also while others use it, and each table is counted`() async throws {
        try await withFolder { path in
            try await make(path)
            let store = try Store(Home(path: path), Self.schema)
            try await store.put(1_000)
            let examination = try Home.examine(path: path)
            #expect(examination.isHealthy)
            #expect(examination.databases.map(\.rows) == [["notes": 401, "keys": 400]])
            #expect(examination.databases.map(\.version) == [1])
            try await store.put(1_001)
            store.close()
            #expect(throws: StoreError.self) { try Home.examine(path: "\(path)/nothing") }
        }
    }

    @Test func `an overwritten page is told by table, and the rest is saved`() async throws {
        try await withFolder { path in
            let home = "\(path)/home"
            try await make(home)
            let page = try page(of: "text text", in: home)
            try overwrite(home, at: page * 4096, with: [UInt8](repeating: 0xAA, count: 4096))
            let examination = try Home.examine(path: home)
            #expect(!examination.isHealthy)
            let problems = examination.databases.flatMap(\.problems)
            #expect(problems.contains { $0.hasPrefix("The table notes can be read to row ") }, "\(problems)")
            #expect(!problems.contains { $0.contains("The table keys") }, "\(problems)")
            #expect(examination.databases[0].rows["keys"] == 400)

            let saved = try Home.salvage(Self.schema, from: home, to: "\(path)/saved")
            #expect(saved["keys"] == 400)
            // About eleven rows lay on the page.
            #expect((370..<400).contains(saved["notes"] ?? 0), "\(saved)")
            #expect(try Home.examine(path: "\(path)/saved").isHealthy)
            let store = try Store(Home(path: "\(path)/saved"), Self.schema)
            try await store.put(5_000)
            let texts = try await store.notes()
            #expect(texts.filter { $0.key != 5_000 }.values.allSatisfy { $0 == String(repeating: "text ", count: 60) })
            store.close()
        }
    }

    @Test func `an overwritten header is damage, said to who opens and who examines`() async throws {
        try await withFolder { path in
            let home = "\(path)/home"
            try await make(home)
            try overwrite(home, at: 0, with: [UInt8](repeating: 0x20, count: 100))
            #expect { try Store(Home(path: home), Self.schema) } throws: { error in
                (error as? StoreError)?.code == .damaged && "\(error)".contains("discovery doctor")
            }
            let examination = try Home.examine(path: home)
            #expect(!examination.isHealthy && examination.databases[0].problems.contains { $0.contains("damaged") })
            #expect { try Home.salvage(Self.schema, from: home, to: "\(path)/saved") } throws: { ($0 as? StoreError)?.code == .damaged }
        }
    }

    @Test func `a reader and a writer that meet damage are told so`() async throws {
        try await withFolder { path in
            try await make(path)
            let page = try page(of: "text text", in: path)
            try overwrite(path, at: page * 4096, with: [UInt8](repeating: 0xAA, count: 4096))
            let store = try Store(Home(path: path), Self.schema)
            await #expect { try await store.notes() } throws: { ($0 as? StoreError)?.code == .damaged }
            await #expect { try await store.write { try $0.connection.run("UPDATE notes SET text = 'new'") } } throws: {
                ($0 as? StoreError)?.code == .damaged
            }
            // What is not affected works.
            let keys = try await store.read { try $0.first("SELECT count(*) FROM keys") { $0.integer(0) } }
            #expect(keys == 400)
            try await store.write { _ = try $0.connection.run("INSERT INTO keys VALUES ('after', 1)") }
            store.close()
        }
    }

    @Test func `random damage is never a crash, and what is saved is a healthy home`() async throws {
        try await withFolder { path in
            let original = "\(path)/original"
            try await make(original)
            let bytes = try Data(contentsOf: URL(filePath: "\(original)/messages.sqlite"))
            for round in 0..<Rounds.count {
                var random = SplitMix(round: round)
                let home = "\(path)/home"
                try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
                try bytes.write(to: URL(filePath: "\(home)/messages.sqlite"))
                for _ in 0...Int.random(in: 0...8, using: &random) {
                    let place = Int.random(in: 100..<(bytes.count - 2_000), using: &random)
                    let count = Int.random(in: 1...(Bool.random(using: &random) ? 4 : 2_000), using: &random)
                    try overwrite(home, at: place, with: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
                }
                _ = try Home.examine(path: home)
                do {
                    _ = try Home.salvage(Self.schema, from: home, to: "\(path)/saved")
                    #expect(try Home.examine(path: "\(path)/saved").isHealthy, "round \(round), \(Rounds.note)")
                } catch let error as StoreError {
                    #expect(error.code == .damaged, "\(error.message) Round \(round), \(Rounds.note)")
                }
                try FileManager.default.removeItem(atPath: home)
                try FileManager.default.removeItem(atPath: "\(path)/saved")
            }
        }
    }

    @Test func `a row that breaks a rule of its table is left behind, not a reason to save nothing`() async throws {
        try await withFolder { path in
            let home = "\(path)/home"
            try await make(home)
            // As damage may: a NULL where there is none, and a text where numbers are.
            let database = try DatabaseQueue(path: "\(home)/messages.sqlite")
            try await database.write { database in
                try database.execute(sql: "CREATE TABLE loose (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO loose SELECT * FROM notes")
                try database.execute(sql: "INSERT INTO loose VALUES (9000, NULL); DROP TABLE notes; ALTER TABLE loose RENAME TO notes")
            }
            try database.close()
            #expect(try Home.salvage(Self.schema, from: home, to: "\(path)/saved") == ["notes": 400, "keys": 400])
        }
    }

    @Test func `salvage overwrites nothing, and names what it does not find`() async throws {
        try await withFolder { path in
            try await make("\(path)/home")
            try Store(Home(path: "\(path)/other"), Self.schema).close()
            #expect { try Home.salvage(Self.schema, from: "\(path)/home", to: "\(path)/other") } throws: {
                "\($0)".contains("exists already")
            }
            #expect { try Home.salvage(Self.schema, from: "\(path)/none", to: "\(path)/new") } throws: {
                "\($0)".contains("There is no database")
            }
        }
    }

    @Test func `a backup made while others write is one state of the home, and is a home`() async throws {
        try await withFolder { path in
            let store = try Store(notes: "\(path)/home")
            let child = try Child("notes", "\(path)/home")
            #expect(await child.ask("open") == "ok")
            child.send("many from=1000 count=100000000 width=4 ordered patience=60000")
            // Two notes that are always changed together.
            let writing = Task {
                var number = 0
                while !Task.isCancelled {
                    number += 1
                    let text = "\(number)"
                    try await store.write(.ordered, patience: .seconds(60)) { transaction in
                        try transaction.put(1, text)
                        try transaction.put(2, text)
                    }
                }
            }
            try await eventually("both at work") {
                let notes = try await store.notes(); return notes[2] != nil && notes.count > 2
            }
            for number in 0..<5 {
                let confirmed = try await Set(store.notes().keys)
                try Home.backup(path: "\(path)/home", to: "\(path)/backup \(number)")
                #expect(try Home.examine(path: "\(path)/backup \(number)").isHealthy)
                let copy = try Store(notes: "\(path)/backup \(number)")
                let notes = try await copy.notes()
                #expect(notes[1] == notes[2])
                #expect(confirmed.isSubset(of: notes.keys))
                try await copy.put(3)
                copy.close()
            }
            writing.cancel()
            // Cancelled between two writes, or while one waited for its turn.
            do { try await writing.value } catch let error as StoreError where error.code == .cancelled {}
            child.end()
            store.close()
            #expect { try Home.backup(path: "\(path)/home", to: "\(path)/backup 0") } throws: { "\($0)".contains("is not empty") }
            #expect { try Home.backup(path: "\(path)/nothing", to: "\(path)/new") } throws: { "\($0)".contains("There is no home") }
        }
    }
}
