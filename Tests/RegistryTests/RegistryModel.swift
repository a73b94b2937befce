import Registry
import Testing

/// What a registry is to do, in dictionaries.
struct RegistryModel {
    struct Key: Hashable {
        let namespace: String
        let name: String

        init(_ namespace: String, _ name: String) {
            self.namespace = namespace
            self.name = name
        }
    }

    struct Instance {
        var attributes: [String: String]
        var health: Registry.Health
        var incarnation: Int64
    }

    struct Service {
        var hasHealth: Bool
        var revision: Int64
        var instances: [String: Instance] = [:]
    }

    enum Outcome: Equatable {
        case done
        case refused(RegistryError.Code)
        case failed(String)
    }

    enum Step {
        case createNamespace(String, Registry.Namespace.Kind)
        case deleteNamespace(String)
        case createService(String, String, hasHealth: Bool)
        case deleteService(Key)
        case register(Key, String, [String: String], creating: Bool)
        case deregister(Key, String)
        case deregisterIncarnation(Key, String, Int64)
        case setHealth(Key, String, Registry.Health)
        case discover(Key, Registry.Selection)
    }

    var namespaces: [String: Registry.Namespace.Kind] = [:]
    var services: [Key: Service] = [:]
    var namespaceIDs: [String: String] = [:]
    var serviceIDs: [Key: String] = [:]
    /// The highest revision ever seen, by name: it outlives the service.
    var highest: [Key: Int64] = [:]

    // MARK: What the registry chose

    mutating func learn(namespace: Registry.Namespace) { namespaceIDs[namespace.name] = namespace.id }

    mutating func learn(service: Registry.Service, in namespace: String) throws {
        let key = Key(namespace, service.name)
        serviceIDs[key] = service.id
        #expect(service.revision >= highest[key] ?? 0)
        services[key]?.revision = service.revision
    }

    mutating func learn(_ registered: Registry.Registered, _ id: String, in key: Key) throws {
        let key = try #require(actual(key))
        #expect(registered.incarnation > highest[key] ?? 0, "a revision fell or stood still")
        highest[key] = registered.incarnation
        services[key]?.revision = registered.incarnation
        services[key]?.instances[id]?.incarnation = registered.incarnation
    }

    /// The service that a name means: in a namespace of DNS also one of another case.
    private func actual(_ key: Key) -> Key? {
        if services[key] != nil { return key }
        guard let kind = namespaces[key.namespace], kind != .http else { return nil }
        return services.keys.first { $0.namespace == key.namespace && $0.name.lowercased() == key.name.lowercased() }
    }

    // MARK: The rules

    mutating func apply(_ step: Step) -> Outcome {
        switch step {
        case .createNamespace(let name, let kind):
            if namespaces[name] != nil { return .refused(.namespaceAlreadyExists) }
            namespaces[name] = kind
        case .deleteNamespace(let name):
            if namespaces[name] == nil { namespaceIDs[name] = nil }
            guard namespaces[name] != nil else { return .refused(.namespaceNotFound) }
            guard !services.keys.contains(where: { $0.namespace == name }) else { return .refused(.resourceInUse) }
            namespaces[name] = nil
        case .createService(let namespace, let name, let hasHealth):
            guard namespaces[namespace] != nil else {
                namespaceIDs[namespace] = nil
                return .refused(.namespaceNotFound)
            }
            guard actual(Key(namespace, name)) == nil else { return .refused(.serviceAlreadyExists) }
            services[Key(namespace, name)] = Service(hasHealth: hasHealth, revision: 0)
        case .deleteService(let key):
            guard let service = services[key] else {
                serviceIDs[key] = nil
                return .refused(.serviceNotFound)
            }
            guard service.instances.isEmpty else { return .refused(.resourceInUse) }
            services[key] = nil
        case .register(let key, let id, let attributes, let creating):
            return register(key, id, attributes, creating: creating)
        case .deregister(let key, let id):
            if let missing = missing(key) { return missing }
            guard services[key]?.instances.removeValue(forKey: id) != nil else { return .refused(.instanceNotFound) }
        case .deregisterIncarnation(let key, let id, let incarnation):
            if services[key]?.instances[id]?.incarnation == incarnation { services[key]?.instances[id] = nil }
        case .setHealth(let key, let id, let health):
            if let missing = missing(key) { return missing }
            guard services[key]?.hasHealth == true else { return .refused(.customHealthNotFound) }
            guard services[key]?.instances[id] != nil else { return .refused(.instanceNotFound) }
            services[key]?.instances[id]?.health = health
        case .discover(let key, _): return missing(key) ?? .done
        }
        return .done
    }

    private func missing(_ key: Key) -> Outcome? {
        if namespaces[key.namespace] == nil { return .refused(.namespaceNotFound) }
        return services[key] == nil ? .refused(.serviceNotFound) : nil
    }

    private mutating func register(_ key: Key, _ id: String, _ attributes: [String: String], creating: Bool) -> Outcome {
        let found = creating ? actual(key) : (services[key] == nil ? nil : key)
        if found == nil, !creating { return missing(key) ?? .done }
        let hasHealth = found.flatMap { services[$0]?.hasHealth } ?? false
        if attributes["AWS_INIT_HEALTH_STATUS"] != nil, !hasHealth { return .refused(.invalidInput) }
        if attributes.keys.contains("AWS_RESERVED") { return .refused(.invalidInput) }
        if found == nil {
            if namespaces[key.namespace] == nil { namespaces[key.namespace] = .http }
            services[key] = Service(hasHealth: false, revision: 0)
        }
        let health: Registry.Health =
            !hasHealth ? .unknown : attributes["AWS_INIT_HEALTH_STATUS"] == "UNHEALTHY" ? .unhealthy : .healthy
        services[found ?? key]?.instances[id] = Instance(attributes: attributes, health: health, incarnation: 0)
        return .done
    }

    func discover(_ key: Key, _ selection: Registry.Selection) -> Set<String> {
        guard let service = services[key] else { return [] }
        func has(_ wanted: [String: String], _ instance: Instance) -> Bool { wanted.allSatisfy { instance.attributes[$0.key] == $0.value } }
        var chosen = service.instances.filter { has(selection.required, $0.value) }
        if service.hasHealth {
            let healthy = chosen.filter { $0.value.health == .healthy }
            let unhealthy = chosen.filter { $0.value.health == .unhealthy }
            switch selection.health {
            case .all: break
            case .healthy: chosen = healthy
            case .unhealthy: chosen = unhealthy
            case .healthyOrElseAll: chosen = healthy.isEmpty ? chosen : healthy
            }
        }
        let better = chosen.filter { has(selection.preferred, $0.value) }
        return Set((better.isEmpty ? chosen : better).keys)
    }
}

extension RegistryModel.Step {
    static func random(using random: inout SplitMix, of model: RegistryModel) -> Self {
        let key = RegistryModel.Key(
            ["one.test", "two.test", "three.test"].randomElement(using: &random)!, ["api", "Api", "jobs"].randomElement(using: &random)!)
        let id = "i\(Int.random(in: 0..<6, using: &random))"
        func attributes() -> [String: String] {
            var attributes: [String: String] = [:]
            if Bool.random(using: &random) { attributes["zone"] = ["a", "b"].randomElement(using: &random)! }
            if Bool.random(using: &random) { attributes["color"] = ["red", "blue"].randomElement(using: &random)! }
            return attributes
        }
        switch Int.random(in: 0..<20, using: &random) {
        case 0: return .createNamespace(key.namespace, [.http, .privateDNS, .publicDNS].randomElement(using: &random)!)
        case 1: return .deleteNamespace(key.namespace)
        case 2, 3: return .createService(key.namespace, key.name, hasHealth: Bool.random(using: &random))
        case 4: return .deleteService(key)
        case 5...9:
            var attributes = attributes()
            let status = ["HEALTHY", "UNHEALTHY", nil, nil, nil, nil].randomElement(using: &random)!
            attributes["AWS_INIT_HEALTH_STATUS"] = status
            if Int.random(in: 0..<20, using: &random) == 0 { attributes["AWS_RESERVED"] = "x" }
            return .register(key, id, attributes, creating: Bool.random(using: &random))
        case 10, 11: return .deregister(key, id)
        case 12:
            let incarnation = model.services[key]?.instances[id]?.incarnation ?? 0
            return .deregisterIncarnation(key, id, Bool.random(using: &random) ? incarnation : incarnation - 1)
        case 13...15: return .setHealth(key, id, Bool.random(using: &random) ? .healthy : .unhealthy)
        default:
            let filters: [Registry.HealthFilter] = [.healthy, .unhealthy, .all, .healthyOrElseAll]
            return .discover(key, .init(required: attributes(), preferred: attributes(), health: filters.randomElement(using: &random)!))
        }
    }
}
