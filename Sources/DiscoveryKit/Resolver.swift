internal import Foundation
internal import Logging
internal import Registry
internal import Synchronization

/// Address → route.
///
/// What was found is kept, and is fresh while the home's commit counter stands where it stood: one atomic load. So a cached resolve
/// costs that and a dictionary look-up, and another process's re-registration is seen by the very next call. Over the network it is fresh for
/// as long as ``RemoteTimes`` says, and until a call to it fails. A leased instance costs one
/// system call more, which asks the kernel whether its process lives.
final class Resolver: Sendable {
    /// A bound on memory: a full cache is emptied.
    private static let limit = 4_096

    private let names: any NameService
    private let defaultNamespace: String
    private let rules: CallRules
    private let logger: Logger
    private let targets = TargetTable()
    /// Also in other homes that it leads to.
    private let keepsJourneys: Bool
    private let cache = Mutex<[Address: Route]>([:])
    private let hits = Atomic<UInt64>(0)
    /// When the home is to be looked for again, in milliseconds since the process's origin of instants.
    private let checkDue = Atomic<Int64>(.min)
    private let told = Mutex<(warnings: Set<String>, notes: Set<String>)>(([], []))
    /// Where overrides lead, by path; opened when the first call goes there.
    private let otherHomes = Mutex<[String: EmbeddedBackend]>([:])

    init(_ names: any NameService, _ configuration: Discovery.Configuration) {
        self.names = names
        defaultNamespace = configuration.namespace
        keepsJourneys = configuration.keepsJourneys
        rules = CallRules(configuration)
        logger = configuration.logger
    }

    /// Where calls to an address go now. Waits for the disk when something changed since the last time.
    ///
    /// - Parameter checkedWithin: that the home was removed is noticed so late at most where the answer comes from memory: a system call, once
    ///   in that time. Without, once in a while.
    /// - Parameter deadline: of the call that it is for. Without, it is waited for as long as the backend waits.
    /// - Throws: `.malformedAddress`, `.notFound`, `.ambiguous`; `.invalid` and `.unsupported` for instances that say nothing usable; what the
    ///   home throws.
    func route(
        _ address: Address, checkedWithin limit: Duration? = nil, at now: ContinuousClock.Instant? = nil,
        until deadline: CallDeadline? = nil
    ) async throws(DiscoveryError) -> Route {
        if let route = cache.withLock({ $0[address] }), route.isFresh {
            if isCheckDue(limit, now) {
                do { try route.check() } catch {
                    // Where an override leads may have been removed and made again, which the one home of this client may not.
                    guard let path = route.override?.home else { throw error.with(address: address) }
                    await forget(path)
                    return try await look(up: address, until: deadline)
                }
            }
            return route
        }
        return try await look(up: address, until: deadline)
    }

    private func isCheckDue(_ limit: Duration?, _ now: ContinuousClock.Instant?) -> Bool {
        guard let limit, let now else { return hits.wrappingAdd(1, ordering: .relaxed).newValue % 256 == 0 }
        let milliseconds = Int64(now.offset / .milliseconds(1))
        guard milliseconds >= checkDue.load(ordering: .relaxed) else { return false }
        checkDue.store(milliseconds + Int64(limit / .milliseconds(1)), ordering: .relaxed)
        return true
    }

    /// The target that a call would go to now.
    ///
    /// - Throws: as ``route(_:checkedWithin:at:until:)``; `.unsupported` when an override answers calls instead.
    func target(_ address: Address) async throws(DiscoveryError) -> Target {
        for isLast in [false, true] {
            // All have ended without a change of the registry: what is there besides is asked of the registry itself.
            let route = isLast ? try await look(up: address) : try await route(address)
            if let override = route.override, route.canned != nil {
                throw DiscoveryError(
                    .unsupported, "\(address) is nowhere: the override of `\(override.pattern)` answers its calls. It is \(override).",
                    address: address)
            }
            if let target = route.choose(at: .now) { return target }
        }
        throw Self.ended(address)
    }

    /// By which override and which rules calls are made, whether or not the address leads anywhere. For people.
    func plan(_ parts: Address.Parts, _ namespace: String) async throws(DiscoveryError) -> (override: Override?, rules: Resilience) {
        (try await override(of: parts, in: namespace), try rules.resilience(for: parts, in: namespace))
    }

    static func ended(_ address: Address) -> DiscoveryError {
        DiscoveryError(
            .notFound, "The process that served \(address) has just ended. Start it, or register another.", address: address)
    }

    func shutdown() async {
        // After a shutdown nothing is answered from memory.
        cache.withLock { $0 = [:] }
        let homes = otherHomes.withLock { homes in
            defer { homes = [:] }
            return Array(homes.values)
        }
        for home in homes { await home.shutdown() }
    }

    func cached(_ address: Address) -> Route? { cache.withLock { $0[address] } }

    /// Splits an address, with the default namespace filled in.
    func name(_ address: Address) throws(DiscoveryError) -> (namespace: String, parts: Address.Parts) {
        let parts = try address.parts()
        return (parts.namespace ?? defaultNamespace, parts)
    }

    /// An address as others read it, who may have another default namespace.
    func complete(_ address: Address) throws(DiscoveryError) -> Address {
        let (namespace, parts) = try name(address)
        return Address(namespace: namespace, service: parts.service, filters: address.filters, instance: parts.instance)
    }

    /// As ``route(_:checkedWithin:at:until:)``, read anew.
    func look(up address: Address, until deadline: CallDeadline? = nil) async throws(DiscoveryError) -> Route {
        do throws(DiscoveryError) {
            let (namespace, parts) = try name(address)
            let route = try await load(parts, namespace, address, until: deadline)
            cache.withLock { cache in
                if cache.count >= Self.limit { cache.removeAll(keepingCapacity: true) }
                cache[address] = route
            }
            return route
        } catch {
            throw error.with(address: address)
        }
    }

    private func load(
        _ parts: Address.Parts, _ namespace: String, _ address: Address, until deadline: CallDeadline?
    ) async throws(DiscoveryError) -> Route {
        let resilience = try rules.resilience(for: parts, in: namespace)
        let deadline = deadline?.instant(by: resilience)
        // Before anything is read: what changes meanwhile makes the route stale.
        let freshness = try await names.freshness()
        let override = try await override(of: parts, in: namespace)
        let calls = rules.calls(to: address, resilience)
        func route(_ targets: [Target], _ freshness: any Freshness = freshness) -> Route {
            Route(targets, override, resilience, calls, freshness)
        }
        func route(_ loaded: (targets: [Target], freshness: (any Freshness)?)) -> Route {
            route(loaded.targets, loaded.freshness ?? freshness)
        }
        guard let override, let destination = override.destination else {
            return route(try await load(parts, namespace, from: names, by: resilience, until: deadline))
        }
        do throws(DiscoveryError) {
            switch destination {
            case .location(let url):
                return route([targets.target(address, Resource(.function, at: url), nil, by: resilience.ejection)])
            case .reply: return route([])
            case .address(let other):
                let (namespace, parts) = try name(other)
                return route(try await load(parts, namespace, from: names, by: resilience, until: deadline))
            case .home(let path):
                let home = try self.home(path)
                do throws(DiscoveryError) {
                    let both = BothFresh(first: freshness, second: try await home.freshness())
                    return route(try await load(parts, namespace, from: home, by: resilience, until: deadline).targets, both)
                } catch {
                    // Opened again by the next call, should it be there again.
                    if error.code == .homeUnusable { await forget(path) }
                    throw error
                }
            }
        } catch {
            throw DiscoveryError(
                error.code, "\(error.message) The override of `\(override.pattern)` leads there: it is \(override).",
                address: address, cause: error.cause)
        }
    }

    /// The override that counts for an address: those of this process come first.
    private func override(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> Override? {
        let now = Date()
        for expired in rules.overrides where expired.isExpired(at: now) && expired.pattern.matches(parts, in: namespace) {
            note("override has expired and counts no more", "`\(expired.pattern)`: \(expired)")
        }
        let override =
            if let own = Override.first(of: rules.overrides, matching: parts, in: namespace, at: now) {
                own
            } else {
                try await names.override(of: parts, in: namespace)
            }
        if let override { note("override is in effect", "`\(override.pattern)`: \(override)") }
        return override
    }

    /// Whether an override has led to another home.
    func hasLed(to path: String) -> Bool { otherHomes.withLock { $0[path] != nil } }

    /// Where an override leads, or a queue's location; opened when it is not. Who may lead there is for the caller to say.
    func home(_ path: String) throws(DiscoveryError) -> EmbeddedBackend {
        try otherHomes.withLock { homes throws(DiscoveryError) in
            if let home = homes[path] { return home }
            // A slip is not made into a home.
            guard FileManager.default.fileExists(atPath: path) else {
                throw DiscoveryError(.homeUnusable, "There is no home \(path.excerpt(reach: 200)).")
            }
            let home = EmbeddedBackend(home: path, group: nil, keepsJourneys: keepsJourneys)
            homes[path] = home
            return home
        }
    }

    private func forget(_ path: String) async {
        await otherHomes.withLock { $0.removeValue(forKey: path) }?.shutdown()
    }

    private func load(
        _ parts: Address.Parts, _ namespace: String, from names: any NameService, by resilience: Resilience,
        until deadline: ContinuousClock.Instant?
    ) async throws(DiscoveryError) -> (targets: [Target], freshness: (any Freshness)?) {
        let found: NamedInstances
        if let deadline {
            found = try await names.instances(of: parts, in: namespace, until: deadline)
        } else {
            found = try await names.instances(of: parts, in: namespace)
        }
        func target(_ choice: Choice) -> Target {
            targets.target(choice.address, choice.resource, choice.instance, by: resilience.ejection)
        }
        guard parts.id != nil else { return (try choose(parts, namespace, found).map(target), found.freshness) }
        guard let instance = found.instances.first else {
            throw DiscoveryError(
                .notFound,
                "The instance \(Address(namespace: namespace, service: parts.service, instance: parts.instance)) is not registered.")
        }
        let choice = try choice(instance, namespace, parts.service)
        guard choice.instance.matches(parts.required) else {
            throw DiscoveryError(.notFound, "The instance \(choice.address) does not have \(Self.described(parts.required)).")
        }
        return ([target(choice)], found.freshness)
    }

    /// One instance that an address may mean, and what it is.
    private struct Choice {
        let instance: Registry.Instance
        let resource: Resource
        let address: Address
    }

    /// Who is meant by an address without an id: one, or any of several.
    private func choose(_ parts: Address.Parts, _ namespace: String, _ snapshot: NamedInstances) throws(DiscoveryError) -> [Choice] {
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

    private func warn(_ sentence: String) {
        guard told.withLock({ Self.insert(sentence, into: &$0.warnings) }) else { return }
        logger.warning("instance is registered in a doubtful way", metadata: ["discovery.reason": .string(sentence)])
    }

    private func note(_ what: Logger.Message, _ sentence: String) {
        guard told.withLock({ Self.insert("\(what): \(sentence)", into: &$0.notes) }) else { return }
        logger.notice(what, metadata: ["discovery.reason": .string(sentence)])
    }

    /// Each sentence once per client; a bounded memory of them.
    private static func insert(_ sentence: String, into sentences: inout Set<String>) -> Bool {
        sentences.count < 1_000 && sentences.insert(sentence).inserted
    }

    static func described(_ filters: [String: String]) -> String {
        filters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }
}

/// While both hold.
private struct BothFresh: Freshness {
    let first: any Freshness
    /// Of the place that instances are from.
    let second: any Freshness

    var isFresh: Bool { first.isFresh && second.isFresh }

    func isAlive(_ instance: Registry.Instance) -> Bool { second.isAlive(instance) }

    func check() throws(DiscoveryError) {
        try first.check()
        try second.check()
    }
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
