import DiscoveryKit
import DiscoveryTesting
import Foundation
import Messaging
import Testing

/// What the README shows: it names this file, and another test holds its lines against these.
@Suite struct ReadmeExampleTests {
    struct Query: Codable, Sendable { var id: Int }
    struct Job: Codable, Sendable { var id: Int, name: String }

    /// Code to test: it reports once more when the first mail cannot be sent.
    struct Gardener {
        func work(on id: Int) async throws(DiscoveryError) {
            let job: Job = try await Discovery.request("ais.scheduler->get-job", Query(id: id))
            do throws(DiscoveryError) {
                try await Discovery.request("ais.mail->send", "did: \(job.name)")
            } catch .unreachable {
                try await Discovery.request("ais.mail->send", "did: \(job.name)")
            }
        }
    }

    @Test func `the gardener does the job it is given, and reports it`() async throws {
        let stub: Stub = [
            "ais.scheduler->get-job": .json(Job(id: 7, name: "water the plants")),
            "ais.mail->send": .inTurn(.failure(.unreachable), .json(true)),
        ]
        try await Discovery.withCurrent(stub.discovery) {
            try await Gardener().work(on: 7)
        }
        let mails = try stub.sent(to: "ais.mail->send").map { try $0.decode(String.self) }
        #expect(mails == ["did: water the plants", "did: water the plants"])
    }

    private func water(_ job: Job) async throws {}

    struct Worker {
        func run() async throws {
            try await Discovery.listen("ais.garden->jobs") { (_: Job) in }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `the worker does the job that is queued`() async throws {
        let stub: Stub = ["ais.garden->jobs": .queue()]
        try await Discovery.withCurrent(stub.discovery) {
            let working = Task {
                try await Discovery.queue("ais.garden->jobs", Job(id: 7, name: "water the plants"))

                try await Discovery.listen("ais.garden->jobs") { (job: Job) in
                    try await water(job)
                }
            }
            #expect(await stub.settled(atLeast: 1).map(\.outcome) == [.finished])
            working.cancel()
            _ = await working.result
            let deciding = Task {
                for try await delivery in Discovery.listen("ais.garden->jobs") {
                    if delivery.receiveCount > 3 {
                        try await delivery.deadLetter("The plants are dry by now.")
                    } else {
                        try await delivery.finish()
                    }
                }
            }
            try await Discovery.queue("ais.garden->jobs", Job(id: 8, name: "water the plants"))
            #expect(await stub.settled(atLeast: 2).map(\.outcome) == [.finished, .finished])
            deciding.cancel()
            _ = await deciding.result
        }
    }

    @Test(.timeLimit(.minutes(5))) func `the worker finishes what is in a stubbed queue`() async throws {
        let stub: Stub = ["ais.garden->jobs": .queue(json: Job(id: 7, name: "water the plants"))]
        let worker = Task { try await Discovery.withCurrent(stub.discovery) { try await Worker().run() } }
        #expect(await stub.settled(atLeast: 1).map(\.outcome) == [.finished])
        worker.cancel()
        _ = await worker.result
    }

    struct Weather: Codable, Sendable { var kind: String, hours: Int }

    struct Walker {
        func run() async throws {
            try await Discovery.listen("ais.garden->news") { (_: Weather) in }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `the walker hears of the weather`() async throws {
        let stub: Stub = ["ais.garden->news": .topic]
        let walker = Task { try await Discovery.withCurrent(stub.discovery) { try await Walker().run() } }
        _ = await stub.subscriptions(atLeast: 1)
        try await stub.discovery.publish("ais.garden->news", Weather(kind: "rain", hours: 3))
        #expect(await stub.settled(atLeast: 1).map(\.outcome) == [.finished])
        walker.cancel()
        _ = await walker.result
    }

    private final class Umbrella: Sendable {
        let opened = AsyncStream<Int>.makeStream()
        func open(for weather: Weather) { opened.continuation.yield(weather.hours) }
    }
    private static let umbrella = Umbrella()
    private func openUmbrella(for weather: Weather) async throws { Self.umbrella.open(for: weather) }

    @Test(.timeLimit(.minutes(5))) func `the umbrella is opened when it rains for long`() async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "discovery-readme-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: home)
        let discovery = try Discovery(configuration)
        _ = try await discovery.withMessages { try await $0.createTopic("news") }
        try await discovery.register("ais.garden->news", Resource(.topic, at: "arn:aws:sns:local:000000000000:news"))
        await Discovery.withCurrent(discovery) {
            let gardener = Task {
                try await Discovery.publish("ais.garden->news", Weather(kind: "rain", hours: 3))

                var options = SubscribeOptions()
                options.filter = #"{"hours": [{"numeric": [">", 1]}]}"#
                options.filterScope = .body
                try await Discovery.subscribe("ais.garden->news", options: options) { (weather: Weather) in
                    try await openUmbrella(for: weather)
                }
            }
            // Until it is heard, since nobody says when a closure has been subscribed.
            let weather = Task {
                while !Task.isCancelled {
                    for hours in [1, 3] { try await Discovery.publish("ais.garden->news", Weather(kind: "rain", hours: hours)) }
                }
            }
            var opened = Self.umbrella.opened.stream.makeAsyncIterator()
            #expect(await opened.next() == 3)
            for task in [weather, gardener] {
                task.cancel()
                _ = await task.result
            }
        }
        await discovery.shutdown()
    }

    @Test func `the policies of the README are in their ranges`() async {
        // A process of its own: the process-wide client is set once.
        await #expect(processExitsWith: .success) {
            var configuration = try Discovery.Configuration.fromEnvironment()
            configuration.policies = [
                PolicyRule("*") { $0.attempts = 3 },
                PolicyRule("ais.reports") { $0.deadline = .seconds(300) },
                PolicyRule("ais.scheduler->get-*") {
                    $0.isIdempotent = true
                    $0.tryDeadline = .seconds(1)
                    $0.balancing = .leastInFlight
                },
            ]
            Discovery.bootstrap(try Discovery(configuration))
        }
    }
}
