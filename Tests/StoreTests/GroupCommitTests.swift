import Foundation
import Synchronization
import Testing

@testable import Store

/// Operations of many callers in one transaction: what they share, and what they do not.
struct GroupCommitTests {
    /// A store whose writer is held up while `queue` makes tasks: everything they ask for is then in one transaction.
    private func inOneTransaction<Value: Sendable>(
        _ path: String, queue: (Store) -> [Task<Value, any Error>]
    ) async throws -> (results: [Result<Value, any Error>], transactions: Int, store: Store) {
        let transactions = Counter()
        var seam = Seam()
        seam.insideTransaction = { transactions.add() }
        let store = try Store(notes: path, seam: seam)
        let gate = Gate()
        let blocker = Task { try await store.write { _ in gate.pass() } }
        await gate.reached()
        let tasks = queue(store)
        gate.open()
        try await blocker.value
        var results: [Result<Value, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return (results, transactions.count, store)
    }

    @Test func `a thousand operations that wait share one transaction`() async throws {
        try await withFolder { path in
            let (results, transactions, store) = try await inOneTransaction(path) { store in
                (0..<1_000).map { id in
                    Task.immediate {
                        try await store.write {
                            try $0.put(id, "note \(id)"); return id
                        }
                    }
                }
            }
            #expect(try results.map { try $0.get() } == Array(0..<1_000))
            // The one that held them up, and theirs.
            #expect(transactions == 2)
            #expect(try await store.notes().count == 1_000)
            store.close()
        }
    }

    @Test func `a transaction is bounded by operations and by bytes`() async throws {
        try await withFolder { path in
            let (results, transactions, store) = try await inOneTransaction(path) { store in
                (0..<3_000).map { id in Task.immediate { try await store.write { try $0.put(id) } } }
                    + (3_000..<3_010).map { id in Task.immediate { try await store.write(bytes: 600 << 10) { try $0.put(id) } } }
            }
            #expect(results.allSatisfy { (try? $0.get()) != nil })
            // The one that held them up; 1,024, 1,024 and 952 small ones; two of 600 KiB are beyond 1 MiB, so each of the ten is alone.
            #expect(transactions == 14)
            #expect(try await store.notes().count == 3_010)
            store.close()
        }
    }

    @Test func `many tasks at once share transactions without being held up`() async throws {
        try await withFolder { path in
            let transactions = Counter()
            var seam = Seam()
            seam.insideTransaction = {
                transactions.add()
                // As on a slow disk: what comes meanwhile is to be more than one.
                usleep(5_000)
            }
            let store = try Store(notes: path, seam: seam)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<64 {
                    group.addTask { for number in 0..<10 { try await store.put(lane * 10 + number) } }
                }
                try await group.waitForAll()
            }
            #expect(try await store.notes().count == 640)
            #expect(transactions.count < 320, "640 operations took \(transactions.count) transactions")
            store.close()
        }
    }

    @Test func `an operation that throws before it writes costs the others nothing`() async throws {
        try await withFolder { path in
            let (results, transactions, store) = try await inOneTransaction(path) { store in
                (0..<100).map { id in
                    Task.immediate {
                        try await store.write { transaction in
                            if id % 10 == 3 { throw NoteStore.Refused(id: id) }
                            try transaction.put(id)
                        }
                    }
                }
            }
            #expect(transactions == 2)
            for (id, result) in results.enumerated() {
                if id % 10 == 3 {
                    #expect(throws: NoteStore.Refused(id: id)) { try result.get() }
                } else {
                    #expect(throws: Never.self) { try result.get() }
                }
            }
            #expect(try await store.notes().keys.sorted() == (0..<100).filter { $0 % 10 != 3 })
            store.close()
        }
    }

    @Test func `an operation that throws after it wrote is undone alone`() async throws {
        try await withFolder { path in
            let (results, _, store) = try await inOneTransaction(path) { store in
                (0..<50).map { id in
                    Task.immediate {
                        try await store.write { transaction in
                            try transaction.put(id, "kept")
                            if id % 10 == 3 { throw NoteStore.Refused(id: id) }
                            return id
                        }
                    }
                }
            }
            for (id, result) in results.enumerated() {
                if id % 10 == 3 {
                    #expect(throws: NoteStore.Refused(id: id)) { try result.get() }
                } else {
                    #expect(try result.get() == id)
                }
            }
            #expect(try await store.notes().keys.sorted() == (0..<50).filter { $0 % 10 != 3 })
            store.close()
        }
    }

    @Test func `an operation that SQLite refuses is undone alone`() async throws {
        try await withFolder { path in
            let (results, _, store) = try await inOneTransaction(path) { store in
                (0..<20).map { id in
                    Task.immediate {
                        try await store.write { transaction in
                            try transaction.put(id)
                            if id == 7 { try transaction.connection.run("INSERT INTO notes VALUES (1000, NULL)") }
                        }
                    }
                }
            }
            #expect { try results[7].get() } throws: { ($0 as? StoreError)?.code == .statement }
            #expect(results.enumerated().allSatisfy { id, result in id == 7 || (try? result.get()) != nil })
            #expect(try await store.notes().keys.sorted() == (0..<20).filter { $0 != 7 })
            store.close()
        }
    }

    @Test func `an operation that meets damage does not fail its neighbours`() async throws {
        try await withFolder { path in
            let (results, _, store) = try await inOneTransaction(path) { store in
                (0..<20).map { id in
                    Task.immediate {
                        try await store.write { transaction in
                            if id == 7 { throw StoreError(.damaged, "This note cannot be read.") }
                            try transaction.put(id)
                        }
                    }
                }
            }
            #expect { try results[7].get() } throws: { ($0 as? StoreError)?.code == .damaged }
            #expect(results.enumerated().allSatisfy { id, result in id == 7 || (try? result.get()) != nil })
            #expect(try await store.notes().keys.sorted() == (0..<20).filter { $0 != 7 })
            store.close()
        }
    }

    @Test(arguments: ["", "short", String(repeating: "long enough to live elsewhere ", count: 200)])
    func `a text that is bound where it lies is written as it is`(text: String) async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            try await store.write { transaction in
                var text = text
                try text.withUTF8 { bytes in
                    _ = try transaction.connection.run("INSERT INTO notes VALUES (?, ?)") {
                        $0.set(1, 1)
                        $0.set(2, lasting: bytes)
                    }
                }
            }
            try await store.write { transaction in
                // Nowhere at all, as an empty text may be.
                _ = try transaction.connection.run("INSERT INTO notes VALUES (?, ?)") {
                    $0.set(1, 2)
                    $0.set(2, lasting: UnsafeBufferPointer(start: nil, count: 0))
                }
            }
            #expect(try await store.notes() == [1: text, 2: ""])
            store.close()
        }
    }

    @Test func `an operation sees what those before it in its transaction wrote`() async throws {
        try await withFolder { path in
            let (results, _, store) = try await inOneTransaction(path) { store in
                (0..<100).map { id in
                    Task.immediate {
                        try await store.write { transaction in
                            let count = try transaction.connection.first("SELECT count(*) FROM notes") { Int($0.integer(0)) } ?? -1
                            try transaction.put(id)
                            return count
                        }
                    }
                }
            }
            #expect(try results.map { try $0.get() } == Array(0..<100))
            store.close()
        }
    }

    @Test func `an operation cancelled while it waits is not done, and its neighbours are`() async throws {
        try await withFolder { path in
            let (results, _, store) = try await inOneTransaction(path) { store in
                let tasks = (0..<20).map { id in Task.immediate { try await store.put(id) } }
                for (id, task) in tasks.enumerated() where id.isMultiple(of: 2) { task.cancel() }
                return tasks
            }
            for (id, result) in results.enumerated() {
                if id.isMultiple(of: 2) {
                    #expect { try result.get() } throws: { ($0 as? StoreError)?.code == .cancelled }
                } else {
                    #expect(throws: Never.self) { try result.get() }
                }
            }
            #expect(try await store.notes().keys.sorted() == (0..<20).filter { !$0.isMultiple(of: 2) })
            store.close()
        }
    }

    @Test func `an operation cancelled before it is asked for is not done, one in flight gets its true outcome`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let early = Gate()
            let cancelled = Task {
                await early.reached()
                try await store.put(1)
            }
            cancelled.cancel()
            let opener = Task { try await store.write { _ in early.pass() } }
            early.open()
            try await opener.value
            await #expect { try await cancelled.value } throws: { ($0 as? StoreError)?.code == .cancelled }

            let gate = Gate()
            let late = Task {
                try await store.write { transaction in
                    gate.pass()
                    try transaction.put(2)
                }
            }
            await gate.reached()
            late.cancel()
            gate.open()
            try await late.value
            #expect(try await store.notes().keys.sorted() == [2])
            store.close()
        }
    }

    @Test func `a cancellation at any moment leaves either an error and nothing or a success and the note`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            for round in 0..<Rounds.count {
                var random = SplitMix(round: round)
                let tasks = (0..<40).map { id in Task { try await store.put(round * 40 + id, "", .ordered) } }
                for task in tasks.shuffled(using: &random).prefix(20) {
                    if Bool.random(using: &random) { await Task.yield() }
                    task.cancel()
                }
                for (id, task) in tasks.enumerated() {
                    let isThere = try await {
                        let result = await task.result; return (result, try await store.notes()[round * 40 + id] != nil)
                    }()
                    switch isThere.0 {
                    case .success: #expect(isThere.1, "\(Rounds.note) round \(round)")
                    case .failure(let error):
                        #expect((error as? StoreError)?.code == .cancelled)
                        #expect(!isThere.1, "\(Rounds.note) round \(round)")
                    }
                }
            }
            store.close()
        }
    }

    @Test func `what is accepted before close is done, what comes after is refused`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let tasks = (0..<200).map { id in Task.immediate { try await store.put(id, "", .ordered) } }
            await withCheckedContinuation { continuation in
                Thread {
                    store.close()
                    continuation.resume()
                }.start()
            }
            for task in tasks { try await task.value }
            await #expect { try await store.put(1_000) } throws: { ($0 as? StoreError)?.code == .closed }
            await #expect { try await store.notes() } throws: { ($0 as? StoreError)?.code == .closed }
            let again = try Store(notes: path)
            #expect(try await again.notes().count == 200)
            again.close()
        }
    }

    @Test func `a store that is dropped and not closed ends its threads, also when its writer drops it last`() async throws {
        try await withFolder { path in
            for round in 0..<Rounds.count {
                // The operation holds the store, as those of a registry do, and may be the last to let go of it.
                let tasks: [Task<Void, any Error>] = try {
                    let store = try Store(notes: path)
                    return (0..<4).map { id in
                        Task.immediate { try await store.write(.ordered) { [store] in try $0.put(store.path.count + round * 4 + id) } }
                    }
                }()
                for task in tasks { try await task.value }
            }
            try await eventually("the end of every descriptor of the folder") {
                let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                    .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
                return !open.contains { $0.hasPrefix(path) }
            }
        }
    }
}
