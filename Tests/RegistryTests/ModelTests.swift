import Foundation
import Registry
import Store
import Testing

/// Long random sequences of operations, done by the registry and by a plain model: both answer the same.
struct ModelTests {
    @Test func `the registry does what its model does`() async throws {
        for round in 0..<max(1, Rounds.count / 3) {
            try await withFolder { path in
                var random = SplitMix(round: round)
                var registry = try Registry(Home(path: path))
                var model = RegistryModel()
                var history: [String] = []
                for _ in 0..<200 {
                    let step = RegistryModel.Step.random(using: &random, of: model)
                    history = history.suffix(8) + ["\(step)"]
                    let expected = model.apply(step)
                    let actual = await Self.outcome { try await Self.perform(step, on: registry, &model) }
                    #expect(actual == expected, "round \(round), \(Rounds.note): \(history)")
                    guard actual == expected else { return }
                    if Int.random(in: 0..<60, using: &random) == 0 {
                        registry.close()
                        registry = try Registry(Home(path: path))
                    }
                }
                try await Self.compare(registry, model, "round \(round), \(Rounds.note)")
                registry.close()
            }
        }
    }

    private static func outcome(_ body: () async throws -> Void) async -> RegistryModel.Outcome {
        do {
            try await body()
            return .done
        } catch let error as RegistryError {
            return .refused(error.code)
        } catch {
            return .failed("\(error)")
        }
    }

    /// What the registry chooses, ids and incarnations, is told to the model.
    private static func perform(_ step: RegistryModel.Step, on registry: Registry, _ model: inout RegistryModel) async throws {
        switch step {
        case .createNamespace(let name, let kind):
            model.learn(namespace: try await registry.createNamespace(name: name, kind: kind))
        case .deleteNamespace(let name): try await registry.deleteNamespace(id: model.namespaceIDs[name] ?? "ns-none")
        case .createService(let namespace, let name, let hasHealth):
            let service = try await registry.createService(
                namespaceID: model.namespaceIDs[namespace] ?? "ns-none", name: name, configuration: .init(hasCustomHealth: hasHealth))
            try model.learn(service: service, in: namespace)
        case .deleteService(let key): try await registry.deleteService(id: model.serviceIDs[key] ?? "srv-none")
        case .register(let key, let id, let attributes, let creating):
            let registered = try await registry.register(
                id, in: .name(namespace: key.namespace, service: key.name), attributes: .init(attributes), creating: creating)
            try model.learn(registered, id, in: key)
            for namespace in try await registry.namespaces() { model.learn(namespace: namespace) }
            for service in try await registry.services(namespace: key.namespace) {
                model.serviceIDs[.init(key.namespace, service.name)] = service.id
            }
        case .deregister(let key, let id): try await registry.deregister(id, from: .name(namespace: key.namespace, service: key.name))
        case .deregisterIncarnation(let key, let id, let incarnation):
            try await registry.deregister(id, from: .name(namespace: key.namespace, service: key.name), incarnation: incarnation)
        case .setHealth(let key, let id, let health):
            try await registry.setHealth(health, of: id, in: .name(namespace: key.namespace, service: key.name))
        case .discover(let key, let selection):
            let found = try await registry.ids(key.namespace, key.name, selection)
            #expect(found == model.discover(key, selection))
        }
    }

    private static func compare(_ registry: Registry, _ model: RegistryModel, _ note: String) async throws {
        #expect(try await Set(registry.namespaces().map(\.name)) == Set(model.namespaces.keys), "\(note)")
        let services = try await registry.services()
        #expect(services.count == model.services.count, "\(note)")
        for (key, service) in model.services {
            let snapshot = try await registry.snapshot(namespace: key.namespace, service: key.name)
            #expect(snapshot.revision >= service.revision, "\(note)")
            let found = Dictionary(uniqueKeysWithValues: snapshot.instances.map { ($0.id, $0) })
            #expect(Set(found.keys) == Set(service.instances.keys), "\(note)")
            for (id, instance) in service.instances {
                #expect(found[id]?.attributes == instance.attributes, "\(note)")
                #expect(found[id]?.health == instance.health, "\(note)")
                #expect(found[id]?.incarnation == instance.incarnation, "\(note)")
            }
        }
    }
}
