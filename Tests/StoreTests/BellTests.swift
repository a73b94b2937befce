import Foundation
import Synchronization
import Testing

@testable import Store

/// Sleepers are woken by the next ring, in this process or another, and by nothing else.
struct BellTests {
    private static let bell = Bell(for: "bell")

    private func ring(_ store: Store, _ bell: Bell = bell, note id: Int) async throws {
        try await store.write(.ordered, patience: .seconds(60)) { transaction in
            try transaction.put(id)
            transaction.ring(bell)
        }
    }

    /// A bell that `name` does not share.
    private static func another(than other: Bell) -> Bell {
        (0...).lazy.map { Bell(for: "another \($0)") }.first { $0 != other }!
    }

    @Test func `a sleeper in another process is woken by a ring`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let child = try Child("notes", path)
            #expect(await child.ask("open") == "ok")
            for id in 1...50 {
                let rings = await child.ask("rings bell=bell").dropFirst(3)
                child.send("sleep bell=bell since=\(rings)")
                try await ring(store, note: id)
                #expect(await child.line() == "ok true")
            }
            store.close()
        }
    }

    @Test func `a sleeper in the same process, and one at another store of it, are woken by a ring`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let other = try Home(path: path)
            for id in 1...50 {
                let home = store.home
                let rings = home.rings(of: Self.bell)
                let near = Task.immediate { try await home.sleep(at: Self.bell, since: rings) }
                let far = Task.immediate { try await other.sleep(at: Self.bell, since: rings) }
                try await ring(store, note: id)
                #expect(try await near.value)
                #expect(try await far.value)
            }
            store.close()
        }
    }

    @Test func `a ring is heard after the commit that it belongs to can be seen`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let watcher = try Store(notes: path)
            for id in 1...300 {
                let version = watcher.version()
                let rings = watcher.home.rings(of: Self.bell)
                // Wakes the moment the bell rings, and must then see that there is something to look at.
                let task = Task { @concurrent in
                    await withCheckedContinuation { continuation in
                        Thread {
                            while watcher.home.rings(of: Self.bell) == rings {}
                            continuation.resume(returning: watcher.isStill(version))
                        }.start()
                    }
                }
                try await ring(store, note: id)
                #expect(await !task.value, "ring \(id) was heard before its commit could be seen")
            }
            store.close()
            watcher.close()
        }
    }

    @Test func `a transaction that is undone rings nothing, nor one that wrote nothing`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let rings = store.home.rings(of: Self.bell)
            await #expect(throws: NoteStore.Refused.self) {
                try await store.write { transaction in
                    try transaction.put(1)
                    transaction.ring(Self.bell)
                    throw NoteStore.Refused(id: 1)
                }
            }
            #expect(store.home.rings(of: Self.bell) == rings)
            store.close()
        }
    }

    @Test func `a bell that rang between reading it and sleeping is not slept through`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let rings = store.home.rings(of: Self.bell)
            try await ring(store, note: 1)
            #expect(try await store.home.sleep(at: Self.bell, since: rings))
            store.close()
        }
    }

    @Test func `no wake-up is lost in thousands of races between threads`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            // Each waits for the other's ring before it rings: one lost wake-up and both would sleep for ever.
            let ping = Bell(for: "ping")
            let pong = Self.another(than: ping)
            let rounds = 3_000
            try await withThrowingTaskGroup(of: Void.self) { group in
                let heard = store.home.rings(of: ping)
                group.addTask {
                    // The second player reads its bell before the first can ring it.
                    var heard = heard
                    for _ in 0..<rounds {
                        let isRung = try await store.home.sleep(at: ping, since: heard)
                        #expect(isRung)
                        heard = store.home.rings(of: ping)
                        store.home.ring(pong.mask)
                    }
                }
                group.addTask {
                    for _ in 0..<rounds {
                        let heard = store.home.rings(of: pong)
                        store.home.ring(ping.mask)
                        let isRung = try await store.home.sleep(at: pong, since: heard)
                        #expect(isRung)
                    }
                }
                try await group.waitForAll()
            }
            store.close()
        }
    }

    @Test func `no wake-up is lost in thousands of races between processes that look only when the version moved`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let child = try Child("notes", path)
            #expect(await child.ask("open") == "ok")
            let rounds = 1_500
            #expect(await child.ask("echo hears=ping rings=pong rounds=\(rounds)") == "ok listening")
            let ping = Bell(for: "ping")
            let pong = Bell(for: "pong")
            try #require(ping != pong)
            for id in 1...rounds {
                try await ring(store, ping, note: id)
                while true {
                    let rings = store.home.rings(of: pong)
                    let version = store.version()
                    let text = try await store.read { try $0.first("SELECT text FROM notes WHERE id = ?", .integer(id)) { $0.text(0) } }
                    if text == "heard" { break }
                    guard store.isStill(version) else { continue }
                    let isRung = try await store.home.sleep(at: pong, since: rings, until: .now + .seconds(60))
                    try #require(isRung, "round \(id): no answer within a minute")
                }
            }
            #expect(await child.line() == "ok \(rounds)")
            store.close()
        }
    }

    @Test func `a sleeper whose deadline comes wakes without a ring`() async throws {
        try await withFolder { path in
            let home = try Home(path: path)
            let rings = home.rings(of: Self.bell)
            let start = ContinuousClock.now
            #expect(try await !home.sleep(at: Self.bell, since: rings, until: start + .milliseconds(30)))
            #expect(ContinuousClock.now >= start + .milliseconds(30))
            #expect(try await !home.sleep(at: Self.bell, since: rings, until: start))
            // One that has long to sleep does not keep the others from their deadlines.
            let long = Task.immediate { try await home.sleep(at: Self.bell, since: rings, until: start + .seconds(3_600)) }
            let endless = Task.immediate { try await home.sleep(at: Self.bell, since: rings) }
            for _ in 0..<5 { #expect(try await !home.sleep(at: Self.bell, since: rings, until: .now + .milliseconds(5))) }
            long.cancel()
            endless.cancel()
            #expect(try await !long.value)
            #expect(try await !endless.value)
        }
    }

    @Test func `a cancelled sleeper wakes, before and while it sleeps`() async throws {
        try await withFolder { path in
            let home = try Home(path: path)
            let rings = home.rings(of: Self.bell)
            for round in 0..<(Rounds.count * 10) {
                let task = Task { try await home.sleep(at: Self.bell, since: rings) }
                if round.isMultiple(of: 2) { await Task.yield() }
                task.cancel()
                #expect(try await !task.value)
            }
        }
    }

    @Test func `one ring wakes a thousand sleepers at its bell and none at another`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let home = store.home
            let other = Self.another(than: Self.bell)
            let child = try Child("notes", path)
            #expect(await child.ask("open") == "ok")
            for round in 0..<3 {
                let rings = home.rings(of: Self.bell)
                let silent = home.rings(of: other)
                let sleepers = (0..<1_000).map { _ in Task.immediate { try await home.sleep(at: Self.bell, since: rings) } }
                let others = (0..<10).map { _ in Task.immediate { try await home.sleep(at: other, since: silent) } }
                // From this process and from another.
                if round == 0 { try await ring(store, note: 1) } else { #expect(await child.ask("put id=\(round) bell=bell") == "ok") }
                for sleeper in sleepers { #expect(try await sleeper.value) }
                for other in others { other.cancel() }
                for other in others { #expect(try await !other.value) }
            }
            store.close()
        }
    }

    @Test func `sleepers that were killed leave nothing behind`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            let flag = store.home.signals.file.word(128 + Self.bell.index)
            for round in 1...10 {
                let child = try Child("notes", path)
                #expect(await child.ask("open") == "ok")
                child.send("sleep bell=bell since=\(store.home.rings(of: Self.bell))")
                try await eventually("a sleeper") { flag.pointee.load(ordering: .sequentiallyConsistent) == 1 }
                child.end()
                // One ring finds the flag; from then on nobody is thought to sleep.
                try await ring(store, note: round)
                #expect(flag.pointee.load(ordering: .sequentiallyConsistent) == 0)
            }
            store.close()
        }
    }

    @Test func `a home that is let go while somebody was about to sleep ends its thread`() async throws {
        try await withFolder { path in
            for _ in 0..<min(Rounds.count, 100) {
                let home = try Home(path: path)
                let rings = home.rings(of: Self.bell)
                #expect(try await !home.sleep(at: Self.bell, since: rings, until: .now))
            }
            try await eventually("the end of every file watch") {
                let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
                    .compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8) }
                return threads.count { $0.hasPrefix("discovery-bells") } < 30
            }
        }
    }
}
