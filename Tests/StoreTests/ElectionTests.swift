import Foundation
import Testing

@testable import Store

/// Offices of a home: one holder of all processes, and the next at once when it ends.
@Suite(.timeLimit(.minutes(5)))
struct ElectionTests {
    /// A candidate that holds the office until it is let go.
    private func hold(_ election: Election) async -> (task: Task<Void, any Error>, letGo: Event<Void>) {
        let (held, letGo) = (Event<Void>(), Event<Void>())
        let task = Task {
            try await election.hold {
                held.happened(())
                _ = await letGo.wait()
            }
        }
        _ = await held.wait()
        return (task, letGo)
    }

    @Test func `whoever finds the office free holds it at once, and gives it up with what its work came to`() async throws {
        try await withFolder { path in
            let election = try Home(path: path).election("courier")
            #expect(election.holder() == nil)
            let holder = try await election.hold { election.holder() }
            #expect(holder?.description == "`\(ProcessInfo.processInfo.processName)` (pid \(getpid()))")
            #expect(election.holder() == nil)
            await #expect(throws: CancellationError.self) { try await election.hold { throw CancellationError() } }
            #expect(election.holder() == nil)
            #expect(try await election.hold { 7 } == 7)
        }
    }

    @Test func `who does not want to wait holds an office that is free, and is told of one that is not`() async throws {
        try await withFolder { path in
            let election = try Home(path: path).election("courier")
            #expect(try await election.holdIfFree { 7 } == 7)
            let (task, letGo) = await hold(election)
            #expect(try await election.holdIfFree { 7 } == nil)
            #expect(try await Home(path: path).election("courier").holdIfFree { 7 } == nil)
            letGo.happened(())
            try await task.value
            // Who waits gets it from one who did not.
            let waiter = try await election.holdIfFree { Task { try await election.hold { 8 } } }
            #expect(try await waiter?.value == 8)
            #expect(election.holder() == nil)
        }
    }

    @Test func `candidates of one home and of two homes in one process take turns, one at a time`() async throws {
        try await withFolder { path in
            let homes = try [Home(path: path), Home(path: path)]
            let inside = Counter()
            let turns = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<8 {
                    group.addTask {
                        for _ in 0..<25 {
                            try await homes[lane % 2].election("courier").hold {
                                let before = inside.count
                                inside.add()
                                await Task.yield()
                                #expect(inside.count == before + 1, "two held the office at once")
                                turns.add()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(turns.count == 200)
            #expect(homes[0].election("courier").holder() == nil)
        }
    }

    @Test func `offices of different names, and of different homes, do not wait for each other`() async throws {
        try await withFolder { path in
            let home = try Home(path: path)
            let other = try Home(path: "\(path)/other")
            let answer = try await home.election("courier").hold {
                try await home.election("janitor").hold { try await other.election("courier").hold { "all three" } }
            }
            #expect(answer == "all three")
        }
    }

    @Test func `when the holder is killed, another process holds the office at once, and the last one this one`() async throws {
        try await withFolder { path in
            let election = try Home(path: path).election("courier")
            for _ in 0..<min(Rounds.count, 10) {
                var candidates: [Child] = []
                for _ in 0..<3 {
                    candidates.append(try Child("candidate", path, "courier"))
                    #expect(await candidates.last?.line() == "open")
                    if candidates.count == 1 { #expect(await candidates[0].line() == "held") }
                }
                // Which of the two that wait comes next is the kernel's to say.
                let second = Event<Int>()
                let hearing = candidates.enumerated().dropFirst().map { index, child in
                    Task {
                        guard await child.line() == "held" else { return }
                        second.happened(index)
                    }
                }
                #expect(election.holder()?.description == "`Processes` (pid \(candidates[0].id))")
                candidates[0].end()
                let next = try #require(await second.wait())
                #expect(election.holder()?.description == "`Processes` (pid \(candidates[next].id))")
                candidates[next].end()
                let last = try #require(await second.wait())
                #expect(last != next)
                let own = Task { try await election.hold { election.holder() } }
                candidates[last].end()
                #expect(try await own.value?.description == "`\(ProcessInfo.processInfo.processName)` (pid \(getpid()))")
                for task in hearing { await task.value }
            }
        }
    }

    @Test func `an office given up goes to a process that waits`() async throws {
        try await withFolder { path in
            let election = try Home(path: path).election("courier")
            let (task, letGo) = await hold(election)
            let child = try Child("candidate", path, "courier")
            #expect(await child.line() == "open")
            letGo.happened(())
            #expect(await child.line() == "held")
            try await task.value
            let (again, letGoAgain) = await {
                let started = Task.immediate { await hold(election) }
                child.send("enough")
                return await started.value
            }()
            #expect(await child.line() == "given up")
            #expect(election.holder()?.description.contains("\(getpid())") == true)
            letGoAgain.happened(())
            try await again.value
        }
    }

    @Test func `a stopped holder keeps the office and is named as stopped`() async throws {
        try await withFolder { path in
            let election = try Home(path: path).election("courier")
            let child = try Child("candidate", path, "courier")
            #expect(await child.line() == "open")
            #expect(await child.line() == "held")
            child.kill(SIGSTOP)
            await child.waitUntilStopped()
            #expect(election.holder()?.description == "`Processes` (pid \(child.id)), which is stopped: continue or end it")
            child.kill(SIGCONT)
            child.send("enough")
            #expect(await child.line() == "given up")
            child.wait()
            #expect(election.holder() == nil)
        }
    }

    @Test func `a candidate that is stopped while it waits holds nobody up`() async throws {
        try await withFolder { path in
            let election = try Home(path: path).election("courier")
            let (task, letGo) = await hold(election)
            let stopped = try Child("candidate", path, "courier")
            #expect(await stopped.line() == "open")
            stopped.kill(SIGSTOP)
            await stopped.waitUntilStopped()
            let other = try Child("candidate", path, "courier")
            #expect(await other.line() == "open")
            letGo.happened(())
            try await task.value
            #expect(await other.line() == "held")
            #expect(election.holder()?.description == "`Processes` (pid \(other.id))")
            other.end()
            stopped.kill(SIGCONT)
            #expect(await stopped.line() == "held")
        }
    }

    @Test func `a candidate that is cancelled stops waiting, leaves no thread behind it for each, and the office to others`() async throws {
        try await withFolder { path in
            let holder = try Child("candidate", path, "courier")
            #expect(await holder.line() == "open")
            #expect(await holder.line() == "held")
            for _ in 0..<Rounds.count {
                // Homes come and go with the clients that open them.
                let home = try Home(path: path)
                let waiting = Task.immediate { try await home.election("courier").hold { _ = Issue.record("held by two") } }
                waiting.cancel()
                await #expect { try await waiting.value } throws: { ($0 as? StoreError)?.code == .cancelled }
            }
            // A thread in the kernel cannot be called back: it waits for the next who wants the office, and there is one for all.
            // The kernel's list is read in pieces, between which others come and go.
            try await eventually("one thread to wait") { try Self.waiters(path, getpid()) == 1 }
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await Home(path: path).election("courier").hold { _ = Issue.record("held by two") }
            }
            await #expect { try await early.value } throws: { ($0 as? StoreError)?.code == .cancelled }

            let next = try Child("candidate", path, "courier")
            #expect(await next.line() == "open")
            holder.end()
            #expect(await next.line() == "held")
            let own = Task.immediate { try await Home(path: path).election("courier").hold { "held" } }
            next.end()
            #expect(try await own.value == "held")
            let election = try Home(path: path).election("courier")
            #expect(election.holder() == nil)
            #expect(try Self.waiters(path, getpid()) == 0)
        }
    }

    @Test func `an office of a home that was removed is not held, also when another home is in its place`() async throws {
        try await withFolder { path in
            let home = try Home(path: "\(path)/home")
            let (task, letGo) = await hold(home.election("courier"))
            let waiting = Task.immediate { try await home.election("courier").hold { _ = Issue.record("the home is gone") } }
            try FileManager.default.removeItem(atPath: "\(path)/home")
            let anew = try Home(path: "\(path)/home").election("courier")
            #expect(anew.holder() == nil)
            #expect(try await anew.hold { anew.holder() } != nil)
            letGo.happened(())
            try await task.value
            await #expect { try await waiting.value } throws: { ($0 as? StoreError)?.code == .unusable }
        }
    }

    @Test func `a candidate waits in the kernel and does nothing`() async throws {
        try await withFolder { path in
            let election = try Home(path: path).election("courier")
            let (task, letGo) = await hold(election)
            let child = try Child("candidate", path, "courier")
            #expect(await child.line() == "open")
            // One that asks again and again is never seen waiting for a lock.
            try await eventually("the candidate to wait") { try Self.waiters(path, child.id) == 1 }
            try await eventually("all its threads to sleep") { try Self.isAsleep(child.id) }
            letGo.happened(())
            try await task.value
            #expect(await child.line() == "held")
            #expect(try Self.waiters(path, child.id) == 0)
        }
    }

    /// How many threads of a process wait in the kernel for the courier's office.
    private static func waiters(_ path: String, _ id: pid_t) throws -> Int {
        var status = stat()
        try #require(stat("\(path)/lock-courier", &status) == 0)
        // Foundation takes the first short read for the end, and the kernel gives a page at a time.
        let locks = open("/proc/locks", O_RDONLY | O_CLOEXEC)
        defer { close(locks) }
        var text: [UInt8] = []
        var page = [UInt8](repeating: 0, count: 4_096)
        while case let count = read(locks, &page, page.count), count > 0 { text += page[..<count] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
            .count { $0.contains("-> FLOCK") && $0.contains(" \(id) ") && $0.contains(":\(status.st_ino) ") }
    }

    private static func isAsleep(_ id: pid_t) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task").allSatisfy { task in
            (try? String(contentsOfFile: "/proc/\(id)/task/\(task)/stat", encoding: .utf8))?.contains(") S ") ?? true
        }
    }
}

/// Something that happens once, waited for without polling.
private final class Event<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(100)) }

    func happened(_ value: Value) { continuation.yield(value) }

    func wait() async -> Value? {
        for await value in stream { return value }
        return nil
    }
}
