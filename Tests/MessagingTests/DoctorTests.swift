import Foundation
import Store
import Testing

@testable import Messaging

/// A damaged database of messages: what is told of each queue, and what is saved.
struct DoctorTests {
    private static let count = 400
    private static func body(_ queue: String, _ number: Int) -> String {
        "\(queue) \(number) " + String(repeating: "text of \(queue) ", count: 40)
    }

    /// Three queues of many messages each, one of them FIFO; closed, so that all is in the database.
    private func make(_ path: String) async throws {
        let messaging = try Messaging(Home(path: path))
        for queue in ["first", "second", "third.fifo"] {
            _ = try await messaging.createQueue(queue)
            let messages = (0..<Self.count).map { number in
                let body = Array(Self.body(queue, number).utf8)
                return queue == "third.fifo"
                    ? Messaging.Outgoing(body, group: "\(number % 5)", deduplication: "\(number)") : Messaging.Outgoing(body)
            }
            for result in try await messaging.send(messages, to: queue) { _ = try result.get() }
        }
        messaging.close()
        #expect(size(of: "\(path)/messages.sqlite-wal") == 0)
    }

    /// Overwrites the page in the middle of the file, and those before it, until one is found that holds `text`.
    private func damage(_ path: String, where text: String, after place: Double = 0) throws {
        let url = URL(filePath: "\(path)/messages.sqlite")
        let bytes = try Data(contentsOf: url)
        let from = Int(Double(bytes.count) * place)
        let found = try #require(bytes.range(of: Data(text.utf8), in: from..<bytes.count))
        let file = try FileHandle(forUpdating: url)
        try file.seek(toOffset: UInt64(found.lowerBound / 4096 * 4096))
        try file.write(contentsOf: Data(repeating: 0xAA, count: 4096))
        try file.close()
    }

    private func examine(_ path: String) async throws -> [String: Messaging.QueueExamination] {
        let messaging = try Messaging(Home(path: path))
        defer { messaging.close() }
        return Dictionary(uniqueKeysWithValues: try await messaging.examine().map { ($0.queue, $0) })
    }

    @Test func `queues that are whole are said to be so`() async throws {
        try await withFolder { path in
            try await make(path)
            let found = try await examine(path)
            #expect(found.keys.sorted() == ["first", "second", "third.fifo"])
            #expect(found.values.allSatisfy { $0.isHealthy && $0.whole == Self.count && $0.damaged == 0 })
        }
    }

    @Test func `a damaged page is told of the queue whose messages lay on it, and what is whole is saved and works`() async throws {
        try await withFolder { path in
            let home = "\(path)/home"
            try await make(home)
            try damage(home, where: "text of second", after: 0.5)
            let found = try await examine(home)
            #expect(found["first"]?.isHealthy == true && found["third.fifo"]?.isHealthy == true, "\(found)")
            let second = try #require(found["second"])
            #expect(second.damaged > 0 && second.whole + second.damaged == Self.count, "\(second)")
            #expect(second.problems.contains { $0.contains("second") && $0.contains("\(second.damaged) cannot be read") }, "\(second)")

            let saved = try await Messaging.salvage(from: home, to: "\(path)/saved")
            #expect(saved.map(\.queue) == ["first", "second", "third.fifo"])
            #expect(saved.map(\.saved) == [Self.count, second.whole, Self.count], "\(saved)")
            #expect(saved.map(\.lost) == [0, second.damaged, 0], "\(saved)")
            #expect(try Home.examine(path: "\(path)/saved").isHealthy)
            let messaging = try Messaging(Home(path: "\(path)/saved"))
            defer { messaging.close() }
            for (queue, count) in [("first", Self.count), ("second", second.whole), ("third.fifo", Self.count)] {
                // What is sent now has a number of its own.
                let last = Messaging.Outgoing(
                    Array("last".utf8), group: queue == "third.fifo" ? "0" : nil, deduplication: queue == "third.fifo" ? "last" : nil)
                for result in try await messaging.send([last], to: queue) { _ = try result.get() }
                let drained = try await messaging.drain(queue)
                #expect(drained.count == count + 1 && Set(drained).count == count + 1)
                #expect(drained.allSatisfy { $0 == "last" || $0.hasSuffix("text of \(queue) ") })
            }
        }
    }

    @Test func `whole messages whose queue is lost are saved in a queue of their own`() async throws {
        try await withFolder { path in
            let home = "\(path)/home"
            try await make(home)
            let messaging = try Messaging(Home(path: home))
            // As damage may: the row of a queue is gone, its messages are not.
            try await messaging.store.write { _ = try $0.connection.run("DELETE FROM queues WHERE name = 'first'") }
            messaging.close()
            let saved = try await Messaging.salvage(from: home, to: "\(path)/saved")
            #expect(saved.map(\.queue) == [Messaging.salvaged, "second", "third.fifo"])
            let opened = try Messaging(Home(path: "\(path)/saved"))
            defer { opened.close() }
            let drained = try await opened.drain(Messaging.salvaged)
            #expect(Set(drained) == Set((0..<Self.count).map { Self.body("first", $0) }))
        }
    }

    @Test func `random damage is never a crash, and what is saved works`() async throws {
        try await withFolder { path in
            try await make("\(path)/original")
            let bytes = try Data(contentsOf: URL(filePath: "\(path)/original/messages.sqlite"))
            for round in 0..<Rounds.count {
                var random = SplitMix(round: round)
                var damaged = bytes
                for _ in 0...Int.random(in: 0...8, using: &random) {
                    let place = Int.random(in: 100..<(bytes.count - 2_000), using: &random)
                    for index in place..<(place + Int.random(in: 1...(Bool.random(using: &random) ? 4 : 2_000), using: &random)) {
                        damaged[index] = UInt8.random(in: 0...255, using: &random)
                    }
                }
                try FileManager.default.createDirectory(atPath: "\(path)/home", withIntermediateDirectories: true)
                try damaged.write(to: URL(filePath: "\(path)/home/messages.sqlite"))
                let note = "round \(round), \(Rounds.note)"
                do { _ = try await examine("\(path)/home") } catch let error as StoreError {
                    #expect([.damaged, .unusable].contains(error.code), "\(error); \(note)")
                }
                do {
                    for queue in try await Messaging.salvage(from: "\(path)/home", to: "\(path)/saved") {
                        let messaging = try Messaging(Home(path: "\(path)/saved"))
                        defer { messaging.close() }
                        #expect(try await messaging.everything(in: queue.queue).count == queue.saved, "\(queue); \(note)")
                    }
                    #expect(try Home.examine(path: "\(path)/saved").isHealthy, "\(note)")
                } catch let error as StoreError {
                    #expect([.damaged, .unusable].contains(error.code), "\(error); \(note)")
                }
                try FileManager.default.removeItem(atPath: "\(path)/home")
                try? FileManager.default.removeItem(atPath: "\(path)/saved")
            }
        }
    }
}
