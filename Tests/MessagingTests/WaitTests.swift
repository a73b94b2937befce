import Foundation
import Store
import Synchronization
import Testing

@testable import Messaging

/// Waiting for messages: nobody polls, nothing is lost to those who have gone.
struct WaitTests {
    private func withTwo(_ body: (Messaging, Messaging) async throws -> Void) async throws {
        try await withFolder { path in
            let one = try Messaging(Home(path: path))
            let other = try Messaging(Home(path: path))
            defer {
                one.close()
                other.close()
            }
            try await body(one, other)
        }
    }

    /// Waits until as many wait at the queue's desk.
    private func waiting(_ count: Int, at queue: String, of messaging: Messaging) async throws {
        try await eventually("\(count) waiting receivers") { messaging.desks.desk(queue)?.count ?? 0 == count }
    }

    @Test func `who waits is given what another instance sends`() async throws {
        try await withTwo { one, other in
            _ = try await one.createQueue("jobs")
            for round in 0..<20 {
                let received = Task { try await other.receive(from: "jobs", wait: .seconds(60)) }
                if round.isMultiple(of: 2) { try await waiting(1, at: "jobs", of: other) }
                try await one.send("\(round)", to: "jobs")
                let messages = try await received.value
                #expect(messages.map(\.text) == ["\(round)"])
                try await other.finish(messages[0], in: "jobs")
            }
        }
    }

    @Test func `who waits wakes for what is due by time alone`() async throws {
        try await withTwo { one, other in
            for queue in ["jobs", "jobs.fifo"] {
                let group = queue == "jobs" ? nil : "g"
                _ = try await one.createQueue(queue)
                try await one.send("held", to: queue, group: group, id: group)
                _ = try await one.take(queue, visibility: .milliseconds(80))
                #expect(try await other.receive(from: queue, wait: .seconds(60)).map(\.text) == ["held"])
            }
            try await one.send("delayed", to: "jobs", delay: .milliseconds(50))
            #expect(try await other.receive(from: "jobs", visibility: .seconds(60), wait: .seconds(60)).map(\.text) == ["delayed"])
        }
    }

    @Test func `who waits wakes for what is given back, and for a group that is free again`() async throws {
        try await withTwo { one, other in
            _ = try await one.createQueue("q.fifo")
            for text in ["a", "b"] { try await one.send(text, to: "q.fifo", group: "g", id: text) }
            let a = try await one.take("q.fifo")
            let waiter = Task { try await other.receive(from: "q.fifo", wait: .seconds(60)) }
            try await waiting(1, at: "q.fifo", of: other)
            try await one.finish(a, in: "q.fifo")
            let b = try await waiter.value
            #expect(b.map(\.text) == ["b"])
            let again = Task { try await one.receive(from: "q.fifo", wait: .seconds(60)) }
            try await waiting(1, at: "q.fifo", of: one)
            try await other.extend(b[0], in: "q.fifo", to: .zero)
            #expect(try await again.value.map(\.text) == ["b"])
        }
    }

    @Test func `a repeated attempt gets its messages again also where others wait`() async throws {
        try await withTwo { one, other in
            _ = try await one.createQueue("q.fifo")
            try await one.send("a", to: "q.fifo", group: "g", id: "a")
            let first = try await one.receive(from: "q.fifo", wait: .seconds(60), attempt: "one")
            let waiter = Task { try await one.receive(from: "q.fifo", wait: .seconds(600)) }
            try await waiting(1, at: "q.fifo", of: one)
            let again = try await one.receive(from: "q.fifo", wait: .seconds(60), attempt: "one")
            #expect(first.map(\.text) == ["a"] && again.map(\.id) == first.map(\.id))
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
    }

    @Test func `a wait that is over brings nothing, and the queue's own wait counts where none is given`() async throws {
        try await withTwo { one, _ in
            _ = try await one.createQueue("jobs", .init(wait: .milliseconds(30)))
            let start = ContinuousClock.now
            #expect(try await one.receive(from: "jobs").isEmpty)
            #expect(ContinuousClock.now - start >= .milliseconds(30))
            #expect(try await one.receive(from: "jobs", wait: .zero).isEmpty)
            // One with a long wait does not keep the others from theirs.
            let long = Task { try await one.receive(from: "jobs", wait: .seconds(600)) }
            try await waiting(1, at: "jobs", of: one)
            #expect(try await one.receive(from: "jobs", wait: .milliseconds(20)).isEmpty)
            #expect(try await one.receive(from: "jobs").isEmpty)
            try await one.send("a", to: "jobs")
            #expect(try await long.value.map(\.text) == ["a"])
        }
    }

    @Test func `a hundred who wait share what comes, each message once`() async throws {
        try await withTwo { one, other in
            _ = try await one.createQueue("jobs")
            let receivers = (0..<100).map { number in
                Task {
                    try await (number.isMultiple(of: 2) ? one : other).receive(from: "jobs", maximum: 3, wait: .seconds(60)).map(\.text)
                }
            }
            try await waiting(50, at: "jobs", of: one)
            try await waiting(50, at: "jobs", of: other)
            var sent: Set<String> = []
            for number in 0..<100 where sent.insert("\(number)").inserted {
                try await one.send([.init("\(number)"), .init("\(number)b"), .init("\(number)c")], to: "jobs").forEach { _ = try $0.get() }
                sent.formUnion(["\(number)b", "\(number)c"])
            }
            var received: [String] = []
            for receiver in receivers { received += try await receiver.value }
            #expect(Set(received).count == received.count && Set(received).isSubset(of: sent))
            while true {
                let rest = try await one.texts(from: "jobs", maximum: 100)
                if rest.isEmpty { break }
                received += rest
            }
            #expect(Set(received) == sent && received.count == sent.count)
        }
    }

    @Test func `deleting a queue ends who waits, and a queue made anew is not theirs`() async throws {
        try await withTwo { one, other in
            for round in 0..<10 {
                _ = try await one.createQueue("jobs")
                let waiters = (0..<4).map { number in
                    Task { try await (number.isMultiple(of: 2) ? one : other).receive(from: "jobs", wait: .seconds(60)) }
                }
                try await waiting(2, at: "jobs", of: one)
                try await waiting(2, at: "jobs", of: other)
                // In one transaction where they meet: no look can fall in between.
                async let deleted: Void = one.deleteQueue("jobs")
                if round.isMultiple(of: 2) { try await deleted }
                for waiter in waiters where round.isMultiple(of: 2) {
                    await refused(.queueDoesNotExist) { _ = try await waiter.value }
                }
                try await deleted
                _ = try await one.createQueue("jobs")
                try await one.send("new", to: "jobs")
                for waiter in waiters { await refused(.queueDoesNotExist) { _ = try await waiter.value } }
                #expect(try await other.receive(from: "jobs", wait: .seconds(60)).map(\.text) == ["new"])
                try await one.deleteQueue("jobs")
            }
        }
    }

    @Test func `what was dealt to a receiver who had gone is given back as if it had never been received`() async throws {
        try await withTwo { one, other in
            _ = try await one.createQueue("jobs")
            var cancelled = 0
            for round in 0..<Rounds.count {
                try await one.send("\(round)", to: "jobs")
                let receiver = Task { try await one.receive(from: "jobs", wait: .seconds(60)) }
                for _ in 0..<(round % 7) { await Task.yield() }
                receiver.cancel()
                let received: [Messaging.Received]
                do { received = try await receiver.value } catch {
                    cancelled += 1
                    let isCancelled = error is CancellationError || (error as? StoreError)?.code == .cancelled
                    #expect(isCancelled, "\(error)")
                    received = try await other.receive(from: "jobs", wait: .seconds(60))
                }
                #expect(received.map(\.text) == ["\(round)"] && received.first?.receives == 1)
                try await other.finish(received[0], in: "jobs")
            }
            let idle = Task { try await one.receive(from: "jobs", wait: .seconds(60)) }
            try await waiting(1, at: "jobs", of: one)
            idle.cancel()
            await #expect(throws: CancellationError.self) { _ = try await idle.value }
            try await waiting(0, at: "jobs", of: one)
            #expect(cancelled > 0)
        }
    }

    @Test func `a message dealt by the desk to one who left while it looked goes to another`() async throws {
        try await withFolder { path in
            let gate = Gate()
            let isArmed = Atomic(false)
            var seam = Seam()
            seam.insideTransaction = { () throws(StoreError) in
                if isArmed.exchange(false, ordering: .sequentiallyConsistent) { gate.pass() }
            }
            let one = try Messaging(Home(path: path, seam: seam))
            let other = try Messaging(Home(path: path))
            defer {
                one.close()
                other.close()
            }
            _ = try await one.createQueue("jobs")
            let leaving = Task { try await one.receive(from: "jobs", wait: .seconds(60)) }
            try await waiting(1, at: "jobs", of: one)
            isArmed.store(true, ordering: .sequentiallyConsistent)
            try await other.send("a", to: "jobs")
            await gate.reached()
            leaving.cancel()
            await #expect(throws: CancellationError.self) { _ = try await leaving.value }
            gate.open()
            let received = try await other.receive(from: "jobs", wait: .seconds(20))
            #expect(received.map(\.text) == ["a"] && received.first?.receives == 1)
        }
    }

    @Test func `closing ends who waits`() async throws {
        try await withTwo { one, _ in
            _ = try await one.createQueue("jobs")
            let waiters = (0..<5).map { _ in Task { try await one.receive(from: "jobs", wait: .seconds(60)) } }
            try await waiting(5, at: "jobs", of: one)
            one.close()
            for waiter in waiters {
                await #expect(throws: StoreError.self) { _ = try await waiter.value }
            }
            await #expect(throws: StoreError.self) { _ = try await one.receive(from: "jobs", wait: .seconds(60)) }
        }
    }
}
