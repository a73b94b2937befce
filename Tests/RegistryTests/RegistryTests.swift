import Foundation
import Registry
import Store
import Testing

/// Namespaces, services and instances: made, found, replaced and removed by Cloud Map's rules.
struct RegistryTests {
    @Test func `what exists is told with its id and its creator`() async throws {
        try await withRegistry { registry in
            let namespace = try await registry.createNamespace(name: "shop", description: "A shop", creatorRequestID: "request-1")
            let again = await refused(.namespaceAlreadyExists, "`shop`", namespace.id) {
                _ = try await registry.createNamespace(name: "shop")
            }
            #expect(again?.existingID == namespace.id && again?.creatorRequestID == "request-1")
            let service = try await registry.createService(namespaceID: namespace.id, name: "api", creatorRequestID: "request-2")
            let twice = await refused(.serviceAlreadyExists, "`api`", service.id) {
                _ = try await registry.createService(namespaceID: namespace.id, name: "api")
            }
            #expect(twice?.existingID == service.id && twice?.creatorRequestID == "request-2")
            #expect(try await registry.namespaces().map(\.id) == [namespace.id])
            #expect(try await registry.namespaces().map(\.serviceCount) == [1])
            #expect(try await registry.services(namespace: "shop") == [service])
            #expect(try await registry.services(namespace: "none").isEmpty)
        }
    }

    @Test func `what does not exist is told with the names that are near`() async throws {
        try await withRegistry { registry in
            await refused(.namespaceNotFound, "`shop`", "There are none yet: register an instance first.") {
                _ = try await registry.find("a", namespace: "shop", service: "api")
            }
            _ = try await registry.register("one", in: .name(namespace: "shop", service: "payments"), attributes: [:], creating: true)
            await refused(.namespaceNotFound, "`shap`", "Did you mean `shop`?") { _ = try await registry.ids("shap", "payments") }
            await refused(.namespaceNotFound, "`payments`", "the namespace comes first", "`payments") {
                _ = try await registry.ids("payments", "shop")
            }
            await refused(.serviceNotFound, "`shop`", "`payment`", "Did you mean `payments`?") {
                _ = try await registry.ids("shop", "payment")
            }
            await refused(.serviceNotFound, "There is: `payments`.") { _ = try await registry.ids("shop", "zzzzzzzz") }
            await refused(.instanceNotFound, "`onf`", "Did you mean `one`?") {
                _ = try await registry.find("onf", namespace: "shop", service: "payments")
            }
            await refused(.serviceNotFound, "srv-none") { try await registry.deleteService(id: "srv-none") }
            await refused(.namespaceNotFound, "ns-none") { try await registry.deleteNamespace(id: "ns-none") }
            await refused(.namespaceNotFound, "ns-none") { _ = try await registry.createService(namespaceID: "ns-none", name: "a") }
            await refused(.serviceNotFound, "srv-none") { _ = try await registry.register("a", in: .id("srv-none"), attributes: [:]) }
            await refused(.serviceNotFound) {
                _ = try await registry.register("a", in: .name(namespace: "shop", service: "new"), attributes: [:])
            }
            await refused(.instanceNotFound, "`two`") {
                try await registry.deregister("two", from: .name(namespace: "shop", service: "payments"))
            }
        }
    }

    @Test func `what is in use is not deleted`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            _ = try await registry.register("one", in: .id(service.id), attributes: [:])
            await refused(.resourceInUse, "1 services") { try await registry.deleteNamespace(id: service.namespaceID) }
            await refused(.resourceInUse, "1 instances") { try await registry.deleteService(id: service.id) }
            try await registry.deregister("one", from: .id(service.id))
            try await registry.deleteService(id: service.id)
            try await registry.deleteNamespace(id: service.namespaceID)
            #expect(try await registry.namespaces().isEmpty)
            #expect(try await registry.services().isEmpty)
        }
    }

    @Test func `registering again replaces attributes, health and lease`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            let lease = try registry.store.home.lease()
            let first = try await registry.register(
                "one", in: .id(service.id), attributes: ["a": "1", "b": "2", "AWS_INIT_HEALTH_STATUS": "UNHEALTHY"], lease: lease)
            let old = try await registry.find("one", namespace: "shop", service: "api").instance
            #expect(!first.replaced && old.health == .unhealthy && old.lease == lease && old.incarnation == first.incarnation)
            let second = try await registry.register("one", in: .id(service.id), attributes: ["c": "3"])
            let new = try await registry.find("one", namespace: "shop", service: "api").instance
            #expect(second.replaced && second.incarnation > first.incarnation)
            #expect(new.attributes == ["c": "3"] && new.health == .healthy && new.lease == nil && new.incarnation == second.incarnation)
            #expect(try await registry.ids("shop", "api") == ["one"])
        }
    }

    @Test func `deregistering an incarnation leaves its successor, and is no error when it is gone`() async throws {
        try await withRegistry { registry in
            let name = Registry.ServiceName.name(namespace: "shop", service: "api")
            let first = try await registry.register("one", in: name, attributes: [:], creating: true)
            let second = try await registry.register("one", in: name, attributes: [:], creating: true)
            try await registry.deregister("one", from: name, incarnation: first.incarnation)
            #expect(try await registry.find("one", namespace: "shop", service: "api").instance.incarnation == second.incarnation)
            try await registry.deregister("one", from: name, incarnation: second.incarnation)
            try await registry.deregister("one", from: name, incarnation: second.incarnation)
            try await registry.deregister("one", from: .name(namespace: "none", service: "none"), incarnation: 1)
            await refused(.instanceNotFound) { try await registry.deregister("one", from: name) }
        }
    }

    @Test func `an incarnation is never given twice, not even by a service made anew`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            var seen: Set<Int64> = []
            var last: Int64 = 0
            var id = service.id
            for _ in 0..<5 {
                for _ in 0..<3 {
                    let registered = try await registry.register("one", in: .id(id), attributes: [:])
                    #expect(registered.incarnation > last && seen.insert(registered.incarnation).inserted)
                    last = registered.incarnation
                }
                try await registry.deregister("one", from: .id(id))
                let revision = try await registry.services()[0].revision
                #expect(revision > last)
                try await registry.deleteService(id: id)
                let anew = try await registry.createService(namespaceID: service.namespaceID, name: "api")
                #expect(anew.revision >= revision)
                id = anew.id
            }
        }
    }

    @Test func `revisions grow with registrations and not with health`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            func revision() async throws -> Int64 { try await registry.snapshot(namespace: "shop", service: "api").revision }
            var last = try await revision()
            for round in 0..<3 {
                _ = try await registry.register("one", in: .id(service.id), attributes: ["round": "\(round)"])
                #expect(try await revision() > last)
                last = try await revision()
                let version = registry.store.version()
                try await registry.setHealth(.unhealthy, of: "one", in: .id(service.id))
                #expect(try await revision() == last)
                // A change nonetheless, for those who hold a snapshot.
                #expect(!registry.store.isStill(version))
            }
            try await registry.deregister("one", from: .id(service.id))
            #expect(try await revision() > last)
        }
    }

    @Test func `health is set where it is custom, to one of two values`() async throws {
        try await withRegistry { registry in
            let custom = try await registry.make("custom", in: "shop", .init(hasCustomHealth: true))
            let plain = try await registry.make("plain", in: "shop")
            for service in [custom, plain] { _ = try await registry.register("one", in: .id(service.id), attributes: [:]) }
            await refused(.customHealthNotFound, "`plain`") { try await registry.setHealth(.healthy, of: "one", in: .id(plain.id)) }
            await refused(.instanceNotFound, "Did you mean `one`?") { try await registry.setHealth(.healthy, of: "on", in: .id(custom.id)) }
            await refused(.serviceNotFound) { try await registry.setHealth(.healthy, of: "one", in: .id("srv-none")) }
            await refused(.invalidInput) { try await registry.setHealth(.unknown, of: "one", in: .id(custom.id)) }
            try await registry.setHealth(.unhealthy, of: "one", in: .id(custom.id))
            #expect(try await registry.ids("shop", "custom").isEmpty)
            #expect(try await registry.ids("shop", "custom", .init(health: .unhealthy)) == ["one"])
            #expect(try await registry.ids("shop", "plain", .init(health: .unhealthy)) == ["one"])
            try await registry.setHealth(.healthy, of: "one", in: .id(custom.id))
            #expect(try await registry.ids("shop", "custom") == ["one"])
        }
    }

    @Test func `a namespace of DNS has no two services that differ by case only, one of HTTP may`() async throws {
        try await withRegistry { registry in
            for kind in [Registry.Namespace.Kind.privateDNS, .publicDNS] {
                let name = "\(kind)".lowercased() + ".test"
                let service = try await registry.make("Api", in: name, kind: kind)
                let error = await refused(.serviceAlreadyExists, "`Api`") {
                    _ = try await registry.createService(namespaceID: service.namespaceID, name: "aPI")
                }
                #expect(error?.existingID == service.id)
                // Nor by a registration that makes what is missing.
                _ = try await registry.register("one", in: .name(namespace: name, service: "API"), attributes: [:], creating: true)
                #expect(try await registry.services(namespace: name).map(\.name) == ["Api"])
                #expect(try await registry.ids(name, "Api") == ["one"])
            }
            _ = try await registry.make("Api", in: "http")
            _ = try await registry.make("api", in: "http")
            #expect(try await registry.services(namespace: "http").map(\.name).sorted() == ["Api", "api"])
        }
    }

    @Test func `instances are discovered in random order, as many as asked`() async throws {
        try await withRegistry { registry in
            let name = Registry.ServiceName.name(namespace: "shop", service: "api")
            for number in 0..<200 { _ = try await registry.register("i\(number)", in: name, attributes: [:], creating: true) }
            var random = SplitMix()
            var orders: Set<[String]> = []
            for _ in 0..<5 {
                let found = try await registry.discover(namespace: "shop", service: "api", limit: 7, using: &random)
                orders.insert(found.instances.map(\.id))
                #expect(found.instances.count == 7 && Set(found.instances.map(\.id)).count == 7)
            }
            #expect(orders.count == 5, "\(Rounds.note)")
            #expect(try await registry.discover(namespace: "shop", service: "api", using: &random).instances.count == 100)
            #expect(try await registry.ids("shop", "api").count == 200)
            for limit in [0, -1, 1_001] {
                await refused(.invalidInput, "\(limit)") {
                    var random = SplitMix()
                    _ = try await registry.discover(namespace: "shop", service: "api", limit: limit, using: &random)
                }
            }
        }
    }

    @Test func `what breaks a rule is refused and makes nothing on its way`() async throws {
        try await withRegistry { registry in
            await refused(.invalidInput) {
                _ = try await registry.register("one", in: .name(namespace: "new", service: "new"), attributes: ["": "x"], creating: true)
            }
            await refused(.invalidInput) {
                _ = try await registry.register("a b", in: .name(namespace: "new", service: "new"), attributes: [:], creating: true)
            }
            await refused(.invalidInput) {
                _ = try await registry.register("one", in: .name(namespace: "n w", service: "new"), attributes: [:], creating: true)
            }
            await refused(.invalidInput) {
                _ = try await registry.register("one", in: .name(namespace: "new", service: "-"), attributes: [:], creating: true)
            }
            let namespaces = try await registry.namespaces()
            let services = try await registry.services()
            #expect(namespaces.isEmpty && services.isEmpty)
        }
    }

    @Test func `configurations and attributes come back as they were given, also after opening again`() async throws {
        try await withFolder { path in
            let configuration = Registry.Service.Configuration(
                description: "quotes \" and \u{1F600} / \\", dns: .init(records: [.a: 60, .aaaa: 0], routing: .weighted),
                healthCheck: .init(kind: .https, path: "/health?a=b", threshold: 7))
            let attributes = [
                "AWS_ALIAS_DNS_NAME": "x.example.com", "json": "{\"a\":[1]}", "tab": "a\tb", "empty": "",
                "sql": "'; DROP TABLE services;--",
            ]
            let registry = try Registry(Home(path: path))
            let service = try await registry.make("api", in: "example.com", kind: .publicDNS, configuration)
            _ = try await registry.register("one", in: .id(service.id), attributes: .init(attributes))
            registry.close()
            let again = try Registry(Home(path: path))
            #expect(try await again.services().map(\.configuration) == [configuration])
            #expect(try await again.find("one", namespace: "example.com", service: "api").instance.attributes == attributes)
            again.close()
        }
    }

    @Test func `those who wait at a service's bell hear every change of it`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            let bell = Registry.bell(namespace: "shop", service: "api")
            let home = registry.store.home
            let changes: [@Sendable () async throws -> Void] = [
                { _ = try await registry.register("one", in: .id(service.id), attributes: [:]) },
                { try await registry.setHealth(.unhealthy, of: "one", in: .id(service.id)) },
                { try await registry.deregister("one", from: .id(service.id)) },
            ]
            for change in changes {
                let rings = home.rings(of: bell)
                let sleeper = Task.immediate { try await home.sleep(at: bell, since: rings, until: .now + .seconds(60)) }
                try await change()
                #expect(try await sleeper.value)
            }
        }
    }
}
