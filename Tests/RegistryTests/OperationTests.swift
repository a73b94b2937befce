import Foundation
import Registry
import Store
import Testing

/// Operations that are pending for a while, and the records of all.
struct OperationTests {
    @Test func `what is pending is not there, is refused again, and is done when it is due`() async throws {
        try await HandClock.withRegistry { registry, clock in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            #expect(try await registry.finishOperations() == nil)
            let register = Registry.Change.registerInstance("i", service: service.id, attributes: ["a": "1"])
            let pending = try await registry.done(register, requestID: "r", fidelity: .slow)
            #expect(pending.status == .pending && pending.targets == [.service: service.id, .instance: "i"])
            #expect(try await registry.ids("shop", "api").isEmpty)
            for change in [register, .deregisterInstance("i", service: service.id)] {
                for fidelity in [Registry.Fidelity.slow, .instant] {
                    let error = await refused(.duplicateRequest, pending.id) {
                        _ = try await registry.submit(change, requestID: "other", fidelity: fidelity)
                    }
                    #expect(error?.existingID == pending.id)
                }
            }
            #expect(try await registry.finishOperations() == clock.now + .seconds(3))
            clock.advance(.milliseconds(2_999))
            #expect(try await registry.finishOperations() == clock.now + .milliseconds(1))
            #expect(try await registry.operation(pending.id).status == .pending)
            clock.advance(.milliseconds(1))
            #expect(try await registry.finishOperations() == nil)
            let done = try await registry.operation(pending.id)
            #expect(done.status == .success && done.updated == clock.now.milliseconds && done.created == pending.created)
            #expect(try await registry.ids("shop", "api") == ["i"])
            #expect(try await registry.registration(of: "i", in: .id(service.id)).creatorRequestID == "r")
            // The same again now gets the same.
            #expect(try await registry.submit(register, requestID: "r", fidelity: .slow) == pending.id)
        }
    }

    @Test func `a heartbeat that is registered again with the same request is renewed`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            let register = Registry.Change.registerInstance("i", service: service.id, attributes: ["DISCOVERY_LEASE_SECONDS": "5"])
            let first = try await registry.submit(register, requestID: "r")
            let known = try await registry.heartbeats()
            #expect(try await registry.submit(register, requestID: "r") != first)
            let renewed = try await registry.heartbeats(after: known.last).heartbeats
            #expect(renewed.map(\.instanceID) == ["i"] && renewed != known.heartbeats)
        }
    }

    @Test func `what is pending for instances that are there is not counted twice`() async throws {
        try await HandClock.withRegistry { registry, _ in
            let service = try await registry.make("api", in: "shop")
            let other = try await registry.make("other", in: "shop")
            for id in ["a", "b"] { _ = try await registry.register(id, in: .id(service.id), attributes: [:]) }
            var quotas = Registry.Quotas()
            (quotas.instancesPerService, quotas.instancesPerNamespace) = (4, 5)
            let fidelity = Registry.Fidelity(operationDelay: .seconds(3), quotas: quotas)
            func register(_ id: String, _ service: Registry.Service) async throws {
                _ = try await registry.submit(.registerInstance(id, service: service.id, attributes: [:]), fidelity: fidelity)
            }
            for id in ["a", "b", "c", "d"] { try await register(id, service) }
            await refused(.resourceLimitExceeded, "4 instances in a service") { try await register("e", service) }
            // Of the same name, but elsewhere.
            try await register("a", other)
            await refused(.resourceLimitExceeded, "5 instances in a namespace") { try await register("b", other) }
        }
    }

    @Test func `a health whose service is gone is not due for ever`() async throws {
        try await HandClock.withRegistry { registry, _ in
            _ = try await registry.store.write { transaction in
                try transaction.connection.run("INSERT INTO pending_health VALUES (99, 'i', 1, 'UNHEALTHY', 0)")
            }
            #expect(try await registry.finishOperations() == nil)
        }
    }

    @Test func `namespaces that are pending have the id they will have, and are refused again by name`() async throws {
        try await HandClock.withRegistry { registry, clock in
            let create = Registry.Change.createNamespace(.init(name: "shop", tags: ["k": "v"]))
            let pending = try await registry.done(create, requestID: "r", fidelity: .slow)
            let id = try #require(pending.targets[.namespace])
            await refused(.namespaceNotFound) { _ = try await registry.namespace(id) }
            for request in ["r", "s"] {
                let error = await refused(.duplicateRequest) { _ = try await registry.submit(create, requestID: request, fidelity: .slow) }
                #expect(error?.existingID == pending.id)
            }
            clock.advance(.seconds(3))
            #expect(try await registry.finishOperations() == nil)
            #expect(try await registry.namespace(id).creatorRequestID == "r")
            #expect(try await registry.tags(of: "arn:aws:servicediscovery:r:a:namespace/\(id)") == ["k": "v"])

            let update = Registry.Change.updateNamespace(id: id, kind: .http, .init(description: "new"))
            let updating = try await registry.submit(update, requestID: "u", fidelity: .slow)
            await refused(.duplicateRequest, updating) { _ = try await registry.submit(.deleteNamespace(id: id), fidelity: .slow) }
            clock.advance(.seconds(3))
            _ = try await registry.finishOperations()
            #expect(try await registry.namespace(id).description == "new")
            #expect(try await registry.submit(update, requestID: "u", fidelity: .slow) == updating)
        }
    }

    @Test func `what has become impossible meanwhile fails, and keeps nothing else from being done`() async throws {
        try await HandClock.withRegistry { registry, clock in
            let service = try await registry.make("api", in: "shop")
            let empty = try await registry.createNamespace(name: "empty")
            let gone = try await registry.submit(.registerInstance("i", service: service.id, attributes: [:]), fidelity: .slow)
            let used = try await registry.submit(.deleteNamespace(id: empty.id), fidelity: .slow)
            let taken = try await registry.submit(.createNamespace(.init(name: "taken")), fidelity: .slow)
            let fine = try await registry.submit(.createNamespace(.init(name: "fine")), fidelity: .slow)
            try await registry.deleteService(id: service.id)
            _ = try await registry.createService(namespaceID: empty.id, name: "late")
            _ = try await registry.createNamespace(name: "taken")
            clock.advance(.seconds(3))
            #expect(try await registry.finishOperations() == nil)
            for (id, part) in [(gone, service.id), (used, "1 services"), (taken, "exists already")] {
                let operation = try await registry.operation(id)
                #expect(operation.status == .failed && operation.failure?.code == .internalFailure)
                #expect(operation.failure?.message.contains(part) == true, "\(operation)")
            }
            #expect(try await registry.operation(fine).status == .success)
            #expect(try await Set(registry.namespaces().map(\.name)) == ["empty", "fine", "shop", "taken"])
        }
    }

    @Test func `what is damaged fails alone`() async throws {
        try await HandClock.withRegistry { registry, clock in
            let damaged = try await registry.make("damaged", in: "shop", .init(hasCustomHealth: true))
            let sound = try await registry.make("sound", in: "shop", .init(hasCustomHealth: true))
            var operations: [String] = []
            for service in [damaged, sound] {
                _ = try await registry.register("old", in: .id(service.id), attributes: ["DISCOVERY_LEASE_SECONDS": "5"])
                try await registry.setHealth(.unhealthy, of: "old", in: .id(service.id), fidelity: .slow)
                for id in ["new", "newer"] {
                    let change = Registry.Change.registerInstance(id, service: service.id, attributes: [:])
                    operations.append(try await registry.submit(change, fidelity: .slow))
                }
            }
            let (lost, service) = (operations[3], damaged.id)
            try await registry.store.write { transaction in
                try transaction.connection.run("UPDATE operations SET change = 'x' WHERE id = ?", .text(lost))
                try transaction.connection.run("UPDATE services SET configuration = '{' WHERE id = ?", .text(service))
            }
            clock.advance(.seconds(30))
            #expect(try await registry.finishOperations() == nil)
            var statuses: [Registry.Operation.Status] = []
            for id in operations { statuses.append(try await registry.operation(id).status) }
            #expect(statuses == [.failed, .failed, .success, .failed])
            #expect(try await registry.ids("shop", "sound", .init(health: .unhealthy)) == ["old"])
            try await registry.apply(registry.heartbeats().heartbeats.map { .remove($0) })
            #expect(try await registry.ids("shop", "sound") == ["new"])
        }
    }

    @Test func `operations are done in the order they are due in, also when the registry was closed meanwhile`() async throws {
        try await withFolder { path in
            let clock = HandClock()
            var seam = Seam()
            seam.now = { clock.now }
            var random = SplitMix()
            var registry = try Registry(Home(path: path, seam: seam))
            let service = try await registry.make("api", in: "shop")
            var due: [(id: String, at: Int)] = []
            for number in 0..<40 {
                let delay = Int.random(in: 1...20, using: &random)
                let fidelity = Registry.Fidelity(operationDelay: .seconds(delay))
                let id = try await registry.submit(
                    .registerInstance("i\(number)", service: service.id, attributes: [:]), fidelity: fidelity)
                due.append((id, delay))
            }
            var last = 0
            // Some at their time, others late and several at once.
            for second in [1, 2, 8, 9, 16, 20] {
                clock.advance(.seconds(second - last))
                last = second
                if second == 9 {
                    registry.close()
                    registry = try Registry(Home(path: path, seam: seam))
                }
                let next = try await registry.finishOperations()
                let later = due.map(\.at).filter { $0 > second }.min()
                #expect(next == later.map { clock.now + .seconds($0 - second) }, "\(Rounds.note)")
                let there = try await registry.ids("shop", "api")
                #expect(there == Set(due.indices.filter { due[$0].at <= second }.map { "i\($0)" }), "\(Rounds.note)")
            }
            let incarnations = try await registry.snapshot(namespace: "shop", service: "api").instances
            let order = incarnations.sorted { $0.incarnation < $1.incarnation }.map(\.id)
            let expected = due.indices.sorted { (due[$0].at, $0) < (due[$1].at, $1) }.map { "i\($0)" }
            #expect(order == expected, "\(Rounds.note)")
            registry.close()
        }
    }

    @Test func `who waits at the keeper's bell hears of what is pending`() async throws {
        try await HandClock.withRegistry { registry, _ in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            _ = try await registry.register("i", in: .id(service.id), attributes: [:])
            let home = registry.store.home
            let changes: [@Sendable () async throws -> Void] = [
                { _ = try await registry.submit(.createNamespace(.init(name: "a")), fidelity: .slow) },
                { try await registry.setHealth(.unhealthy, of: "i", in: .id(service.id), fidelity: .slow) },
                { _ = try await registry.register("h", in: .id(service.id), attributes: ["DISCOVERY_LEASE_SECONDS": "5"]) },
            ]
            for change in changes {
                let rings = home.rings(of: Registry.keeperBell)
                try await change()
                #expect(home.rings(of: Registry.keeperBell) != rings)
            }
        }
    }

    @Test func `a change whose commit fails is neither made nor recorded`() async throws {
        try await withFolder { path in
            let gate = FailingCommit()
            var seam = Seam()
            seam.atCommit = { () throws(StoreError) in try gate.pass() }
            let registry = try Registry(Home(path: path, seam: seam))
            let service = try await registry.make("api", in: "shop")
            gate.fail(true)
            for fidelity in [Registry.Fidelity.instant, .slow] {
                await #expect(throws: StoreError.self) {
                    _ = try await registry.submit(.registerInstance("i", service: service.id, attributes: [:]), fidelity: fidelity)
                }
            }
            gate.fail(false)
            #expect(try await registry.operations().elements.isEmpty)
            #expect(try await registry.ids("shop", "api").isEmpty)
            try await registry.done(.registerInstance("i", service: service.id, attributes: [:]))
            #expect(try await registry.ids("shop", "api") == ["i"])
            registry.close()
        }
    }

    @Test func `records are removed when they are many or old, those that are pending never`() async throws {
        try await HandClock.withRegistry { registry, clock in
            func submit(_ number: Int, _ fidelity: Registry.Fidelity = .instant) async throws -> String {
                try await registry.submit(.createNamespace(.init(name: "n\(number)")), fidelity: fidelity)
            }
            let old = try await submit(0)
            let pending = try await submit(1, .init(operationDelay: .seconds(100 * 86_400)))
            clock.advance(.seconds(29 * 86_400))
            let young = try await submit(2)
            _ = try await registry.operation(old)
            clock.advance(.seconds(2 * 86_400))
            _ = try await submit(3)
            await refused(.operationNotFound) { _ = try await registry.operation(old) }
            for id in [pending, young] { _ = try await registry.operation(id) }
            // As if as many had come since.
            _ = try await registry.store.write { transaction in
                try transaction.connection.run(
                    "UPDATE operations SET number = number + ? WHERE due IS NULL AND number = (SELECT max(number) FROM operations)",
                    .integer(Registry.Operation.maximumCount))
            }
            _ = try await submit(4)
            await refused(.operationNotFound) { _ = try await registry.operation(young) }
            #expect(try await registry.operation(pending).status == .pending)
        }
    }
}

/// A disk that fails when it is told to.
private final class FailingCommit: @unchecked Sendable {  // the variable is guarded by `lock`
    private let lock = NSLock()
    private var fails = false

    func fail(_ fails: Bool) { lock.withLock { self.fails = fails } }

    func pass() throws(StoreError) {
        if lock.withLock({ fails }) { throw StoreError(.outcomeUnknown, "The disk failed.") }
    }
}
