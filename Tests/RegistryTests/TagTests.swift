import Registry
import Store
import Testing

/// Tags of namespaces and services, and attributes of services.
struct TagTests {
    private func arn(_ kind: String, _ id: String) -> String { "arn:aws:servicediscovery:eu-central-1:000000000000:\(kind)/\(id)" }

    @Test func `tags are added, replaced, removed, and go with what they are on`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            for arn in [arn("service", service.id), arn("namespace", service.namespaceID)] {
                #expect(try await registry.tags(of: arn).isEmpty)
                try await registry.tag(arn, ["a": "1", "b": "", String(repeating: "k", count: 128): String(repeating: "v", count: 256)])
                try await registry.tag(arn, ["a": "2", "größe": "XL"])
                try await registry.untag(arn, ["b", "none", String(repeating: "k", count: 128)])
                #expect(try await registry.tags(of: arn) == ["a": "2", "größe": "XL"])
            }
            try await registry.deleteService(id: service.id)
            await refused(.resourceNotFound, service.id) { _ = try await registry.tags(of: arn("service", service.id)) }
            let rows = try await registry.store.read { try $0.all("SELECT resource FROM tags") { $0.text(0) } }
            #expect(Set(rows) == [service.namespaceID])
        }
    }

    @Test func `fifty tags are the most, and their keys and values are bounded`() async throws {
        try await withRegistry { registry in
            let service = arn("service", try await registry.make("api", in: "shop").id)
            let fifty = Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "v") })
            try await registry.tag(service, fifty)
            try await registry.tag(service, fifty)
            await refused(.tooManyTags, "51") { try await registry.tag(service, ["more": ""]) }
            await refused(.tooManyTags, "51") { try await registry.tag(service, fifty.merging(["more": ""]) { $1 }) }
            for tags in [
                ["": "v"], [String(repeating: "k", count: 129): ""], ["k": String(repeating: "v", count: 257)], ["aws:x": ""],
                ["AWS:x": ""],
            ] {
                await refused(.invalidInput) { try await registry.tag(service, tags) }
                await refused(.invalidInput) {
                    _ = try await registry.createService(namespaceID: "ns-none", name: "b", tags: tags)
                }
            }
            await refused(.invalidInput) { try await registry.untag(service, ["aws:x"]) }
            #expect(try await registry.tags(of: service) == fifty)
        }
    }

    @Test func `tags are counted as they are written: two spellings of one letter are two`() async throws {
        try await withRegistry { registry in
            let service = arn("service", try await registry.make("api", in: "shop").id)
            try await registry.tag(service, Dictionary(uniqueKeysWithValues: (0..<50).map { ("\u{e9}\($0)", "composed") }))
            try await registry.tag(service, ["\u{e9}0": "again"])
            await refused(.tooManyTags, "51") { try await registry.tag(service, ["e\u{301}0": "decomposed"]) }
        }
    }

    @Test func `an ARN of what is not there is not found, and what is none is refused`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            for missing in [
                arn("service", "srv-none"), arn("namespace", service.id), arn("service", service.namespaceID), arn("instance", service.id),
                "arn:aws:sqs:eu-central-1:000000000000:queue", "arn:", "arn:aws:servicediscovery:r:a:service/\(service.id)/more",
            ] {
                await refused(.resourceNotFound) { _ = try await registry.tags(of: missing) }
                await refused(.resourceNotFound) { try await registry.tag(missing, ["a": "b"]) }
                await refused(.resourceNotFound) { try await registry.untag(missing, ["a"]) }
            }
            for text in ["", service.id, "arn:" + String(repeating: "x", count: 1_100)] {
                await refused(.invalidInput) { _ = try await registry.tags(of: text) }
            }
        }
    }

    @Test func `attributes of a service are merged, bounded, and deleted by key`() async throws {
        try await withRegistry { registry in
            let service = try await registry.make("api", in: "shop")
            let arn = arn("service", service.id)
            #expect(try await registry.serviceAttributes(service.id).attributes.isEmpty)
            try await registry.updateServiceAttributes(arn, ["a": "1", "b": "\"2\"\n"])
            try await registry.updateServiceAttributes(service.id, ["a": "3"])
            let found = try await registry.serviceAttributes(arn)
            #expect(found.serviceID == service.id && found.attributes == ["a": "3", "b": "\"2\"\n"])
            await refused(.serviceAttributesLimitExceeded, "31") {
                try await registry.updateServiceAttributes(service.id, .init(uniqueKeysWithValues: (0..<29).map { ("k\($0)", "") }))
            }
            try await registry.updateServiceAttributes(service.id, .init(uniqueKeysWithValues: (0..<28).map { ("k\($0)", "") }))
            try await registry.updateServiceAttributes(service.id, ["a": "4"])
            try await registry.deleteServiceAttributes(arn, (0..<28).map { "k\($0)" } + ["none"])
            #expect(try await registry.serviceAttributes(service.id).attributes == ["a": "4", "b": "\"2\"\n"])
            for attributes in [[:], ["": ""], [String(repeating: "k", count: 256): ""], ["k": String(repeating: "v", count: 1_025)]] {
                await refused(.invalidInput) { try await registry.updateServiceAttributes(service.id, attributes) }
            }
            await refused(.invalidInput) { try await registry.deleteServiceAttributes(service.id, []) }
            await refused(.serviceNotFound) { try await registry.updateServiceAttributes("srv-none", ["a": "b"]) }
            await refused(.serviceNotFound) { try await registry.deleteServiceAttributes("srv-none", ["a"]) }
            await refused(.serviceNotFound) { _ = try await registry.serviceAttributes("srv-none") }
            try await registry.deleteServiceAttributes(service.id, ["a", "b"])
            #expect(try await registry.serviceAttributes(service.id).attributes.isEmpty)
        }
    }
}
