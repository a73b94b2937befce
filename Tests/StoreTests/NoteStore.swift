import Store
import Synchronization

/// The simplest thing a store can keep.
enum NoteStore {
    static let schema = Schema(.messages, steps: ["CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"])

    /// A rule of the notes that was broken.
    struct Refused: Error, Equatable { let id: Int }
}

extension Store {
    convenience init(notes path: String, seam: Seam = Seam()) throws {
        try self.init(Home(path: path, seam: seam), NoteStore.schema)
    }

    func put(_ id: Int, _ text: String = "", _ durability: Durability = .synced, patience: Duration? = nil, reclaims: Bool = false)
        async throws
    {
        try await write(durability, patience: patience, reclaims: reclaims) { transaction in try transaction.put(id, text) }
    }

    func notes() async throws -> [Int: String] {
        let rows = try await read { try $0.all("SELECT id, text FROM notes") { (Int($0.integer(0)), $0.text(1)) } }
        return Dictionary(uniqueKeysWithValues: rows)
    }
}

extension Transaction {
    func put(_ id: Int, _ text: String = "") throws {
        try connection.run("INSERT OR REPLACE INTO notes VALUES (?, ?)", .integer(id), .text(text))
    }
}

/// A number that several threads count up.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func add() { value.add(1, ordering: .relaxed) }
    var count: Int { value.load(ordering: .relaxed) }
}
