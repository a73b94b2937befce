import Testing

@testable import Registry

/// Which of a service's instances are wanted: required attributes, health, preferred attributes.
struct SelectionTests {
    private static let instances = [
        ("a", "blue", Registry.Health.healthy), ("b", "blue", .unhealthy), ("c", "green", .unhealthy), ("d", "red", .healthy),
        ("e", "red", .healthy),
    ].map { id, color, health in
        Registry.Instance(id: id, attributes: ["color": color, "id": id], health: health, incarnation: 1)
    }

    private func ids(_ selection: Registry.Selection, hasHealthCheck: Bool = true) -> String {
        selection.select(from: Self.instances, hasHealthCheck: hasHealthCheck).map(\.id).joined()
    }

    @Test func `health filters choose among those that match what is required`() {
        let table: [(color: String?, Registry.HealthFilter, String)] = [
            (nil, .healthy, "ade"), (nil, .unhealthy, "bc"), (nil, .all, "abcde"), (nil, .healthyOrElseAll, "ade"),
            ("blue", .healthy, "a"), ("blue", .unhealthy, "b"), ("blue", .all, "ab"), ("blue", .healthyOrElseAll, "a"),
            // Healthy instances of other colours do not suppress the fall-back.
            ("green", .healthy, ""), ("green", .unhealthy, "c"), ("green", .all, "c"), ("green", .healthyOrElseAll, "c"),
            ("red", .unhealthy, ""), ("none", .healthyOrElseAll, ""), ("none", .all, ""),
        ]
        for (color, filter, expected) in table {
            let required = color.map { ["color": $0] } ?? [:]
            #expect(ids(.init(required: required, health: filter)) == expected, "\(color ?? "any") \(filter)")
        }
    }

    @Test func `without a health check every filter returns all`() {
        for filter in [Registry.HealthFilter.healthy, .unhealthy, .all, .healthyOrElseAll] {
            #expect(ids(.init(health: filter), hasHealthCheck: false) == "abcde")
            #expect(ids(.init(required: ["color": "blue"], health: filter), hasHealthCheck: false) == "ab")
        }
    }

    @Test func `preferred attributes narrow what is left, and are ignored when that would leave nothing`() {
        #expect(ids(.init(preferred: ["color": "red"], health: .all)) == "de")
        #expect(ids(.init(preferred: ["color": "none"], health: .all)) == "abcde")
        #expect(ids(.init(required: ["color": "blue"], preferred: ["id": "b"], health: .all)) == "b")
        // The preferred one is unhealthy: it is not among those to prefer.
        #expect(ids(.init(required: ["color": "blue"], preferred: ["id": "b"], health: .healthy)) == "a")
        #expect(ids(.init(required: ["color": "green"], preferred: ["color": "blue"], health: .healthyOrElseAll)) == "c")
        #expect(ids(.init(preferred: ["color": "red", "id": "e"], health: .all)) == "e")
        #expect(ids(.init(preferred: ["color": "red", "id": "a"], health: .all)) == "abcde")
    }

    @Test func `all that is required must match exactly`() {
        #expect(ids(.init(required: ["color": "Blue"], health: .all)) == "")
        #expect(ids(.init(required: ["color": "blue", "id": "b"], health: .all)) == "b")
        #expect(ids(.init(required: ["colour": "blue"], health: .all)) == "")
        #expect(ids(.init(required: ["color": ""], health: .all)) == "")
    }

    @Test func `nothing said means healthy`() {
        #expect(Registry.HealthFilter.unspecified == .healthy)
        #expect(ids(.init()) == "ade")
    }
}
