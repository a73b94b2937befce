import Foundation
import Testing

@testable import Store

/// Commits that fail, disks that are full, limits on file sizes: what callers are told, and that the store goes on.
struct FailureTests {
    @Test(arguments: [StoreError.Code.outcomeUnknown, .full, .statement])
    func `a commit that fails is told to all its callers and loses nothing that was confirmed`(code: StoreError.Code) async throws {
        try await withFolder { path in
            let commits = Counter()
            var seam = Seam()
            seam.atCommit = { () throws(StoreError) in
                commits.add()
                if commits.count.isMultiple(of: 3) { throw StoreError(code, "The commit failed.") }
            }
            let store = try Store(notes: path, seam: seam)
            let other = try Store(notes: path)
            var confirmed: Set<Int> = []
            for id in 0..<30 {
                do {
                    try await store.put(id)
                    confirmed.insert(id)
                } catch let error as StoreError {
                    #expect(error.code == code)
                }
                // Readers of this store and of another are served all along, and the counter is never left odd.
                #expect(try await Set(store.notes().keys) == confirmed)
                #expect(try await Set(other.notes().keys) == confirmed)
                #expect(other.version().isMultiple(of: 2))
            }
            #expect(confirmed.count == 20)
            store.close()
            other.close()
            let again = try Store(notes: path)
            #expect(try await Set(again.notes().keys) == confirmed)
            again.close()
        }
    }

    @Test func `a transaction that fails inside fails its operations and nothing else`() async throws {
        try await withFolder { path in
            let transactions = Counter()
            var seam = Seam()
            seam.insideTransaction = { () throws(StoreError) in
                transactions.add()
                if transactions.count == 2 { throw StoreError(.full, "The disk is full.") }
            }
            let store = try Store(notes: path, seam: seam)
            try await store.put(1)
            await #expect { try await store.put(2) } throws: { ($0 as? StoreError)?.code == .full }
            try await store.put(3)
            #expect(try await store.notes().keys.sorted() == [1, 3])
            store.close()
        }
    }

    @Test func `a database that cannot be opened again after a failure says why, and works once it can`() async throws {
        try await withFolder { path in
            let file = "\(path)/messages.sqlite"
            symlink("\(path)/no folder/messages.sqlite", "\(path)/nowhere")
            let commits = Counter()
            var seam = Seam()
            seam.atCommit = { () throws(StoreError) in
                commits.add()
                guard commits.count == 2 else { return }
                link(file, "\(path)/away")
                // In one step: a thread that opens the file just then would make a new one where there is none.
                rename("\(path)/nowhere", file)
                throw StoreError(.outcomeUnknown, "The disk failed.")
            }
            let store = try Store(notes: path, seam: seam)
            try await store.put(1)
            await #expect { try await store.put(2) } throws: { ($0 as? StoreError)?.code == .outcomeUnknown }
            await #expect { try await store.put(3) } throws: { ($0 as? StoreError)?.code == .unusable }
            await #expect { try await store.notes() } throws: { ($0 as? StoreError)?.code == .unusable }
            rename("\(path)/away", file)
            try await store.put(4)
            #expect(try await store.notes().keys.sorted() == [1, 4])
            store.close()
            await #expect { try await store.put(5) } throws: { ($0 as? StoreError)?.code == .closed }
        }
    }

    @Test func `a process at its limit on file sizes is told full, loses nothing, and goes on when the limit is raised`() async throws {
        try await withFolder { path in
            let child = try Child("notes", path)
            #expect(await child.ask("open") == "ok")
            for id in 0..<5 { #expect(await child.ask("put id=\(id) size=10000") == "ok") }
            let limit = size(of: "\(path)/messages.sqlite-wal") + 100_000
            #expect(await child.ask("limit bytes=\(limit)") == "ok")
            var confirmed = 5
            var answer = ""
            for id in 5..<60 {
                answer = await child.ask("put id=\(id) size=10000")
                guard answer == "ok" else { break }
                confirmed += 1
            }
            #expect(answer.hasPrefix("error full"), "\(answer)")
            #expect(await child.ask("put id=1000 size=1000000").hasPrefix("error full"))
            #expect(await child.ask("count") == "ok \(confirmed)")
            #expect(await child.ask("limit") == "ok")
            #expect(await child.ask("put id=1001") == "ok")
            #expect(await child.ask("count") == "ok \(confirmed + 1)")
            child.end()
            let store = try Store(notes: path)
            let notes = try await store.notes()
            #expect(notes.count == confirmed + 1 && notes[1001] != nil)
            store.close()
            #expect(try Home.examine(path: path).isHealthy)
        }
    }

    @Test(.enabled(if: canMount, "only root can mount a small file system"))
    func `on a full disk senders are refused, consumers go on by the ballast, and it is taken again when there is room`() async throws {
        try await withSmallDisk(megabytes: 96) { path in
            let home = "\(path)/home"
            let store = try Store(notes: home)
            let text = String(repeating: "x", count: 100_000)
            for id in 0..<20 { try await store.put(id, text) }
            #expect(size(of: "\(home)/ballast") == 16 << 20)
            fill("\(path)/filler")
            var confirmed = 20
            var refused: StoreError?
            for id in 20..<400 {
                do { try await store.put(id, text) } catch let error as StoreError {
                    refused = error
                    break
                }
                confirmed += 1
            }
            #expect(refused?.code == .full)
            // To the last page: a checkpoint may have made room since.
            while (try? await store.put(10_000 + confirmed)) != nil { confirmed += 1 }
            #expect(size(of: "\(home)/ballast") == 16 << 20)
            #expect(try await store.notes().count == confirmed)

            let removed = try await store.write(reclaims: true) { try $0.connection.run("DELETE FROM notes WHERE id < 10") }
            #expect(removed == 10)
            #expect(size(of: "\(home)/ballast") == 0)
            #expect(try await store.notes().count == confirmed - 10)

            unlink("\(path)/filler")
            try await store.put(1_000)
            try await eventually("the ballast") { size(of: "\(home)/ballast") == 16 << 20 }
            store.close()
            #expect(try Home.examine(path: home).isHealthy)
        }
    }

    @Test(.enabled(if: canMount, "only root can mount a small file system"))
    func `a home that is opened on a full disk says so, and opens when there is room`() async throws {
        try await withSmallDisk(megabytes: 4) { path in
            let home = "\(path)/home"
            let store = try Store(notes: home)
            try await store.put(1)
            store.close()
            fill("\(path)/filler")
            let child = try Child("notes", home)
            let answer = await child.ask("open")
            #expect(answer.hasPrefix("error full") && answer.contains("Make room"), "\(answer)")
            unlink("\(path)/filler")
            #expect(await child.ask("open") == "ok")
            #expect(await child.ask("get id=1") != "ok -")
        }
    }

    @Test(.enabled(if: canMount, "only root can mount a small file system"))
    func `the ballast that one process gave up is seen and taken again by another, and the other way round`() async throws {
        try await withSmallDisk(megabytes: 96) { path in
            let home = "\(path)/home"
            let stays = try Store(notes: home)
            let text = String(repeating: "x", count: 100_000)
            for id in 1...10 { try await stays.put(id, text) }
            func sendUntilFull(from first: Int) async throws {
                for id in first..<(first + 400) {
                    do { try await stays.put(id, text) } catch let error as StoreError {
                        #expect(error.code == .full)
                        // To the last page: a checkpoint may have made room since.
                        var small = 10_000
                        while (try? await stays.put(small)) != nil { small += 1 }
                        return
                    }
                }
                Issue.record("the disk was never full")
            }
            let leaves = try Child("notes", home)
            #expect(await leaves.ask("open") == "ok")
            fill("\(path)/filler")
            try await sendUntilFull(from: 100)
            #expect(await leaves.ask("drop id=1") == "ok 1")
            #expect(size(of: "\(home)/ballast") == 0)
            leaves.end()
            unlink("\(path)/filler")
            try await stays.put(2)
            try await eventually("the ballast, taken again by a process that never gave it up") { size(of: "\(home)/ballast") == 16 << 20 }

            // And a process that opened the home before there was ballast may use what another set aside since.
            truncate("\(home)/ballast", 0)
            fill("\(path)/filler")
            truncate("\(path)/filler", off_t(max(0, size(of: "\(path)/filler") - (8 << 20))))
            let early = try Child("notes", home)
            #expect(await early.ask("open") == "ok")
            unlink("\(path)/filler")
            try await eventually("the ballast, taken by another that opens the home") {
                try Store(notes: home).close()
                return size(of: "\(home)/ballast") == 16 << 20
            }
            fill("\(path)/filler")
            try await sendUntilFull(from: 1_000)
            #expect(await early.ask("drop id=3") == "ok 1")
            early.end()
            stays.close()
        }
    }
}
