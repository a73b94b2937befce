import Foundation
import Testing

@testable import Store

/// The writer lock between processes and between the threads of one.
struct LockTests {
    @Test func `four processes that write at once all complete`() async throws {
        try await withFolder { path in
            let writers = try (0..<4).map { _ in try Child("notes", path) }
            for writer in writers { #expect(await writer.ask("open") == "ok") }
            await withTaskGroup(of: Void.self) { group in
                for (index, writer) in writers.enumerated() {
                    group.addTask {
                        let answer = await writer.ask("many from=\(index * 1_000) count=300 width=\(index + 1) ordered patience=60000")
                        #expect(answer == "ok 300")
                    }
                }
            }
            let store = try Store(notes: path)
            #expect(try await store.notes().count == 1_200)
            store.close()
        }
    }

    @Test func `a writer that never rests does not starve one that wants the lock now and then`() async throws {
        try await withFolder { path in
            let busy = try Child("notes", path)
            #expect(await busy.ask("open") == "ok")
            let store = try Store(notes: path)
            busy.send("many from=0 count=100000000 width=64 patience=60000")
            try await eventually("the busy writer at work") { try await !store.notes().isEmpty }
            // One that never got its turn would be told `.busy`.
            for id in 1...40 { try await store.put(-id, "", .ordered, patience: .seconds(60)) }
            let notes = try await store.notes()
            #expect((1...40).allSatisfy { notes[-$0] != nil })
            busy.end()
            store.close()
        }
    }

    @Test func `while a writer is stopped inside a transaction others read, and who writes is told its name`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            try await store.put(1)
            let stopped = try Child("notes", path)
            #expect(await stopped.ask("open") == "ok")
            #expect(await stopped.ask("fate stop") == "ok")
            stopped.send("put id=2")
            await stopped.waitUntilStopped()

            #expect(try await store.notes().keys.sorted() == [1])
            do {
                try await store.put(3, patience: .milliseconds(200))
                Issue.record("wrote while another held the lock")
            } catch let error as StoreError {
                #expect(error.code == .busy)
                #expect(error.message.contains("`Processes` (pid \(stopped.id)), which is stopped: continue or end it"), "\(error.message)")
            }
            // Opening needs the lock too, and reading goes on meanwhile.
            #expect(try await store.notes().keys.sorted() == [1])
            let waiting = Task { try await store.put(4, patience: .seconds(60)) }
            stopped.kill(SIGCONT)
            try await waiting.value
            #expect(await stopped.line() == "ok")
            #expect(try await store.notes().keys.sorted() == [1, 2, 4])
            store.close()
        }
    }

    @Test func `each operation waits for other processes as long as it said, whoever else waits`() async throws {
        try await withFolder { path in
            let holder = try FairLock(path: "\(path)/lock-messages")
            let store = try Store(notes: path)
            #expect(try holder.acquire(until: .distantPast))
            let patient = Task.immediate { try await store.put(1, patience: .seconds(600)) }
            // Queued when the writer already waits on behalf of the patient one, or just before: both are to work.
            try await Task.sleep(for: .milliseconds(50))
            let hasty = Task.immediate { try await store.put(2, patience: .milliseconds(50)) }
            await #expect { try await hasty.value } throws: { ($0 as? StoreError)?.code == .busy }
            holder.release()
            try await patient.value
            #expect(try await store.notes().keys.sorted() == [1])
            store.close()
        }
    }

    @Test func `who comes while others wait does not wait for the end of their patience first`() async throws {
        try await withFolder { path in
            let holder = try FairLock(path: "\(path)/lock-messages")
            let store = try Store(notes: path)
            #expect(try holder.acquire(until: .distantPast))
            var orders: [[Int]] = []
            // A machine that stalls may mix an order up; one that is wrong each time is ours.
            while orders.last != [1, 3, 2, 0], orders.count < 5 {
                let (ended, end) = AsyncStream<Int>.makeStream()
                // All but the first come when the writer waits already; did they begin to wait when the first has given up, they would end
                // after 4 s.
                for (id, patience) in [(1, 2.0), (2, 2.8), (3, 2.3)] {
                    Task.immediate {
                        await #expect { try await store.put(id, patience: .seconds(patience)) } throws: {
                            ($0 as? StoreError)?.code == .busy
                        }
                        end.yield(id)
                    }
                    try await Task.sleep(for: .milliseconds(50))
                }
                Task {
                    try await Task.sleep(for: .seconds(3.25))
                    end.yield(0)
                }
                await orders.append(ended.prefix(4).reduce(into: []) { $0.append($1) })
            }
            #expect(orders.last == [1, 3, 2, 0], "\(orders)")
            holder.release()
            store.close()
        }
    }

    /// As after a stall of the machine, in which the lock was released and the time ran out.
    @Test func `who has no time left takes what is free, though the thread that waits for it has not come to it`() async throws {
        try await withFolder { path in
            let (holder, lock) = (try FairLock(path: "\(path)/lock"), try FairLock(path: "\(path)/lock"))
            var taken = 0
            for _ in 0..<100 {
                #expect(try holder.acquire(until: .distantFuture))
                #expect(try !lock.acquire(until: Date(timeIntervalSinceNow: 0.001)))
                holder.release()
                guard try lock.acquire(until: .distantPast) else { continue }
                taken += 1
                lock.release()
            }
            // Now and then the thread has it in its hands just then.
            #expect(taken > 50)
        }
    }

    @Test func `an operation whose patience is over is not done later`() async throws {
        try await withFolder { path in
            let holder = try FairLock(path: "\(path)/lock-messages")
            let store = try Store(notes: path)
            #expect(try holder.acquire(until: .distantPast))
            for id in 1...5 {
                await #expect { try await store.put(id, patience: .milliseconds(20)) } throws: { ($0 as? StoreError)?.code == .busy }
            }
            let cancelled = Task.immediate { try await store.put(6) }
            cancelled.cancel()
            await #expect { try await cancelled.value } throws: { ($0 as? StoreError)?.code == .cancelled }
            holder.release()
            try await store.put(7)
            #expect(try await store.notes().keys.sorted() == [7])
            store.close()
        }
    }

    @Test func `threads of one process take turns at one lock object`() async throws {
        try await withFolder { path in
            let lock = try FairLock(path: "\(path)/lock")
            let other = try FairLock(path: "\(path)/lock")
            let inside = Counter()
            let turns = Counter()
            // As the writer and the checkpointer do, of which one does not wait; and as another process does.
            await withTaskGroup(of: Void.self) { group in
                for lane in 0..<6 {
                    group.addTask {
                        await withCheckedContinuation { continuation in
                            Thread {
                                for _ in 0..<300 {
                                    let used = lane < 4 ? lock : other
                                    let deadline: Date = lane.isMultiple(of: 2) ? .distantFuture : .distantPast
                                    guard (try? used.acquire(until: deadline)) == true else { continue }
                                    let before = inside.count
                                    inside.add()
                                    sched_yield()
                                    if inside.count != before + 1 { Issue.record("two held the lock at once") }
                                    turns.add()
                                    used.release()
                                }
                                continuation.resume()
                            }.start()
                        }
                    }
                }
            }
            #expect(turns.count >= 900)
            #expect(!lock.isHeld())
        }
    }

    @Test func `who gave up waiting does not hold the lock afterwards, and can ask again`() async throws {
        try await withFolder { path in
            let holder = try FairLock(path: "\(path)/lock")
            let lock = try FairLock(path: "\(path)/lock")
            for _ in 0..<Rounds.count {
                #expect(try holder.acquire(until: .distantFuture))
                #expect(lock.isHeld() && holder.isHeld())
                #expect(try !lock.acquire(until: Date(timeIntervalSinceNow: 0.002)))
                holder.release()
                #expect(try lock.acquire(until: .distantFuture))
                #expect(holder.isHeld())
                lock.release()
            }
            try await eventually("a free lock") { !holder.isHeld() }
        }
    }

    @Test func `a holder that was killed is not waited for`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path)
            for id in 1...5 {
                let child = try Child("notes", path)
                #expect(await child.ask("open") == "ok")
                #expect(await child.ask("fate stop") == "ok")
                child.send("put id=\(100 + id)")
                await child.waitUntilStopped()
                let waiting = Task { try await store.put(id, patience: .seconds(60)) }
                child.end()
                try await waiting.value
            }
            #expect(try await store.notes().keys.sorted() == [1, 2, 3, 4, 5])
            store.close()
        }
    }

    @Test func `a home opened by many processes at the same moment is made once`() async throws {
        for _ in 0..<5 {
            try await withFolder { path in
                let children = try (0..<6).map { _ in try Child("notes", "\(path)/home") }
                for child in children { child.send("open") }
                for child in children {
                    var answer = await child.line() ?? "ended"
                    // Five others may write for longer than it waits, on a slow disk: nothing was done.
                    while answer.hasPrefix("error busy") { answer = await child.ask("open") }
                    #expect(answer == "ok")
                }
                for (index, child) in children.enumerated() { child.send("put id=\(index)") }
                for child in children { #expect(await child.line() == "ok") }
                let store = try Store(notes: "\(path)/home")
                #expect(try await store.notes().count == 6)
                store.close()
            }
        }
    }
}
