import Foundation
import Messaging
import Store
import Testing

/// Publishers in processes of their own, killed at random moments.
struct PublishKillTests {
    @Test func `what killed publishers published is in all of ten queues or in none, and in all when it was confirmed`() async throws {
        for round in 0..<Rounds.count {
            var random = SplitMix(round: round)
            try await withFolder { path in
                let note = "round \(round), \(Rounds.note)"
                let messaging = try Messaging(Home(path: path))
                defer { messaging.close() }
                _ = try await messaging.createTopic("events")
                for index in 0..<10 {
                    _ = try await messaging.createQueue("q\(index)")
                    _ = try await messaging.subscribe(.queue("q\(index)"), to: "events", .init(isRaw: index.isMultiple(of: 2)))
                }
                let children = try ["a", "b"].map { try Child("publisher", path, $0) }
                for child in children { #expect(await child.line() == "open") }
                let moments = children.map { _ in Duration.milliseconds(Int.random(in: 5...150, using: &random)) }
                let confirmed = try await withThrowingTaskGroup(of: [String].self) { group in
                    for (child, moment) in zip(children, moments) {
                        group.addTask {
                            async let spoken = child.lines()
                            try await Task.sleep(for: moment)
                            child.end()
                            return await spoken
                        }
                    }
                    return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
                }
                var places: [String: Int] = [:]
                for index in 0..<10 {
                    for message in try await messaging.everything(in: "q\(index)") { places[message.text, default: 0] += 1 }
                }
                let partial = places.filter { $0.value != 10 }
                #expect(partial.isEmpty, "\(partial); \(note)")
                let lost = confirmed.filter { places[String($0.dropFirst(5))] == nil }
                #expect(lost.isEmpty, "\(lost); \(note)")
            }
        }
    }
}
