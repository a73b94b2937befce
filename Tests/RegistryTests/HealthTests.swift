import Registry
import Store
import Testing

/// Custom health that is reported, listed, delayed; and heartbeats as the registry keeps them.
struct HealthTests {
    @Test func `health is told for all, for some and page by page; one that is not there is named`() async throws {
        try await withRegistry { registry in
            let custom = try await registry.make("custom", in: "shop", .init(hasCustomHealth: true))
            let plain = try await registry.make("plain", in: "shop")
            for number in 10..<25 {
                for id in [custom.id, plain.id] { _ = try await registry.register("i\(number)", in: .id(id), attributes: [:]) }
            }
            try await registry.setHealth(.unhealthy, of: "i11", in: .id(custom.id))
            let all = try await registry.healthStatus(in: .id(custom.id))
            #expect(all.elements.map(\.id) == (10..<25).map { "i\($0)" } && all.token == nil)
            #expect(all.elements.map(\.health) == (10..<25).map { $0 == 11 ? .unhealthy : .healthy })
            #expect(try await registry.healthStatus(in: .id(plain.id)).elements.allSatisfy { $0.health == .unknown })
            var (ids, token): ([String], String?) = ([], nil)
            let asked = ["i24", "i11", "i10", "i11", "i13"]
            repeat {
                let page = try await registry.healthStatus(of: asked, in: .id(custom.id), page: .init(limit: 3, token: token))
                ids += page.elements.map(\.id)
                token = page.token
            } while token != nil
            #expect(ids == ["i10", "i11", "i13", "i24"])
            await refused(.instanceNotFound, "`i9`") { _ = try await registry.healthStatus(of: ["i10", "i9"], in: .id(custom.id)) }
            await refused(.serviceNotFound) { _ = try await registry.healthStatus(in: .id("srv-none")) }
            await refused(.invalidInput) { _ = try await registry.healthStatus(of: [], in: .id(custom.id)) }
        }
    }

    @Test func `a delayed report counts after thirty seconds from the first, unless it is taken back`() async throws {
        try await HandClock.withRegistry { registry, clock in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            let name = Registry.ServiceName.id(service.id)
            func report(_ health: Registry.Health, _ id: String) async throws {
                try await registry.setHealth(health, of: id, in: name, fidelity: .slow)
            }
            for id in ["a", "b", "c"] { _ = try await registry.register(id, in: name, attributes: [:]) }
            for id in ["a", "b", "c"] { try await report(.unhealthy, id) }
            let due = clock.now + .seconds(30)
            #expect(try await registry.finishOperations() == due)
            clock.advance(.seconds(20))
            try await report(.unhealthy, "a")
            try await report(.healthy, "b")
            // Another registration takes the report with it.
            _ = try await registry.register("c", in: name, attributes: [:])
            #expect(try await registry.finishOperations() == due)
            #expect(try await registry.ids("shop", "api") == ["a", "b", "c"])
            clock.advance(.seconds(10))
            let version = registry.store.version()
            #expect(try await registry.finishOperations() == nil)
            #expect(!registry.store.isStill(version))
            #expect(try await registry.ids("shop", "api") == ["b", "c"])
            try await report(.healthy, "a")
            try await registry.setHealth(.healthy, of: "a", in: name)
            #expect(try await registry.ids("shop", "api") == ["a", "b", "c"])
            #expect(try await registry.finishOperations() == nil)
        }
    }

    @Test func `a report that changes nothing is no commit`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            _ = try await registry.register("i", in: .id(service.id), attributes: [:])
            let version = registry.store.version()
            try await registry.setHealth(.healthy, of: "i", in: .id(service.id))
            try await registry.setHealth(.healthy, of: "i", in: .id(service.id), fidelity: .slow)
            #expect(registry.store.isStill(version))
        }
    }

    private func attributes(_ seconds: Int) -> Registry.Attributes { ["DISCOVERY_LEASE_SECONDS": "\(seconds)"] }

    @Test func `heartbeats are read once each, the newest registration of each instance`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            let name = Registry.ServiceName.name(namespace: "shop", service: "api")
            _ = try await registry.register("plain", in: name, attributes: [:])
            #expect(try await registry.heartbeats().heartbeats.isEmpty)
            let one = try await registry.register("one", in: name, attributes: attributes(5))
            try await registry.done(.registerInstance("two", service: service.id, attributes: ["DISCOVERY_LEASE_SECONDS": "86400"]))
            let first = try await registry.heartbeats()
            #expect(
                first.heartbeats.map(\.instanceID) == ["one", "two"] && first.heartbeats.map(\.term) == [.seconds(5), .seconds(86_400)])
            #expect(first.heartbeats[0].incarnation == one.incarnation && first.heartbeats[0].serviceID == service.id)
            #expect(try await registry.heartbeats(after: first.last).heartbeats.isEmpty)
            #expect(try await registry.heartbeats(after: first.last).last == first.last)
            // What was newest and is gone does not make the next one look old.
            try await registry.deregister("two", from: name)
            let three = try await registry.register("three", in: name, attributes: attributes(7))
            let again = try await registry.register("one", in: name, attributes: attributes(6))
            let second = try await registry.heartbeats(after: first.last)
            #expect(second.heartbeats.map(\.incarnation) == [three.incarnation, again.incarnation])
            // Without the attribute it is for good.
            _ = try await registry.register("one", in: name, attributes: [:])
            #expect(try await registry.heartbeats().heartbeats.map(\.instanceID) == ["three"])
            await refused(.invalidInput, "DISCOVERY_LEASE_SECONDS") {
                _ = try await registry.register("four", in: name, attributes: attributes(0))
            }
        }
    }

    @Test func `what is overdue turns unhealthy and is removed, in that registration alone`() async throws {
        try await withRegistry { registry in
            for (service, hasHealth) in [("custom", true), ("plain", false)] {
                let made = try await registry.make(service, in: "shop", .init(hasCustomHealth: hasHealth))
                let name = Registry.ServiceName.id(made.id)
                for id in ["old", "new"] { _ = try await registry.register(id, in: name, attributes: attributes(5)) }
                let beats = try await registry.heartbeats().heartbeats.filter { $0.serviceID == made.id }
                _ = try await registry.register("new", in: name, attributes: attributes(5))
                let revision = try await registry.discoverRevision(namespace: "shop", service: service)
                try await registry.apply(beats.map { .unhealthy($0) })
                #expect(try await registry.instance("old", in: name)?.health == (hasHealth ? .unhealthy : .unknown))
                #expect(try await registry.instance("new", in: name)?.health == (hasHealth ? .healthy : .unknown))
                #expect(try await registry.discoverRevision(namespace: "shop", service: service) == revision)
                try await registry.apply(beats.map { .healthy($0) })
                #expect(try await registry.instance("old", in: name)?.health == (hasHealth ? .healthy : .unknown))
                let version = registry.store.version()
                try await registry.apply(beats.map { .healthy($0) })
                #expect(registry.store.isStill(version))
                try await registry.apply(beats.map { .remove($0) })
                #expect(try await registry.ids("shop", service) == ["new"])
                #expect(try await registry.discoverRevision(namespace: "shop", service: service) > revision)
                try await registry.deregister("new", from: name)
                try await registry.deleteService(id: made.id)
                for action in beats.flatMap({ [Heartbeats.Action.unhealthy($0), .healthy($0), .remove($0)] }) {
                    try await registry.apply([action])
                }
            }
        }
    }

    @Test func `a renewal by a report of health is taken without custom health, and costs no commit`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("plain", in: "shop")
            _ = try await registry.register("beating", in: .id(service.id), attributes: attributes(5))
            _ = try await registry.register("still", in: .id(service.id), attributes: [:])
            let version = registry.store.version()
            try await registry.setHealth(.healthy, of: "beating", in: .id(service.id))
            #expect(registry.store.isStill(version))
            await refused(.customHealthNotFound) { try await registry.setHealth(.healthy, of: "still", in: .id(service.id)) }
            await refused(.customHealthNotFound) { try await registry.setHealth(.healthy, of: "none", in: .id(service.id)) }
        }
    }

    @Test func `a snapshot answers from memory as the registry does, those of ended processes left out`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            for number in 0..<50 {
                let health = number.isMultiple(of: 5) ? "UNHEALTHY" : "HEALTHY"
                _ = try await registry.register(
                    "i\(number)", in: .id(service.id), attributes: ["AWS_INIT_HEALTH_STATUS": health, "part": "\(number % 2)"])
            }
            let snapshot = try await registry.snapshot(namespace: "shop", service: "api")
            #expect(registry.store.isStill(snapshot.version) && snapshot.hasHealthCheck && !snapshot.hasLeases)
            #expect(try await registry.discoverRevision(namespace: "shop", service: "api") == snapshot.revision)
            var random = SplitMix()
            let selection = Registry.Selection(required: ["part": "1"], health: .unhealthy)
            let found = try registry.discover(in: snapshot, selection, limit: 1_000, using: &random)
            #expect(try await Set(found.map(\.id)) == registry.ids("shop", "api", selection))
            var firsts: Set<String> = []
            for _ in 0..<200 {
                let few = try registry.discover(in: snapshot, limit: 3, using: &random)
                #expect(Set(few.map(\.id)).count == 3)
                firsts.insert(few[0].id)
            }
            #expect(firsts.count > 30, "\(Rounds.note)")
            _ = try await registry.register("leased", in: .id(service.id), attributes: [:], lease: registry.store.home.lease())
            #expect(!registry.store.isStill(snapshot.version))
            #expect(try await registry.snapshot(namespace: "shop", service: "api").hasLeases)
            await refused(.invalidInput) { _ = try registry.discover(in: snapshot, limit: 0, using: &random) }
            await refused(.invalidInput) { _ = try registry.discover(in: snapshot, .init(required: ["": "x"]), using: &random) }
            await refused(.namespaceNotFound) { _ = try await registry.discoverRevision(namespace: "none", service: "api") }
            await refused(.serviceNotFound) { _ = try await registry.discoverRevision(namespace: "shop", service: "none") }
        }
    }
}
