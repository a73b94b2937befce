import Registry
import Store
import Testing

/// Homes of formats before today's.
struct FormatTests {
    private static let third = Schema(.registry, overlaps: false, steps: Array(Registry.schema.steps.prefix(3)))

    private func fill(_ store: Store) async throws {
        try await store.write { transaction in
            let connection = transaction.connection
            try connection.run("INSERT INTO namespaces VALUES (1, 'ns-aaaaaaaaaaaaaaaa', 'shop', 'shop', 'HTTP', 'A shop', 'r', 7)")
            try connection.run(
                "INSERT INTO namespaces VALUES (2, 'ns-bbbbbbbbbbbbbbbb', 'b.local', 'b.local', 'DNS_PRIVATE', NULL, NULL, 7)")
            try connection.run("INSERT INTO services VALUES (1, 'srv-a', 1, 'api', '{}', NULL, 7, 3, 3)")
            try connection.run("INSERT INTO instances VALUES (1, 'i', 3, '{\"url\":\"http://h/\"}', 'UNKNOWN', NULL, NULL, 7)")
        }
    }

    @Test func `a home of format 3 is taken to today's with all it holds`() async throws {
        try await withFolder { path in
            let store = try Store(Home(path: path), Self.third)
            try await fill(store)
            store.close()
            #expect(try Home.examine(path: path).databases.map(\.version) == [3])
            let registry = try Registry(Home(path: path))
            let namespaces = try await registry.namespaces([], page: .init()).elements
            #expect(namespaces.map(\.serviceCount) == [1, 0] && namespaces.map(\.vpc) == [nil, nil])
            #expect(namespaces.map(\.soaTTL) == [nil, Registry.Namespace.defaultSOATTL])
            #expect(namespaces.map(\.hostedZoneID) == [nil, "Z0000BBBBBBBBBBBBBBBB"])
            let found = try await registry.registration(of: "i", in: .id("srv-a"))
            #expect(found.instance.attributes == ["url": "http://h/"] && found.creatorRequestID == nil)
            #expect(try await registry.serviceAttributes("srv-a").attributes.isEmpty)
            try await registry.done(.registerInstance("j", service: "srv-a", attributes: [:]))
            registry.close()
            let examined = try Home.examine(path: path)
            #expect(examined.isHealthy && examined.databases.map(\.version) == [Registry.schema.steps.count])
        }
    }

    @Test func `a process that had a home of format 3 open registers and removes while another takes it to format 4`() async throws {
        try await withFolder { path in
            let old = try Store(Home(path: path), Self.third)
            try await fill(old)
            let registry = try Registry(Home(path: path))
            _ = try await registry.register("beat", in: .id("srv-a"), attributes: ["DISCOVERY_LEASE_SECONDS": "5"])
            // The statements of format 3.
            try await old.write { transaction in
                try transaction.connection.run(
                    "INSERT INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service, id) DO NOTHING", 1, .text("old"), 9,
                    .text("{}"), .text("UNKNOWN"), nil, nil, 7)
                try transaction.connection.run(
                    "INSERT INTO namespaces (id, name, http_name, kind, description, creator, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    .text("ns-c"), .text("c"), .text("c"), .text("HTTP"), nil, nil, 7)
            }
            #expect(try await registry.ids("shop", "api") == ["beat", "i", "old"])
            try await old.write { _ = try $0.connection.run("DELETE FROM instances WHERE service = 1 AND id = 'beat'") }
            #expect(try await registry.heartbeats().heartbeats.isEmpty)
            let rows = try await registry.store.read { try $0.first("SELECT count(*) FROM heartbeats") { $0.integer(0) } }
            #expect(rows == 0)
            old.close()
            registry.close()
        }
    }

    @Test func `a damaged home is salvaged from format 3, and from today's with operations and tags`() async throws {
        try await withFolder { path in
            let store = try Store(Home(path: "\(path)/old"), Self.third)
            try await fill(store)
            store.close()
            let saved = try Home.salvage(Registry.schema, from: "\(path)/old", to: "\(path)/1")
            #expect(saved["namespaces"] == 2 && saved["instances"] == 1)
            let first = try Registry(Home(path: "\(path)/1"))
            #expect(try await first.ids("shop", "api") == ["i"])
            let operation = try await first.submit(
                .registerInstance("beat", service: "srv-a", attributes: ["DISCOVERY_LEASE_SECONDS": "5"]), requestID: "r")
            try await first.tag("arn:aws:servicediscovery:r:a:service/srv-a", ["k": "v"])
            let last = try await first.heartbeats().last
            first.close()
            _ = try Home.salvage(Registry.schema, from: "\(path)/1", to: "\(path)/2")
            let second = try Registry(Home(path: "\(path)/2"))
            #expect(try await second.operation(operation).status == .success)
            #expect(try await second.tags(of: "arn:aws:servicediscovery:r:a:service/srv-a") == ["k": "v"])
            #expect(try await second.registration(of: "beat", in: .id("srv-a")).creatorRequestID == "r")
            #expect(try await second.heartbeats().heartbeats.map(\.instanceID) == ["beat"])
            _ = try await second.register("next", in: .id("srv-a"), attributes: ["DISCOVERY_LEASE_SECONDS": "5"])
            #expect(try await second.heartbeats(after: last).heartbeats.map(\.instanceID) == ["next"])
            second.close()
        }
    }
}
