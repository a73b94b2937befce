import Registry
import Store
import Testing

/// Long random sequences of changes, some at once and some later, with what others do meanwhile: as a plain model has it.
struct ChangeModelTests {
    private enum Step: CaseIterable {
        case register, deregister, create, delete, embedRegister, embedDeregister, embedCreate, embedDelete, wait
    }

    private enum Work: Hashable { case register(String), deregister(String), create(String), delete(String) }

    private struct Model {
        var instances: Set<String> = []
        /// Ids by name; those that the registry chose are told.
        var namespaces: [String: String] = [:]
        var pending: [(operation: String, due: HomeTime, work: Work)] = []
        var done: [String: Registry.Operation.Status] = [:]

        func refusal(of work: Work) -> RegistryError.Code? {
            if pending.contains(where: { Self.exclude($0.work, work) }) { return .duplicateRequest }
            switch work {
            case .deregister(let id): return instances.contains(id) ? nil : .instanceNotFound
            case .create(let name): return namespaces[name] == nil ? nil : .namespaceAlreadyExists
            case .delete(let name): return namespaces[name] == nil ? .namespaceNotFound : nil
            case .register: return nil
            }
        }

        private static func exclude(_ left: Work, _ right: Work) -> Bool {
            switch (left, right) {
            case (.register(let a), .register(let b)), (.register(let a), .deregister(let b)), (.deregister(let a), .register(let b)),
                (.deregister(let a), .deregister(let b)), (.create(let a), .create(let b)), (.delete(let a), .delete(let b)):
                a == b
            default: false
            }
        }

        /// - Returns: whether it could be done.
        mutating func apply(_ work: Work, id: String?) -> Bool {
            switch work {
            case .register(let id): instances.insert(id)
            case .deregister(let id): return instances.remove(id) != nil
            case .create(let name):
                guard namespaces[name] == nil else { return false }
                namespaces[name] = id
            case .delete(let name): return namespaces.removeValue(forKey: name) != nil
            }
            return true
        }

        mutating func finish(at now: HomeTime, id: (String) -> String?) {
            // Sorted is stable: what was submitted first is done first.
            let due = pending.filter { $0.due <= now }.sorted { $0.due < $1.due }
            pending.removeAll { $0.due <= now }
            for entry in due { done[entry.operation] = apply(entry.work, id: id(entry.operation)) ? .success : .failed }
        }
    }

    @Test func `whatever is submitted, delayed and done beside it, the registry does what its model does`() async throws {
        for round in 0..<max(1, Rounds.count / 3) {
            var random = SplitMix(round: round)
            let note = "round \(round), \(Rounds.note)"
            try await HandClock.withRegistry { registry, clock in
                let service = try await registry.make("api", in: "fixed").id
                var model = Model()
                // The namespace that an operation makes, by the operation.
                var ids: [String: String] = [:]
                var history: [String] = []
                for _ in 0..<150 {
                    let name = "x\(Int.random(in: 0..<4, using: &random))"
                    let step = Step.allCases.randomElement(using: &random) ?? .wait
                    history.append("\(step) \(name)")
                    switch step {
                    case .register, .deregister, .create, .delete:
                        let work: Work =
                            switch step {
                            case .register: .register(name)
                            case .deregister: .deregister(name)
                            case .create: .create(name)
                            default: .delete(name)
                            }
                        let change: Registry.Change =
                            switch work {
                            case .register(let id): .registerInstance(id, service: service, attributes: [:])
                            case .deregister(let id): .deregisterInstance(id, service: service)
                            case .create(let name): .createNamespace(.init(name: name))
                            case .delete(let name): .deleteNamespace(id: model.namespaces[name] ?? "ns-none")
                            }
                        let delay = Int.random(in: 0...5, using: &random)
                        var expected = model.refusal(of: work)
                        // By an id that is not there nothing pending is found; nor by the name of what is there already.
                        if case .delete(let name) = work, model.namespaces[name] == nil { expected = .namespaceNotFound }
                        if case .create(let name) = work, model.namespaces[name] != nil { expected = .namespaceAlreadyExists }
                        do {
                            let operation = try await registry.done(change, fidelity: .init(operationDelay: .seconds(delay)))
                            #expect(expected == nil, "\(history.suffix(12)), \(note)")
                            ids[operation.id] = operation.namespaceID
                            if delay > 0 {
                                model.pending.append((operation.id, clock.now + .seconds(delay), work))
                            } else {
                                let isDone = model.apply(work, id: operation.namespaceID)
                                #expect(isDone)
                                model.done[operation.id] = .success
                            }
                        } catch let error as RegistryError {
                            #expect(error.code == expected, "\(history.suffix(12)), \(note)")
                        }
                    case .embedRegister:
                        _ = try await registry.register(name, in: .id(service), attributes: [:])
                        model.instances.insert(name)
                    case .embedDeregister:
                        guard model.instances.remove(name) != nil else { continue }
                        try await registry.deregister(name, from: .id(service))
                    case .embedCreate:
                        guard model.namespaces[name] == nil else { continue }
                        model.namespaces[name] = try await registry.createNamespace(name: name).id
                    case .embedDelete:
                        guard let id = model.namespaces.removeValue(forKey: name) else { continue }
                        try await registry.deleteNamespace(id: id)
                        // What is pending for it is for that one, not for one of its name.
                        model.pending.removeAll { if case .delete(name) = $0.work { true } else { false } }
                    case .wait:
                        clock.advance(.seconds(.random(in: 0...4, using: &random)))
                        let next = try await registry.finishOperations()
                        model.finish(at: clock.now) { ids[$0] }
                        if let first = model.pending.map(\.due).min() { #expect(next.map { $0 <= first } == true, "\(note)") }
                    }
                }
                #expect(try await registry.ids("fixed", "api") == model.instances, "\(history.suffix(12)), \(note)")
                let namespaces = try await registry.namespaces().filter { $0.name != "fixed" }
                #expect(
                    Dictionary(uniqueKeysWithValues: namespaces.map { ($0.name, $0.id) }) == model.namespaces,
                    "\(history.suffix(12)), \(note)")
                for (id, status) in model.done { #expect(try await registry.operation(id).status == status, "\(note)") }
            }
        }
    }
}
