import DiscoveryKit
import Foundation
import Messaging
import Registry
import Store
import Synchronization
import Testing

/// Daemons killed at random moments, while many write through them: what they had answered is true of the home that they left.
struct DaemonKillTests {
    @Test func `what killed daemons had answered is there, and nothing is half done`() async throws {
        try await withFolder { folder in
            let home = folder + "/home"
            let discovery = try await ServedHome(path: home)
            let ledger = DaemonLedger()
            for round in 0..<Rounds.count {
                let note = "round \(round), \(Rounds.note)"
                var random = SplitMix(round: round)
                let daemon = try await Daemon(home: home)
                let moment = Duration.milliseconds(Int.random(in: 10...160, using: &random))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<DaemonLedger.lanes {
                        let client = try await onThread { try daemon.connect() }
                        let seed = random.next()
                        group.addTask {
                            try await onThread {
                                var lane = Lane(lane, client, discovery, ledger, round, seed)
                                lane.run()
                            }
                        }
                    }
                    try await Task.sleep(for: moment)
                    daemon.kill()
                    try await group.waitForAll()
                }
                try await discovery.check(ledger, note)
            }
            // Those that were on their way to somebody come again.
            let daemon = try await Daemon(home: home)
            try await onThread { Lane(0, try daemon.connect(), discovery, ledger, -1, 0).receiveAll() }
            let lost = ledger.unfinished
            #expect(lost.isEmpty, "\(lost.sorted().prefix(20)) lost; \(Rounds.note)")
            #expect(ledger.surprises.isEmpty, "\(ledger.surprises.prefix(10)); \(Rounds.note)")
            #expect(ledger.answered > Rounds.count, "next to nothing was done")
            daemon.kill()
            await discovery.close()
            let examination = try Home.examine(path: home)
            #expect(examination.isHealthy, "\(examination.databases.flatMap(\.problems)); \(Rounds.note)")
        }
    }
}

/// What was answered, as the clients noted it.
final class DaemonLedger: Sendable {
    /// Registrars, senders and receivers.
    static let registrars = 16
    static let senders = 8
    static let lanes = 32

    private struct Notes {
        /// By service and instance: what may be there, its attribute `n`; `nil` for not being there.
        var possible: [String: Set<Int?>] = [:]
        var operations: [String: (kind: Registry.Operation.Kind, instance: String)] = [:]
        var sent: Set<String> = []
        var finished: [String: ContinuousClock.Instant] = [:]
        var perhapsFinished: Set<String> = []
        var surprises: [String] = []
        var answered = 0
        /// The newest of the round before.
        var lastRecord: String?
    }

    private let notes = Mutex(Notes())

    /// About to be changed: what was may stay.
    func begins(_ instance: String, _ number: Int?) {
        notes.withLock { _ = $0.possible[instance, default: [nil]].insert(number) }
    }

    func changed(_ instance: String, _ number: Int?, operation: String) {
        notes.withLock {
            $0.answered += 1
            $0.possible[instance] = [number]
            if $0.operations.updateValue((number == nil ? .deregisterInstance : .registerInstance, instance), forKey: operation) != nil {
                $0.surprises.append("the operation \(operation) was given twice")
            }
        }
    }

    func sent(_ message: String) {
        notes.withLock {
            $0.answered += 1
            $0.sent.insert(message)
        }
    }

    /// - Parameter asked: when the request was sent that brought the message.
    func received(_ message: String, asked: ContinuousClock.Instant) {
        notes.withLock {
            if let finished = $0.finished[message], finished < asked { $0.surprises.append("\(message) came again, finished") }
        }
    }

    func finishes(_ message: String) { notes.withLock { _ = $0.perhapsFinished.insert(message) } }

    func finished(_ message: String) {
        notes.withLock {
            $0.answered += 1
            $0.finished[message] = .now
        }
    }

    func surprised(_ text: String) { notes.withLock { $0.surprises.append(text) } }

    var lastRecord: String? { notes.withLock { $0.lastRecord } }
    var answered: Int { notes.withLock { $0.answered } }
    var surprises: [String] { notes.withLock { $0.surprises } }
    /// Those that must still come.
    var unfinished: Set<String> { notes.withLock { $0.sent.subtracting($0.perhapsFinished) } }
    var possible: [String: Set<Int?>] { notes.withLock { $0.possible } }
    var operations: [String: (kind: Registry.Operation.Kind, instance: String)] { notes.withLock { $0.operations } }

    /// A round is over: what is there is what may be there from now on.
    func settle(_ found: [String: Int], _ lastRecord: String?) {
        notes.withLock {
            $0.lastRecord = lastRecord ?? $0.lastRecord
            for key in $0.possible.keys { $0.possible[key] = [found[key]] }
            $0.operations = [:]
        }
    }
}

/// One client on one connection, until that ends. Blocks.
private struct Lane {
    let number: Int
    let client: RawClient
    let home: ServedHome
    let ledger: DaemonLedger
    let round: Int
    var random: SplitMix

    init(_ number: Int, _ client: RawClient, _ home: ServedHome, _ ledger: DaemonLedger, _ round: Int, _ seed: UInt64) {
        (self.number, self.client, self.home, self.ledger, self.round) = (number, client, home, ledger, round)
        random = SplitMix()
        random.state = seed
    }

    mutating func run() {
        defer { client.close() }
        var count = 0
        while true {
            count += 1
            // The end of the connection is the end of the lane: what it had asked may have been done, or not.
            do {
                let goesOn =
                    if number < DaemonLedger.registrars {
                        try change(count)
                    } else if number < DaemonLedger.registrars + DaemonLedger.senders {
                        try send("\(round)-\(number)-\(count)")
                    } else {
                        try receive(waiting: "0.2") != nil
                    }
                guard goesOn else { return }
            } catch is RawClient.Failure {
                return
            } catch {
                return ledger.surprised("\(error)")
            }
        }
    }

    private mutating func change(_ count: Int) throws -> Bool {
        let service = number % home.services.count
        let id = "i\(number)-\(Int.random(in: 0..<3, using: &random))"
        let instance = "\(service)/\(id)"
        let isGone = (ledger.possible[instance] ?? [nil]).contains(nil)
        let registers = isGone || Bool.random(using: &random)
        let value = registers ? (round + 1) * 100_000 + count : nil
        ledger.begins(instance, value)
        let attributes = value.map { #", "Attributes": {"n": "\#($0)"}"# } ?? ""
        let reply = try client.exchange(
            .cloudMap(
                registers ? "RegisterInstance" : "DeregisterInstance",
                #"{"ServiceId": "\#(home.services[service])", "InstanceId": "\#(id)"\#(attributes)}"#))
        guard let reply else { return false }
        guard reply.status == 200, let operation = reply.json["OperationId"] as? String else {
            ledger.surprised("\(reply.status) \(reply.text)")
            return false
        }
        ledger.changed(instance, value, operation: operation)
        return true
    }

    private func send(_ message: String) throws -> Bool {
        guard let reply = try client.exchange(WireRequest("POST", "/_discovery/queue/kill.mail->jobs", message)) else { return false }
        guard reply.status == 200 else {
            ledger.surprised("\(reply.status) \(reply.text)")
            return false
        }
        ledger.sent(message)
        return true
    }

    /// Takes a message and finishes it.
    ///
    /// - Returns: whether there was one; `nil` at the end of the connection.
    private func receive(waiting: String) throws -> Bool? {
        let asked = ContinuousClock.now
        let reply = try client.exchange(WireRequest("GET", "/_discovery/listen/kill.mail->jobs?wait=\(waiting)&visibility=2"))
        guard let reply else { return nil }
        if reply.status == 204 { return false }
        guard reply.status == 200, let receipt = reply.headers["discovery-receipt"] else {
            ledger.surprised("\(reply.status) \(reply.text)")
            return nil
        }
        ledger.received(reply.text, asked: asked)
        ledger.finishes(reply.text)
        guard let done = try client.exchange(WireRequest("POST", "/_discovery/listen/kill.mail->jobs/finish/\(receipt)")) else {
            return nil
        }
        // 410: this took longer than the message was its; then it is somebody else's.
        guard done.status == 204 || done.status == 410 else {
            ledger.surprised("\(done.status) \(done.text)")
            return nil
        }
        if done.status == 204 { ledger.finished(reply.text) }
        return true
    }

    /// Until none has come for longer than one can be with somebody.
    func receiveAll() {
        defer { client.close() }
        do {
            while try receive(waiting: "2.5") == true {}
        } catch {
            ledger.surprised("\(error)")
        }
    }
}

/// The home that daemons serve, opened beside them by a process that outlives them.
private struct ServedHome: Sendable {
    let discovery: Discovery
    let services: [String]

    init(path: String) async throws {
        var configuration = Discovery.Configuration()
        configuration.backend = .embedded(home: path)
        let discovery = try Discovery(configuration)
        self.discovery = discovery
        services = try await discovery.withRegistry { registry in
            var ids: [String] = []
            let namespace = try await registry.createNamespace(name: "kill", kind: .http)
            for number in 0..<4 {
                ids.append(try await registry.createService(namespaceID: namespace.id, name: "s\(number)", configuration: .init()).id)
            }
            return ids
        }
        _ = try await discovery.withMessages { try await $0.createQueue("jobs") }
        try await discovery.register("kill.mail->jobs", .queue(named: "jobs"))
    }

    func close() async { await discovery.shutdown() }

    /// Holds the home against what was answered.
    func check(_ ledger: DaemonLedger, _ note: String) async throws {
        let (found, records) = try await discovery.withRegistry { registry in
            var found: [String: Int] = [:]
            for number in services.indices {
                let snapshot = try await registry.snapshot(namespace: "kill", service: "s\(number)")
                for instance in snapshot.instances { found["\(number)/\(instance.id)"] = Int(instance.attributes["n"] ?? "") ?? -1 }
                #expect(try await registry.service(services[number]).instanceCount == snapshot.instances.count, "\(note)")
            }
            var records: [Registry.Operation] = []
            var token: String?
            // Newest first, down to those of the round before.
            repeat {
                let page = try await registry.operations(page: .init(token: token))
                records += page.elements
                token = page.token
            } while token != nil && !records.contains { $0.id == ledger.lastRecord }
            return (found, records)
        }
        for (instance, possible) in ledger.possible {
            #expect(possible.contains(found[instance]), "\(instance) is \(found[instance] as Any), not \(possible); \(note)")
        }
        #expect(Set(found.keys).isSubset(of: ledger.possible.keys), "\(note)")
        let known = Dictionary(records.map { ($0.id, $0) }) { first, _ in first }
        for (id, change) in ledger.operations {
            let record = known[id]
            #expect(record?.status == .success && record?.kind == change.kind, "\(id) of \(change) is \(record as Any); \(note)")
        }
        // Each change is there if its record is: the newest record of an instance says whether that is registered.
        var last: [String: Registry.Operation.Kind] = [:]
        for record in records {
            guard let instance = record.targets[.instance], let service = services.firstIndex(where: { $0 == record.serviceID }) else {
                continue
            }
            if last["\(service)/\(instance)"] == nil { last["\(service)/\(instance)"] = record.kind }
        }
        for (instance, kind) in last {
            #expect((found[instance] != nil) == (kind == .registerInstance), "\(instance) and its last record, \(kind); \(note)")
        }
        let counts = try await discovery.withMessages { try await $0.counts(of: "jobs") }
        let unfinished = ledger.unfinished.count
        #expect(counts.waiting + counts.inFlight >= unfinished, "\(counts) of \(unfinished); \(note)")
        ledger.settle(found, records.first?.id)
    }
}
