import Foundation
import Registry
import Store
import Testing

/// Processes that register and deregister, killed at random moments: what was confirmed is there.
struct KillTests {
    @Test func `what killed processes had confirmed is there once and revisions never fall`() async throws {
        for round in 0..<Rounds.count {
            var random = SplitMix(round: round)
            try await withFolder { path in
                let note = "round \(round), \(Rounds.note)"
                let children = try (0..<3).map { try Child("registrar", path, "p\($0)") }
                for child in children { #expect(await child.line() == "open") }
                let moments = children.map { _ in Duration.milliseconds(Int.random(in: 5...250, using: &random)) }
                let lines = try await withThrowingTaskGroup(of: [String].self) { group in
                    for (child, moment) in zip(children, moments) {
                        group.addTask {
                            async let lines = child.lines()
                            try await Task.sleep(for: moment)
                            child.end()
                            return await lines
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                let registry = try Registry(Home(path: path))
                var present: [String: Set<String>] = [:]
                var uncertain: [String: Set<String>] = [:]
                var absent: [String: Set<String>] = [:]
                var revisions: [String: Int64] = [:]
                var incarnations: [String: [String: Int64]] = [:]
                for line in lines {
                    let words = line.split(separator: " ").map(String.init)
                    switch words[0] {
                    case "in":
                        present[words[1], default: []].insert(words[2])
                        let revision = try #require(Int64(words[3]))
                        revisions[words[1]] = max(revisions[words[1]] ?? 0, revision)
                        #expect(incarnations[words[1]]?.values.contains(revision) != true, "\(revision) was given twice; \(note)")
                        incarnations[words[1], default: [:]][words[2]] = revision
                    case "begun":
                        present[words[1]]?.remove(words[2])
                        uncertain[words[1], default: []].insert(words[2])
                    case "out": absent[words[1], default: []].insert(words[2])
                    default: Issue.record("\(line); \(note)")
                    }
                }
                for service in revisions.keys {
                    let snapshot = try await registry.snapshot(namespace: "kill", service: service)
                    let ids = snapshot.instances.map(\.id)
                    #expect(Set(ids).count == ids.count, "\(note)")
                    #expect(
                        present[service, default: []].isSubset(of: ids), "\(present[service, default: []].subtracting(ids)) lost; \(note)")
                    #expect(absent[service, default: []].isDisjoint(with: ids), "\(note)")
                    #expect(snapshot.revision >= revisions[service] ?? 0, "\(note)")
                    for instance in snapshot.instances {
                        guard let confirmed = incarnations[service]?[instance.id] else { continue }
                        #expect(instance.incarnation == confirmed, "\(note)")
                    }
                    // What was not confirmed may be there: at most one for each lane of each process.
                    let extra = Set(ids).subtracting(present[service, default: []]).subtracting(uncertain[service, default: []])
                    #expect(extra.count <= 12, "\(note)")
                    let next = try await registry.register("next", in: .name(namespace: "kill", service: service), attributes: [:])
                    #expect(next.incarnation > revisions[service] ?? 0, "\(note)")
                }
                registry.close()
                let examination = try Home.examine(path: path)
                #expect(examination.isHealthy, "\(examination.databases.flatMap(\.problems)); \(note)")
            }
        }
    }

    @Test func `a killed process leaves no change without its record and no record without its change`() async throws {
        for round in 0..<max(1, Rounds.count / 3) {
            var random = SplitMix(round: round)
            try await withFolder { path in
                let note = "round \(round), \(Rounds.note)"
                let registry = try Registry(Home(path: path))
                let service = try await registry.make("service", in: "kill")
                let children = try (0..<2).map { try Child("submitter", path, "p\($0)") }
                for child in children { #expect(await child.line() == "open") }
                let moments = children.map { _ in Duration.milliseconds(Int.random(in: 5...150, using: &random)) }
                let lines = try await withThrowingTaskGroup(of: [String].self) { group in
                    for (child, moment) in zip(children, moments) {
                        group.addTask {
                            async let lines = child.lines()
                            try await Task.sleep(for: moment)
                            child.end()
                            return await lines
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                var operations: [Registry.Operation] = []
                var token: String?
                repeat {
                    let page = try await registry.operations(page: .init(token: token))
                    operations += page.elements
                    token = page.token
                } while token != nil
                #expect(operations.allSatisfy { $0.status == .success }, "\(note)")
                var expected: Set<String> = []
                for operation in operations.reversed() {
                    let id = operation.targets[.instance] ?? ""
                    if operation.kind == .registerInstance { expected.insert(id) } else { expected.remove(id) }
                }
                #expect(try await registry.allIDs(of: .id(service.id)) == expected, "\(note)")
                let recorded = Set(
                    operations.map { "\($0.kind == .registerInstance ? "made" : "gone") \($0.targets[.instance] ?? "") \($0.id)" })
                #expect(recorded.isSuperset(of: lines), "\(Set(lines).subtracting(recorded)) lost; \(note)")
                #expect(try await registry.service(service.id).instanceCount == expected.count, "\(note)")
                registry.close()
            }
        }
    }
}
