import DiscoveryKit
import Foundation
import Messaging
import Registry
import Synchronization
import Testing

/// Daemons told to end: what they had taken is answered, and what they answered is true.
struct DaemonEndTests {
    @Test func `a daemon that is told to end under load answers every request that it took, and ends well`() async throws {
        let rounds = Rounds.count * 5 / 3
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<5 { group.addTask { try await Self.rounds(part..<rounds, step: 5) } }
            try await group.waitForAll()
        }
    }

    private static func rounds(_ rounds: Range<Int>, step: Int) async throws {
        if rounds.isEmpty { return }
        try await withFolder { folder in
            let home = folder + "/home"
            let trial = try await EndTrial(home: home)
            for round in stride(from: rounds.lowerBound, to: rounds.upperBound, by: step) {
                try await trial.run(round, SIGTERM)
            }
            await trial.discovery.shutdown()
        }
    }

    @Test(arguments: [[SIGINT], [SIGTERM, SIGTERM], [SIGINT, SIGTERM]])
    func `a second signal changes nothing, and Control-C is as good`(signals: [Int32]) async throws {
        try await withFolder { folder in
            let trial = try await EndTrial(home: folder + "/home")
            for signal in signals.dropLast() { try await trial.run(0, signal, then: signals.last) }
            if signals.count == 1 { try await trial.run(0, signals[0]) }
            await trial.discovery.shutdown()
        }
    }

    @Test func `an idle daemon ends at once`() async throws {
        try await withFolder { folder in
            let daemon = try await Daemon(home: folder + "/home")
            daemon.signal(SIGTERM)
            #expect(await daemon.end() == 0)
        }
    }
}

/// A home that daemons are started on and ended, with 64 connections open.
private struct EndTrial: Sendable {
    let home: String
    let discovery: Discovery
    let services: [String]

    private static let connections = 64

    init(home: String) async throws {
        self.home = home
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: home)
        discovery = try Discovery(configuration)
        services = try await discovery.withRegistry { registry in
            let namespace = try await registry.createNamespace(name: "end", kind: .http)
            var ids: [String] = []
            for number in 0..<2 {
                ids.append(try await registry.createService(namespaceID: namespace.id, name: "s\(number)", configuration: .init()).id)
            }
            return ids
        }
        for name in ["jobs", "quiet"] {
            _ = try await discovery.withMessages { try await $0.createQueue(name) }
            try await discovery.register(Address(parsing: "end.mail->\(name)"), .queue(named: name))
        }
    }

    func run(_ round: Int, _ signal: Int32, then second: Int32? = nil) async throws {
        var random = SplitMix(round: round)
        let note = "round \(round), \(Rounds.note)"
        let daemon = try await Daemon(home: home)
        let tally = EndTally()
        let moment = Duration.milliseconds(Int.random(in: 20...120, using: &random))
        let before = try await queued()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.connections {
                let client = try await onThread { try daemon.connect() }
                let lane = EndLane(number: number, round: round, services: services, daemon: daemon, tally: tally)
                group.addTask { try await onThread { lane.run(client) } }
            }
            try await Task.sleep(for: moment)
            daemon.signal(signal)
            if let second { daemon.signal(second) }
            #expect(await daemon.end() == 0, "\(daemon.complaints); \(note)")
            try await group.waitForAll()
        }
        #expect(tally.losses.isEmpty, "\(tally.losses); \(note)")
        #expect(tally.answered > 0, "\(note)")
        #expect(try await queued() - before == tally.sent, "messages that were answered are queued, and no others; \(note)")
        let expected = tally.registered
        let found = try await discovery.withRegistry { registry in
            var found: [String: String] = [:]
            for number in services.indices {
                for instance in try await registry.snapshot(namespace: "end", service: "s\(number)").instances {
                    found["\(number)/\(instance.id)"] = instance.attributes["n"]
                }
            }
            return found
        }
        for (instance, number) in expected { #expect(found[instance] == number, "\(instance); \(note)") }
        #expect(!daemon.complaints.contains(" error "), "\(daemon.complaints); \(note)")
    }

    private func queued() async throws -> Int {
        let counts = try await discovery.withMessages { try await $0.counts(of: "jobs") }
        return counts.waiting + counts.inFlight
    }
}

/// What clients of a daemon that ends were told.
private final class EndTally: Sendable {
    private struct Notes {
        var losses: [String] = []
        var registered: [String: String] = [:]
        var sent = 0
        var answered = 0
    }

    private let notes = Mutex(Notes())

    func lost(_ what: String) { notes.withLock { $0.losses.append(what) } }
    func answeredOne() { notes.withLock { $0.answered += 1 } }
    func sentOne() { notes.withLock { $0.sent += 1 } }
    func registered(_ instance: String, _ number: String) { notes.withLock { $0.registered[instance] = number } }

    var losses: [String] { notes.withLock { $0.losses } }
    var registered: [String: String] { notes.withLock { $0.registered } }
    var sent: Int { notes.withLock { $0.sent } }
    var answered: Int { notes.withLock { $0.answered } }
}

/// One client, until its daemon has ended. Blocks.
private struct EndLane: Sendable {
    let number: Int
    let round: Int
    let services: [String]
    let daemon: Daemon
    let tally: EndTally

    private var service: Int { number % services.count }

    func run(_ first: RawClient) {
        if number >= 60 {
            // Silent: whatever it hears, it asked for nothing.
            defer { first.close() }
            _ = try? first.rest()
            return
        }
        var client = first
        defer { client.close() }
        var count = 0
        while true {
            count += 1
            let reply: RawClient.Reply?
            do { reply = try client.exchange(request(count)) } catch {
                return tally.lost("lane \(number), request \(count): \(error)")
            }
            guard let reply else { return tally.lost("lane \(number), request \(count): no reply") }
            note(reply, count)
            guard reply.closes else { continue }
            client.close()
            // Some come back once, and may find the door closed.
            guard number % 8 == 0, count < 1_000, let again = try? daemon.connect() else { return }
            client = again
            count += 1_000
            do {
                guard let reply = try client.exchange(request(count)) else { return tally.lost("lane \(number), again: no reply") }
                return note(reply, count)
            } catch {
                return tally.lost("lane \(number), again: \(error)")
            }
        }
    }

    private func request(_ count: Int) -> WireRequest {
        switch number {
        case ..<16:
            .cloudMap(
                "RegisterInstance",
                #"{"ServiceId": "\#(services[service])", "InstanceId": "i\#(number)", "Attributes": {"n": "\#(round).\#(count)"}}"#)
        case ..<32: WireRequest("POST", "/_discovery/queue/end.mail->jobs", "\(round)-\(number)-\(count)")
        case ..<44: .cloudMap("DiscoverInstances", #"{"NamespaceName": "end", "ServiceName": "s\#(service)"}"#)
        case ..<52: WireRequest("GET", "/_discovery/resolve/end.mail->jobs")
        default: WireRequest("GET", "/_discovery/listen/end.mail->quiet?wait=20")
        }
    }

    private func note(_ reply: RawClient.Reply, _ count: Int) {
        // Told that nothing was done: as good as an answer.
        if reply.status == 503, reply.headers["retry-after"] != nil { return }
        let expected = number >= 52 ? 204 : 200
        guard reply.status == expected else { return tally.lost("lane \(number), request \(count): \(reply.status) \(reply.text)") }
        tally.answeredOne()
        if number < 16 { tally.registered("\(service)/i\(number)", "\(round).\(count)") } else if number < 32 { tally.sentOne() }
    }
}
