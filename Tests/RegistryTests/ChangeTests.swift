import Registry
import Store
import Testing

/// Changes that are made at once: what they do, what is refused, and the record of each.
struct ChangeTests {
    private typealias Update = Registry.ServiceUpdate

    @Test func `every change is made and recorded with what it is about`() async throws {
        try await withRegistry { registry in
            let made = try await registry.done(
                .createNamespace(.init(name: "shop.internal", kind: .privateDNS, description: "A shop", vpc: "vpc-1", tags: ["a": "b"])),
                requestID: "creator")
            #expect(made.id.wholeMatch(of: /[a-z2-7]{32}-[a-z2-7]{8}/) != nil && made.failure == nil)
            let id = try #require(made.targets[.namespace])
            #expect(made.kind == .createNamespace && made.status == .success && made.targets == [.namespace: id] && made.serviceID == nil)
            let namespace = try await registry.namespace(id)
            #expect(namespace.name == "shop.internal" && namespace.httpName == "shop.internal" && namespace.kind == .privateDNS)
            #expect(namespace.description == "A shop" && namespace.vpc == "vpc-1" && namespace.creatorRequestID == "creator")
            #expect(namespace.soaTTL == Registry.Namespace.defaultSOATTL && namespace.serviceCount == 0)
            #expect(namespace.hostedZoneID?.wholeMatch(of: /Z[A-Z0-9]{20}/) != nil)
            let arn = "arn:aws:servicediscovery:eu-central-1:000000000000:namespace/\(id)"
            #expect(try await registry.tags(of: arn) == ["a": "b"])

            let updated = try await registry.done(.updateNamespace(id: arn, kind: .privateDNS, .init(soaTTL: 7)))
            #expect(updated.kind == .updateNamespace && updated.targets == [.namespace: id])
            #expect(try await registry.namespace(arn).soaTTL == 7)
            #expect(try await registry.namespace(arn).description == "A shop")

            let dns = Registry.DNSConfiguration(records: [.a: 60, .aaaa: 60], routing: .weighted)
            let service = try await registry.createService(namespaceID: arn, name: "api", configuration: .init(description: "x", dns: dns))
            #expect(try await registry.namespace(id).serviceCount == 1)
            let configured = try await registry.done(.updateService(id: service.id, .init(records: [.a: 5])))
            #expect(configured.kind == .updateService && configured.targets == [.service: service.id] && configured.namespaceID == id)
            let configuration = try await registry.service(service.id).configuration
            #expect(configuration.dns == .init(records: [.a: 5], routing: .weighted) && configuration.description == "x")

            let serviceARN = "arn:aws:servicediscovery:eu-central-1:000000000000:service/\(service.id)"
            let attributes = ["AWS_INSTANCE_IPV4": "10.0.0.1"]
            let registered = try await registry.done(.registerInstance("i", service: serviceARN, attributes: attributes), requestID: "r")
            #expect(registered.kind == .registerInstance && registered.targets == [.service: service.id, .instance: "i"])
            let found = try await registry.registration(of: "i", in: .id(serviceARN))
            #expect(found.instance.attributes == attributes && found.creatorRequestID == "r")
            #expect(try await registry.service(serviceARN).instanceCount == 1)

            let gone = try await registry.done(.deregisterInstance("i", service: service.id))
            #expect(gone.kind == .deregisterInstance && gone.targets == [.service: service.id, .instance: "i"])
            try await registry.deleteService(id: serviceARN)
            let deleted = try await registry.done(.deleteNamespace(id: arn))
            #expect(deleted.kind == .deleteNamespace && deleted.targets == [.namespace: id])
            #expect(try await registry.namespaces().isEmpty)
            await refused(.resourceNotFound) { _ = try await registry.tags(of: arn) }
            #expect(
                try await registry.operations().elements.map(\.kind) == [
                    .deleteNamespace, .deregisterInstance, .registerInstance, .updateService, .updateNamespace, .createNamespace,
                ])
            await refused(.operationNotFound, "`none`") { _ = try await registry.operation("none") }
        }
    }

    @Test func `what breaks a rule is refused and leaves no record`() async throws {
        try await withRegistry { registry in
            let http = try await registry.done(.createNamespace(.init(name: "http"))).namespaceID ?? ""
            let dns = try await registry.done(.createNamespace(.init(name: "example.com", kind: .publicDNS))).namespaceID ?? ""
            let plain = try await registry.createService(namespaceID: http, name: "plain")
            let full = try await registry.createService(
                namespaceID: dns, name: "full",
                configuration: .init(dns: .init(records: [.a: 1]), healthCheck: .init(kind: .http, path: "/", threshold: 1)))
            let custom = try await registry.createService(namespaceID: dns, name: "custom", configuration: .init(hasCustomHealth: true))
            _ = try await registry.done(
                .registerInstance("i", service: custom.id, attributes: ["AWS_INSTANCE_IPV4": "10.0.0.1"]))
            let before = try await registry.operations().elements.count
            let long = String(repeating: "x", count: 1_025)
            let table: [(String, Registry.Change, RegistryError.Code)] = [
                ("name", .createNamespace(.init(name: "a b")), .invalidInput),
                ("description", .createNamespace(.init(name: "a", description: long)), .invalidInput),
                ("SOA of HTTP", .createNamespace(.init(name: "a", soaTTL: 1)), .invalidInput),
                ("VPC of HTTP", .createNamespace(.init(name: "a", vpc: "vpc-1")), .invalidInput),
                ("no VPC", .createNamespace(.init(name: "a", kind: .privateDNS)), .invalidInput),
                ("bad VPC", .createNamespace(.init(name: "a", kind: .privateDNS, vpc: "")), .invalidInput),
                ("SOA", .createNamespace(.init(name: "a", kind: .publicDNS, soaTTL: -1)), .invalidInput),
                ("tag", .createNamespace(.init(name: "a", tags: ["aws:x": ""])), .invalidInput),
                (
                    "tags", .createNamespace(.init(name: "a", tags: .init(uniqueKeysWithValues: (0..<51).map { ("\($0)", "") }))),
                    .tooManyTags
                ),
                ("HTTP again", .createNamespace(.init(name: "http")), .namespaceAlreadyExists),
                ("HTTP of DNS's name", .createNamespace(.init(name: "example.com")), .namespaceAlreadyExists),
                ("public again", .createNamespace(.init(name: "EXAMPLE.com", kind: .publicDNS)), .namespaceAlreadyExists),
                ("private of public", .createNamespace(.init(name: "example.com", kind: .privateDNS, vpc: "v")), .namespaceAlreadyExists),
                ("delete none", .deleteNamespace(id: "ns-none"), .namespaceNotFound),
                ("in use", .deleteNamespace(id: http), .resourceInUse),
                ("ARN", .deleteNamespace(id: "arn:aws:servicediscovery:r:a:service/\(plain.id)"), .invalidInput),
                ("id", .deleteNamespace(id: ""), .invalidInput),
                ("no description", .updateNamespace(id: http, kind: .http, .init()), .invalidInput),
                ("SOA", .updateNamespace(id: http, kind: .http, .init(description: "", soaTTL: 1)), .invalidInput),
                ("kind", .updateNamespace(id: http, kind: .publicDNS, .init(description: "")), .invalidInput),
                ("TTL", .updateNamespace(id: dns, kind: .publicDNS, .init(soaTTL: 2_147_483_648)), .invalidInput),
                ("none", .updateNamespace(id: "ns-none", kind: .http, .init(description: "")), .namespaceNotFound),
                ("HTTP", .updateService(id: plain.id, .init(description: "x")), .invalidInput),
                ("none", .updateService(id: "srv-none", .init()), .serviceNotFound),
                ("other type", .updateService(id: full.id, .init(records: [.aaaa: 1])), .invalidInput),
                ("more types", .updateService(id: full.id, .init(records: [.a: 1, .aaaa: 1])), .invalidInput),
                ("TTL", .updateService(id: full.id, .init(records: [.a: -1])), .invalidInput),
                ("check's type", .updateService(id: full.id, .init(healthCheck: .init(kind: .tcp))), .invalidInput),
                ("check", .updateService(id: full.id, .init(healthCheck: .init(kind: .http, threshold: 11))), .invalidInput),
                ("both checks", .updateService(id: custom.id, .init(healthCheck: .init(kind: .tcp))), .invalidInput),
                ("description", .updateService(id: custom.id, .init(description: long)), .invalidInput),
                ("id", .registerInstance("a b", service: plain.id, attributes: [:]), .invalidInput),
                ("attributes", .registerInstance("a", service: plain.id, attributes: ["": ""]), .invalidInput),
                ("needs", .registerInstance("a", service: full.id, attributes: ["AWS_INSTANCE_IPV4": "10.0.0.1"]), .invalidInput),
                ("heartbeat", .registerInstance("a", service: plain.id, attributes: ["DISCOVERY_LEASE_SECONDS": "0"]), .invalidInput),
                ("heartbeat", .registerInstance("a", service: plain.id, attributes: ["DISCOVERY_LEASE_SECONDS": "86401"]), .invalidInput),
                ("heartbeat", .registerInstance("a", service: plain.id, attributes: ["DISCOVERY_LEASE_SECONDS": "+1"]), .invalidInput),
                ("heartbeat", .registerInstance("a", service: plain.id, attributes: ["DISCOVERY_LEASE_SECONDS": ""]), .invalidInput),
                ("none", .registerInstance("a", service: "srv-none", attributes: [:]), .serviceNotFound),
                ("none", .deregisterInstance("a", service: plain.id), .instanceNotFound),
                ("none", .deregisterInstance("a", service: "srv-none"), .serviceNotFound),
            ]
            for (name, change, code) in table {
                for fidelity in [Registry.Fidelity.instant, .slow] {
                    let error = await refused(code) { _ = try await registry.submit(change, fidelity: fidelity) }
                    #expect(error != nil, "\(name): \(change)")
                }
            }
            await refused(.invalidInput) {
                _ = try await registry.submit(.createNamespace(.init(name: "a")), requestID: String(repeating: "r", count: 65))
            }
            #expect(try await registry.operations().elements.count == before)
        }
    }

    @Test func `what exists is told with its creator, however the request is repeated`() async throws {
        try await withRegistry { registry in
            let made = try await registry.done(.createNamespace(.init(name: "shop")), requestID: "one")
            for request in ["one", "two", nil] {
                let error = await refused(.namespaceAlreadyExists) {
                    _ = try await registry.submit(.createNamespace(.init(name: "shop")), requestID: request)
                }
                #expect(error?.existingID == made.namespaceID && error?.creatorRequestID == "one")
            }
        }
    }

    @Test func `private namespaces of one name are told apart by a hash, and two in one network conflict`() async throws {
        try await withRegistry { registry in
            func make(_ name: String, _ vpc: String) async throws -> Registry.Operation {
                try await registry.done(.createNamespace(.init(name: name, kind: .privateDNS, vpc: vpc)))
            }
            let first = try await registry.namespace(make("corp.local", "vpc-1").namespaceID ?? "")
            let second = try await registry.namespace(make("corp.local", "vpc-2").namespaceID ?? "")
            let third = try await registry.namespace(make("other.local", "vpc-1").namespaceID ?? "")
            #expect(first.httpName == "corp.local" && third.httpName == "other.local")
            #expect(second.name == "corp.local" && second.httpName.wholeMatch(of: /corp\.local-[a-z2-7]{8}/) != nil)
            let failed = try await make("Corp.local", "vpc-2")
            #expect(failed.status == .failed && failed.failure?.code == .cannotCreateHostedZone && failed.targets.isEmpty)
            #expect(failed.failure?.message.contains("ConflictingDomainExists") == true)
            #expect(failed.failure?.message.contains(second.id) == true)
            #expect(try await registry.namespaces().count == 3)
            let service = try await registry.createService(namespaceID: second.id, name: "api")
            _ = try await registry.done(.registerInstance("i", service: service.id, attributes: [:]))
            #expect(try await registry.ids(second.httpName, "api") == ["i"])
            await refused(.serviceNotFound) { _ = try await registry.ids("corp.local", "api") }
        }
    }

    @Test func `a service made again with the same request is the same, with another or other contents it is not`() async throws {
        try await withRegistry { registry in
            let namespace = try await registry.createNamespace(name: "example.com", kind: .publicDNS)
            func make(
                _ configuration: Registry.Service.Configuration = .init(), type: String? = nil, request: String? = "r"
            ) async throws -> Registry.Service {
                try await registry.createService(
                    namespaceID: namespace.id, name: "api", configuration: configuration, type: type, creatorRequestID: request,
                    tags: ["k": "v"])
            }
            await refused(.invalidInput) { _ = try await make(type: "DNS") }
            await refused(.invalidInput) { _ = try await make(.init(dns: .init(records: [.a: 1])), type: "HTTP") }
            let service = try await make(type: "HTTP")
            #expect(service.configuration.type == "HTTP")
            #expect(try await registry.tags(of: "arn:aws:servicediscovery:r:a:service/\(service.id)") == ["k": "v"])
            #expect(try await make() == service)
            _ = try await registry.register("i", in: .id(service.id), attributes: [:])
            #expect(try await make().instanceCount == 1)
            await refused(.serviceAlreadyExists, service.id) { _ = try await make(request: "other") }
            await refused(.serviceAlreadyExists, service.id) { _ = try await make(request: nil) }
            await refused(.serviceAlreadyExists, service.id) { _ = try await make(.init(description: "other")) }
        }
    }

    @Test func `an update deletes what it leaves out, but not custom health and the description`() async throws {
        try await withRegistry { registry in
            let namespace = try await registry.createNamespace(name: "example.com", kind: .publicDNS)
            let check = Registry.HealthCheck(kind: .tcp)
            let dns = Registry.DNSConfiguration(records: [.srv: 1])
            let service = try await registry.createService(
                namespaceID: namespace.id, name: "a", configuration: .init(description: "d", dns: dns, healthCheck: check))
            let custom = try await registry.createService(
                namespaceID: namespace.id, name: "b", configuration: .init(dns: dns, hasCustomHealth: true))
            for id in [service.id, custom.id] {
                _ = try await registry.register(
                    "i", in: .id(id), attributes: ["AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "80"])
            }
            let name = Registry.ServiceName.id(service.id)
            #expect(try await registry.instance("i", in: name)?.health == .healthy)
            try await registry.done(.updateService(id: service.id, .init(records: [.srv: 9])))
            #expect(try await registry.service(service.id).configuration == .init(description: "d", dns: .init(records: [.srv: 9])))
            // Whose health nothing checks is not known, nor hidden.
            #expect(try await registry.instance("i", in: name)?.health == .unknown)
            try await registry.done(
                .updateService(id: service.id, .init(records: [.srv: 9], healthCheck: .init(kind: .http, threshold: 2))))
            #expect(try await registry.instance("i", in: name)?.health == .healthy)
            try await registry.done(.updateService(id: service.id, .init(description: "")))
            #expect(try await registry.service(service.id).configuration == .init(description: ""))
            try await registry.done(.updateService(id: custom.id, .init()))
            #expect(try await registry.service(custom.id).configuration == .init(hasCustomHealth: true))
        }
    }

    @Test func `a repeated registration that still stands, and a repeated update, are not done again`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop", .init(hasCustomHealth: true))
            let change = Registry.Change.registerInstance("i", service: service.id, attributes: ["a": "1"])
            let name = Registry.ServiceName.id(service.id)
            let first = try await registry.submit(change, requestID: "r")
            try await registry.setHealth(.unhealthy, of: "i", in: name)
            let incarnation = try await registry.instance("i", in: name)?.incarnation
            #expect(try await registry.submit(change, requestID: "r") == first)
            #expect(try await registry.instance("i", in: name)?.incarnation == incarnation)
            #expect(try await registry.instance("i", in: name)?.health == .unhealthy)
            // Another request, other attributes, or none there any more: done.
            let second = try await registry.submit(change, requestID: "s")
            #expect(second != first)
            #expect(try await registry.submit(change) != second)
            let third = try await registry.submit(change, requestID: "r")
            #expect(third != first)
            try await registry.done(.deregisterInstance("i", service: service.id))
            #expect(try await registry.submit(change, requestID: "r") != third)
            #expect(try await registry.instance("i", in: name) != nil)
            // An embedded registration in its place ends it as well.
            _ = try await registry.register("i", in: name, attributes: ["a": "1"])
            #expect(try await registry.registration(of: "i", in: name).creatorRequestID == nil)

            let update = Registry.Change.updateNamespace(id: service.namespaceID, kind: .http, .init(description: "new"))
            let updated = try await registry.submit(update, requestID: "u")
            #expect(try await registry.submit(update, requestID: "u") == updated)
            #expect(try await registry.submit(update, requestID: "v") != updated)
            let other = Registry.Change.updateNamespace(id: service.namespaceID, kind: .http, .init(description: "newer"))
            #expect(try await registry.submit(other, requestID: "u") != updated)
            #expect(try await registry.namespace(service.namespaceID).description == "newer")
        }
    }

    @Test func `a deregistration of one incarnation leaves its successor`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            let first = try await registry.register("i", in: .id(service.id), attributes: [:])
            let second = try await registry.register("i", in: .id(service.id), attributes: [:])
            try await registry.done(.deregisterInstance("i", service: service.id, incarnation: first.incarnation))
            #expect(try await registry.instance("i", in: .id(service.id))?.incarnation == second.incarnation)
            try await registry.done(.deregisterInstance("i", service: service.id, incarnation: second.incarnation))
            #expect(try await registry.instance("i", in: .id(service.id)) == nil)
            let again = try await registry.done(.deregisterInstance("i", service: service.id, incarnation: second.incarnation))
            #expect(again.status == .success)
        }
    }

    @Test func `quotas are kept where they are asked for`() async throws {
        try await withRegistry { registry in
            let tight = Registry.Fidelity(quotas: .init(namespaces: 2, instancesPerNamespace: 3, instancesPerService: 2))
            let first = try await registry.done(.createNamespace(.init(name: "a")), fidelity: tight).namespaceID ?? ""
            try await registry.done(.createNamespace(.init(name: "b")), fidelity: tight)
            await refused(.resourceLimitExceeded, "2 namespaces") {
                _ = try await registry.submit(.createNamespace(.init(name: "c")), fidelity: tight)
            }
            try await registry.done(.createNamespace(.init(name: "c")))
            let one = try await registry.createService(namespaceID: first, name: "one")
            let two = try await registry.createService(namespaceID: first, name: "two")
            func register(_ id: String, _ service: Registry.Service, _ fidelity: Registry.Fidelity) async throws {
                try await registry.done(.registerInstance(id, service: service.id, attributes: [:]), fidelity: fidelity)
            }
            try await register("i", one, tight)
            try await register("j", one, tight)
            await refused(.resourceLimitExceeded, "in a service") { try await register("k", one, tight) }
            try await register("i", one, tight)
            var slow = tight
            slow.operationDelay = .seconds(3)
            try await register("i", two, slow)
            // One that is pending counts.
            await refused(.resourceLimitExceeded, "in a namespace") { try await register("j", two, tight) }
            try await register("j", two, .instant)
            #expect(Registry.Quotas() == Registry.Fidelity.faithful.quotas && Registry.Quotas().namespaces == 50)
        }
    }
}
