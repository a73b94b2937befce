internal import Logging
internal import Registry
internal import Store
internal import Synchronization

/// One instance that an address may mean, and what it is.
struct Choice: Sendable {
    let instance: Registry.Instance
    let resource: Resource
    /// `namespace.service->id`, for replies and logs.
    let address: Address
}

/// Address → resource.
///
/// What was found is kept, and is fresh while the registry's commit counter stands where it stood: one atomic load. So a cached resolve
/// costs that and a dictionary look-up, and another process's re-registration is seen by the very next call. A leased instance costs one
/// system call more, which asks the kernel whether its process lives.
final class Resolver: Sendable {
    /// A bound on memory: a full cache is emptied.
    private static let limit = 4_096

    private final class Entry: Sendable {
        let registry: Registry
        let version: UInt64
        let choices: [Choice]

        init(registry: Registry, version: UInt64, choices: [Choice]) {
            self.registry = registry
            self.version = version
            self.choices = choices
        }

        var isFresh: Bool { registry.store.isStill(version) }
    }

    private let backend: EmbeddedBackend
    private let defaultNamespace: String
    private let logger: Logger
    private let cache = Mutex<[Address: Entry]>([:])
    private let hits = Atomic<UInt64>(0)
    private let warned = Mutex<Set<String>>([])

    init(_ backend: EmbeddedBackend, defaultNamespace: String, logger: Logger) {
        self.backend = backend
        self.defaultNamespace = defaultNamespace
        self.logger = logger
    }

    /// The instance to use now. Waits for the disk when something changed since the last time.
    ///
    /// - Throws: `.malformedAddress`, `.notFound`, `.ambiguous`; `.invalid` and `.unsupported` for instances that say nothing usable; what the
    ///   home throws.
    ///
    /// - Parameter checkingHome: also notice that the home was removed, by a system call, where the answer comes from memory. Without, that is
    ///   noticed once in a while.
    func resolve(_ address: Address, checkingHome: Bool = false) async throws(DiscoveryError) -> Choice {
        if let entry = cache.withLock({ $0[address] }), entry.isFresh, let choice = pick(entry) {
            if checkingHome || hits.wrappingAdd(1, ordering: .relaxed).newValue % 256 == 0 {
                do throws(StoreError) { try entry.registry.store.home.check() } catch { throw DiscoveryError(error).with(address: address) }
            }
            return choice
        }
        return try await look(up: address)
    }

    /// After a shutdown nothing is answered from memory.
    func forget() { cache.withLock { $0 = [:] } }

    func version(cached address: Address) -> UInt64? { cache.withLock { $0[address] }?.version }

    /// Splits an address, with the default namespace filled in.
    func name(_ address: Address) throws(DiscoveryError) -> (namespace: String, parts: Address.Parts) {
        let parts = try address.parts()
        return (parts.namespace ?? defaultNamespace, parts)
    }

    private func pick(_ entry: Entry) -> Choice? {
        if entry.choices.count == 1 {
            let choice = entry.choices[0]
            return choice.isAlive(entry.registry.store.home) ? choice : nil
        }
        // Ask after the one that was chosen only; choose again when it is dead.
        var rest = entry.choices
        while let index = rest.indices.randomElement() {
            if rest[index].isAlive(entry.registry.store.home) { return rest[index] }
            rest.swapAt(index, rest.count - 1)
            rest.removeLast()
        }
        return nil
    }

    private func look(up address: Address) async throws(DiscoveryError) -> Choice {
        do throws(DiscoveryError) {
            let (namespace, parts) = try name(address)
            let registry = try await backend.registry()
            let entry: Entry
            do {
                entry = try await load(parts, namespace, registry)
            } catch {
                throw DiscoveryError(wrapping: error)
            }
            cache.withLock { cache in
                if cache.count >= Self.limit { cache.removeAll(keepingCapacity: true) }
                cache[address] = entry
            }
            guard let choice = pick(entry) else {
                throw DiscoveryError(.notFound, "The process that served \(address) has just ended. Start it, or register another.")
            }
            return choice
        } catch {
            throw error.with(address: address)
        }
    }

    private func load(_ parts: Address.Parts, _ namespace: String, _ registry: Registry) async throws -> Entry {
        if case .id(let id) = parts.instance {
            let found = try await registry.find(id, namespace: namespace, service: parts.service)
            let choice = try choice(found.instance, namespace, parts.service)
            guard choice.instance.matches(parts.required) else {
                throw DiscoveryError(.notFound, "The instance \(choice.address) does not have \(Self.described(parts.required)).")
            }
            return Entry(registry: registry, version: found.version, choices: [choice])
        }
        let snapshot = try await registry.snapshot(namespace: namespace, service: parts.service)
        let choices = try choose(parts, namespace, snapshot)
        return Entry(registry: registry, version: snapshot.version, choices: choices)
    }

    /// Who is meant by an address without an id: one, or any of several.
    private func choose(_ parts: Address.Parts, _ namespace: String, _ snapshot: Registry.Snapshot) throws(DiscoveryError) -> [Choice] {
        let service = Address(namespace: namespace, service: parts.service)
        let wanted = parts.selection.select(from: snapshot.instances, hasHealthCheck: snapshot.hasHealthCheck)
        guard !wanted.isEmpty else {
            if snapshot.instances.isEmpty {
                throw DiscoveryError(
                    .notFound, "The service \(service) has no instances now. Register one, or start a process that serves it.")
            }
            throw DiscoveryError(
                .notFound, "None of the \(snapshot.instances.count) instances of \(service) has \(Self.described(parts.required)).")
        }
        var choices: [Choice] = []
        var failure: DiscoveryError?
        for instance in wanted {
            do throws(DiscoveryError) { choices.append(try choice(instance, namespace, parts.service)) } catch { failure = error }
        }
        if parts.instance == .any || wanted.count == 1 {
            if let failure {
                guard !choices.isEmpty else { throw failure }
                warn(failure.message)
            }
            return choices
        }
        if failure == nil, choices.allSatisfy(\.resource.isHostAndPort) { return choices }
        let listed = wanted.prefix(5).map { "\(Address(namespace: namespace, service: parts.service, instance: .id($0.id)))" }.joined(
            separator: ", ")
        throw DiscoveryError(
            .ambiguous,
            "\(service) has \(wanted.count) instances: \(listed)\(wanted.count > 5 ? ", …" : ""). Name one, or write \(service)->* for any of them."
        )
    }

    private func choice(_ instance: Registry.Instance, _ namespace: String, _ service: String) throws(DiscoveryError) -> Choice {
        let address = Address(namespace: namespace, service: service, instance: .id(instance.id))
        do throws(DiscoveryError) {
            let (resource, conflicts) = try Resource.resource(from: instance.attributes)
            for conflict in conflicts { warn("\(address): \(conflict)") }
            return Choice(instance: instance, resource: resource, address: address)
        } catch {
            throw error.with(address: address)
        }
    }

    /// Each sentence once per client; a bounded memory of them.
    private func warn(_ sentence: String) {
        guard warned.withLock({ $0.count < 1_000 && $0.insert(sentence).inserted }) else { return }
        logger.warning("instance is registered in a doubtful way", metadata: ["discovery.reason": .string(sentence)])
    }

    static func described(_ filters: [String: String]) -> String {
        filters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }
}

extension Choice {
    func isAlive(_ home: Home) -> Bool { instance.lease.map(home.isAlive) ?? true }
}

extension Address.Parts {
    var required: [String: String] {
        Dictionary(filters.filter(\.isRequired).map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    var preferred: [String: String] {
        Dictionary(filters.filter { !$0.isRequired }.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    var selection: Registry.Selection { Registry.Selection(required: required, preferred: preferred, health: .healthyOrElseAll) }
}
