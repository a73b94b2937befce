import Foundation
import Registry
import Store
import Testing

/// Overrides as the registry keeps them: text under a pattern.
struct OverrideTests {
    private func patterns(_ registry: Registry) async throws -> [String] { try await registry.overrides().map(\.pattern) }

    @Test func `the longest pattern comes first, then by text`() async throws {
        try await withRegistry { registry in
            for pattern in ["*", "b.*", "a.*", "ais.scheduler->*", "größe.*", "ais.*"] {
                try await registry.setOverride(pattern: pattern, text: "text of \(pattern)", now: 0)
            }
            let overrides = try await registry.overrides()
            #expect(overrides.map(\.pattern) == ["ais.scheduler->*", "größe.*", "ais.*", "a.*", "b.*", "*"])
            #expect(overrides.allSatisfy { $0.text == "text of \($0.pattern)" })
            try await registry.setOverride(pattern: "ais.*", text: "new", now: 0)
            #expect(try await registry.overrides().first { $0.pattern == "ais.*" }?.text == "new")
            #expect(try await registry.removeOverride(pattern: "ais.*", now: 0))
            #expect(try await !registry.removeOverride(pattern: "ais.*", now: 0))
            #expect(try await registry.removeOverrides() == 5)
            #expect(try await patterns(registry).isEmpty)
        }
    }

    @Test func `what has expired is removed by the next who writes, and by nobody else`() async throws {
        try await withRegistry { registry in
            try await registry.setOverride(pattern: "stays", text: "", now: 1_000)
            try await registry.setOverride(pattern: "later", text: "", expires: 3_000, now: 1_000)
            try await registry.setOverride(pattern: "soon", text: "", expires: 2_000, now: 1_000)
            #expect(try await patterns(registry) == ["later", "stays", "soon"])
            try await registry.setOverride(pattern: "x", text: "", now: 1_999)
            #expect(try await patterns(registry).contains("soon"))
            try await registry.setOverride(pattern: "x", text: "", now: 2_000)
            #expect(try await patterns(registry) == ["later", "stays", "x"])
            _ = try await registry.register("a", in: .name(namespace: "n", service: "s"), attributes: [:], creating: true)
            #expect(try await patterns(registry).contains("later"))
            #expect(try await !registry.removeOverride(pattern: "none", now: 3_000))
            #expect(try await patterns(registry) == ["stays", "x"])
        }
    }

    @Test func `a home keeps a thousand, and counts none that has expired`() async throws {
        try await withRegistry { registry in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1_000 {
                    group.addTask {
                        try await registry.setOverride(pattern: "p\(number)", text: "", expires: number == 7 ? 2 : nil, now: 1)
                    }
                }
                try await group.waitForAll()
            }
            await refused(.invalidInput, "1000 overrides") { try await registry.setOverride(pattern: "more", text: "", now: 1) }
            try await registry.setOverride(pattern: "p1", text: "replaced", now: 1)
            try await registry.setOverride(pattern: "more", text: "", now: 2)
            #expect(try await registry.overrides().count == 1_000)
        }
    }

    @Test func `every change is noticed by the other processes' next look, and what changes nothing is not`() async throws {
        try await withFolder { path in
            let registry = try Registry(Home(path: path))
            let other = try Registry(Home(path: path))
            let changes: [@Sendable () async throws -> Void] = [
                { try await registry.setOverride(pattern: "a", text: "1", now: 0) },
                { try await registry.setOverride(pattern: "a", text: "2", now: 0) },
                { _ = try await registry.removeOverride(pattern: "a", now: 0) },
                { try await registry.setOverride(pattern: "b", text: "", now: 0) },
                { _ = try await registry.removeOverrides() },
            ]
            for change in changes {
                let version = other.store.version()
                #expect(other.store.isStill(version))
                try await change()
                #expect(!other.store.isStill(version))
            }
            let version = other.store.version()
            #expect(try await !registry.removeOverride(pattern: "a", now: 0))
            #expect(try await registry.removeOverrides() == 0)
            #expect(other.store.isStill(version))
            registry.close()
            other.close()
        }
    }

    @Test func `a home of format 1 is taken to today's with all it holds`() async throws {
        try await withFolder { path in
            let old = Schema(.registry, steps: Array(Registry.schema.steps.prefix(1)))
            let store = try Store(Home(path: path), old)
            try await store.write { transaction in
                let connection = transaction.connection
                try connection.run("INSERT INTO namespaces VALUES (1, 'ns-a', 'ais', 'ais', 'HTTP', NULL, NULL, 0)")
                try connection.run("INSERT INTO services VALUES (1, 'srv-a', 1, 'scheduler', '{}', NULL, 0, 3, 3)")
                try connection.run("INSERT INTO instances VALUES (1, 'get-job', 3, '{\"url\":\"http://h/\"}', 'UNKNOWN', NULL, NULL, 0)")
            }
            store.close()
            #expect(try Home.examine(path: path).databases.map(\.version) == [1])
            let registry = try Registry(Home(path: path))
            #expect(try await registry.find("get-job", namespace: "ais", service: "scheduler").instance.attributes == ["url": "http://h/"])
            #expect(try await patterns(registry).isEmpty)
            try await registry.setOverride(pattern: "ais.*", text: "kept", now: 0)
            registry.close()
            let examined = try Home.examine(path: path)
            #expect(examined.isHealthy && examined.databases.map(\.version) == [Registry.schema.steps.count])
            #expect(examined.databases.first?.rows["overrides"] == 1 && examined.databases.first?.rows["instances"] == 1)
            let again = try Registry(Home(path: path))
            #expect(try await again.overrides().map(\.text) == ["kept"])
            again.close()
            let error = #expect(throws: StoreError.self) { try Store(Home(path: path), old) }
            #expect(
                error?.code == .unusable
                    && error?.message.contains("format \(Registry.schema.steps.count); this program knows up to 1") == true)
        }
    }

    @Test func `a process that had a home of format 1 open goes on while another takes it to format 2`() async throws {
        try await withFolder { path in
            let old = try Store(Home(path: path), Schema(.registry, steps: Array(Registry.schema.steps.prefix(1))))
            let registry = try Registry(Home(path: path))
            try await registry.setOverride(pattern: "ais.*", text: "", now: 0)
            try await old.write { _ = try $0.connection.run("UPDATE counters SET value = 7 WHERE name = 'revision'") }
            #expect(try await registry.store.read { try $0.first("SELECT value FROM counters") { $0.integer(0) } } == 7)
            old.close()
            registry.close()
        }
    }

    @Test func `overrides of a damaged home are salvaged, and those of format 1 are none`() async throws {
        try await withFolder { path in
            let registry = try Registry(Home(path: "\(path)/new"))
            try await registry.setOverride(pattern: "ais.*", text: "kept", expires: 7, now: 0)
            registry.close()
            try Store(Home(path: "\(path)/old"), Schema(.registry, steps: Array(Registry.schema.steps.prefix(1)))).close()
            #expect(try Home.salvage(Registry.schema, from: "\(path)/new", to: "\(path)/1")["overrides"] == 1)
            #expect(try Home.salvage(Registry.schema, from: "\(path)/old", to: "\(path)/2")["overrides", default: 0] == 0)
            let salvaged = try Registry(Home(path: "\(path)/1"))
            #expect(try await salvaged.overrides().map(\.text) == ["kept"])
            salvaged.close()
        }
    }
}
