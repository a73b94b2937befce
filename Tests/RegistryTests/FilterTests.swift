import Registry
import Testing

/// Lists of namespaces, services and operations: filtered, and page by page.
struct FilterTests {
    private typealias Filter = Registry.Filter

    @Test func `filters that make no sense are refused, in every list`() async throws {
        try await withRegistry { registry in
            let bad: [(String, Filter)] = [
                ("none", Filter("NAMES", ["a"])), ("lower case", Filter("name", ["a"])), ("no value", Filter("NAME", [])),
                ("two values", Filter("NAME", ["a", "b"])), ("condition", Filter("NAME", ["a"], condition: "IN")),
                ("condition", Filter("NAME", ["a"], condition: "eq")),
                ("prefix of a type", Filter("TYPE", ["H"], condition: "BEGINS_WITH")),
                ("type", Filter("TYPE", ["DNS"])), ("owner", Filter("RESOURCE_OWNER", ["ME"])), ("empty", Filter("NAME", [""])),
            ]
            for (name, filter) in bad {
                let error = await refused(.invalidInput) { _ = try await registry.namespaces([filter], page: .init()) }
                #expect(error != nil, "\(name)")
            }
            for filter in [
                Filter("NAME", ["a"]), Filter("NAMESPACE_ID", ["a"], condition: "IN"), Filter("NAMESPACE_ID", ["arn:aws:x"]),
                Filter("NAMESPACE_ID", ["arn:aws:servicediscovery:r:1:service/srv-a"]),
            ] {
                await refused(.invalidInput) { _ = try await registry.services([filter], page: .init()) }
            }
            for filter in [
                Filter("STATUS", ["DONE"]), Filter("TYPE", []), Filter("TYPE", [], condition: "IN"), Filter("UPDATE_DATE", ["1", "2"]),
                Filter("UPDATE_DATE", ["2", "1"], condition: "BETWEEN"), Filter("UPDATE_DATE", ["1"], condition: "BETWEEN"),
                Filter("UPDATE_DATE", ["a", "b"], condition: "BETWEEN"), Filter("UPDATE_DATE", ["nan", "inf"], condition: "BETWEEN"),
                Filter("SERVICE_ID", ["a"], condition: "IN"), Filter("NAME", ["a"]),
            ] {
                await refused(.invalidInput) { _ = try await registry.operations([filter]) }
            }
        }
    }

    @Test func `a token is good for its own list only, and a page has 1 to 100 entries`() async throws {
        try await withRegistry { registry in
            var tokens: [String] = []
            for namespace in ["a", "b", "c"] { try await registry.done(.createNamespace(.init(name: namespace))) }
            let first = try await registry.make("first", in: "a")
            let second = try await registry.make("second", in: "a")
            for id in ["x", "y", "z"] {
                for service in [first, second] { try await registry.done(.registerInstance(id, service: service.id, attributes: [:])) }
            }
            let one = { @Sendable (token: String?) in Registry.PageRequest(limit: 1, token: token) }
            tokens.append(try #require(try await registry.namespaces([], page: one(nil)).token))
            tokens.append(try #require(try await registry.services([], page: one(nil)).token))
            tokens.append(try #require(try await registry.operations(page: one(nil)).token))
            tokens.append(try #require(try await registry.instances(of: .id(first.id), page: one(nil)).token))
            tokens.append(try #require(try await registry.instances(of: .id(second.id), page: one(nil)).token))
            let lists: [@Sendable (String) async throws -> Void] = [
                { _ = try await registry.namespaces([], page: one($0)) }, { _ = try await registry.services([], page: one($0)) },
                { _ = try await registry.operations(page: one($0)) },
                { _ = try await registry.instances(of: .id(first.id), page: one($0)) },
                { _ = try await registry.healthStatus(in: .id(second.id), page: one($0)) },
            ]
            let bad = [
                "", "x", "AAAA", "not base 64!", String(repeating: "A", count: 8_192), String(tokens[0].dropLast(4)), tokens[0] + "AAAA",
            ]
            for (index, list) in lists.enumerated() {
                try await list(tokens[index])
                for other in tokens.indices where other != index { await refused(.invalidInput, "token") { try await list(tokens[other]) } }
                for token in bad { await refused(.invalidInput, "token") { try await list(token) } }
            }
            for limit in [0, -1, 101] {
                await refused(.invalidInput, "\(limit)") { _ = try await registry.namespaces([], page: .init(limit: limit)) }
                await refused(.invalidInput, "\(limit)") { _ = try await registry.operations(page: .init(limit: limit)) }
                await refused(.invalidInput, "\(limit)") { _ = try await registry.instances(of: .id(first.id), page: .init(limit: limit)) }
            }
        }
    }

    /// All pages, and whether each had as many entries before it was filtered as it should.
    private func all<Element>(
        _ limit: Int, _ list: (Registry.PageRequest) async throws -> Registry.Page<Element>
    ) async throws -> (elements: [Element], pages: Int) {
        var (elements, pages): ([Element], Int) = ([], 0)
        var token: String?
        repeat {
            let page = try await list(.init(limit: limit, token: token))
            #expect(page.elements.count <= limit)
            elements += page.elements
            pages += 1
            token = page.token
        } while token != nil
        return (elements, pages)
    }

    @Test func `pages are cut before they are filtered, and together are what a plain filter leaves`() async throws {
        try await HandClock.withRegistry { registry, clock in
            var random = SplitMix()
            var operations: [Registry.Operation] = []
            for number in 0..<60 {
                clock.advance(.milliseconds(.random(in: 0...2_000, using: &random)))
                let name = "\(Bool.random(using: &random) ? "app" : "tool")-\(number)"
                let change: Registry.Change =
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: .createNamespace(.init(name: name))
                    case 1: .createNamespace(.init(name: "\(name).example.com", kind: .publicDNS))
                    default: .createNamespace(.init(name: "same.internal", kind: .privateDNS, vpc: "vpc-\(number % 4)"))
                    }
                operations.append(try await registry.done(change))
            }
            let made = try await registry.namespaces()
            for number in 0..<30 {
                let id = made.randomElement(using: &random)?.id ?? ""
                let service = try await registry.createService(namespaceID: id, name: "s\(number)")
                operations.append(try await registry.done(.registerInstance("i", service: service.id, attributes: [:])))
            }
            // Counted anew: they have services now.
            let namespaces = try await registry.namespaces()
            let services = try await registry.services()
            #expect(operations.contains { $0.status == .failed } && namespaces.contains { $0.httpName != $0.name })

            for _ in 0..<max(10, Rounds.count) {
                let limit = Int.random(in: 1...40, using: &random)
                let namespace = try #require(namespaces.randomElement(using: &random))
                let kind = namespace.kind.rawValue
                let prefix = String(namespace.httpName.prefix(.random(in: 1...14, using: &random)))
                let some: [(Filter, (Registry.Namespace) -> Bool)] = [
                    (Filter("TYPE", [kind]), { $0.kind.rawValue == kind }),
                    (Filter("NAME", [namespace.name]), { $0.name == namespace.name }),
                    (Filter("NAME", [prefix], condition: "BEGINS_WITH"), { $0.name.hasPrefix(prefix) }),
                    (Filter("HTTP_NAME", [prefix], condition: "BEGINS_WITH"), { $0.httpName.hasPrefix(prefix) }),
                    (Filter("HTTP_NAME", [namespace.httpName], condition: "EQ"), { $0.httpName == namespace.httpName }),
                    (Filter("RESOURCE_OWNER", ["SELF"]), { _ in true }), (Filter("RESOURCE_OWNER", ["OTHER_ACCOUNTS"]), { _ in false }),
                ]
                let chosen = some.shuffled(using: &random).prefix(.random(in: 0...2, using: &random))
                let found = try await all(limit) { try await registry.namespaces(chosen.map(\.0), page: $0) }
                #expect(
                    Set(found.elements) == Set(namespaces.filter { namespace in chosen.allSatisfy { $0.1(namespace) } })
                        && found.pages == (namespaces.count + limit - 1) / limit, "\(chosen.map(\.0)) by \(limit), \(Rounds.note)")

                let arn = "arn:aws:servicediscovery:eu-central-1:000000000000:namespace/\(namespace.id)"
                let inside = try await all(limit) {
                    try await registry.services([Filter("NAMESPACE_ID", [Bool.random() ? arn : namespace.id])], page: $0)
                }
                #expect(Set(inside.elements) == Set(services.filter { $0.namespaceID == namespace.id }), "\(Rounds.note)")
                #expect(inside.pages == (services.count + limit - 1) / limit)

                let operation = try #require(operations.randomElement(using: &random))
                let (start, end) = (operation.updated, operation.updated + .random(in: 0...30_000, using: &random))
                let kinds = [operation.kind.rawValue, "UPDATE_SERVICE"]
                let others: [(Filter, (Registry.Operation) -> Bool)] = [
                    (Filter("STATUS", ["SUCCEED"]), { $0.status == .success }), (Filter("STATUS", ["FAIL"]), { $0.status == .failed }),
                    (Filter("STATUS", ["SUCCESS", "PENDING"], condition: "IN"), { $0.status == .success }),
                    (Filter("TYPE", [operation.kind.rawValue]), { $0.kind == operation.kind }),
                    (Filter("TYPE", kinds, condition: "IN"), { $0.kind == operation.kind }),
                    (Filter("NAMESPACE_ID", [namespace.id]), { $0.namespaceID == namespace.id }),
                    (Filter("SERVICE_ID", [services[0].id]), { $0.serviceID == services[0].id }),
                    (
                        Filter("UPDATE_DATE", ["\(Double(start) / 1_000)", "\(Double(end) / 1_000)"], condition: "BETWEEN"),
                        { (start...end).contains($0.updated) }
                    ),
                ]
                let wanted = others.shuffled(using: &random).prefix(.random(in: 0...2, using: &random))
                let records = try await all(limit) { try await registry.operations(wanted.map(\.0), page: $0) }
                let expected = operations.reversed().filter { operation in wanted.allSatisfy { $0.1(operation) } }
                #expect(records.elements == expected, "\(wanted.map(\.0)) by \(limit), \(Rounds.note)")
                #expect(records.pages == (operations.count + limit - 1) / limit)
            }
        }
    }
}
