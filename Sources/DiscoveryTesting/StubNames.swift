internal import DiscoveryKit
internal import Registry
internal import Synchronization

/// The registry of one client of a stub: what is stubbed, and what its clients registered in memory.
final class StubNames: NameService {
    private let book: StubBook
    private let isShutDown = Atomic(false)

    init(_ book: StubBook) { self.book = book }

    var place: String { "a stub" }

    func freshness() async throws(DiscoveryError) -> any Freshness {
        try check()
        return StubFreshness(names: self, book: book, version: book.version)
    }

    func instances(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> NamedInstances {
        try check()
        let service = Address.Parts(namespace: namespace, service: parts.service)
        if let stubbed = book.stubbed(parts, in: namespace) {
            // It has what the filters ask for, and whichever id.
            var attributes = Dictionary(parts.filters.map { ($0.key, $0.value) }) { first, _ in first }
            attributes["type"] = book.kind(of: stubbed).description
            attributes["rid"] = StubQueues.location(of: stubbed)
            let id: String = if case .id(let id) = parts.instance { id } else { "stub" }
            let instance = Registry.Instance(id: id, attributes: attributes, health: .unknown, incarnation: 0)
            return NamedInstances([instance], hasHealthCheck: false, revision: nil)
        }
        var named = service
        named.instance = parts.instance
        let found: [Registry.Instance] =
            if case .id = parts.instance { book.instance(named).map { [$0] } ?? [] } else { book.instances(of: service) }
        guard !found.isEmpty else { throw missing(parts, in: namespace) }
        return NamedInstances(found, hasHealthCheck: false, revision: book.version)
    }

    func listing(of parts: Address.Parts, in namespace: String, limit: Int) async throws(DiscoveryError) -> NamedInstances {
        let found = try await instances(of: parts, in: namespace)
        return NamedInstances(Array(found.instances.prefix(limit)), hasHealthCheck: false, revision: found.revision)
    }

    func override(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> Override? { nil }

    func register(
        _ id: String, in service: Registry.ServiceName, attributes: Registry.Attributes, isLeased: Bool
    ) async throws(DiscoveryError) -> Registry.Registered {
        try check()
        var parts = try self.parts(of: service)
        parts.instance = .id(id)
        do {
            try Rules.checkInstance(id: id)
            try Rules.checkService(name: parts.service)
            try Rules.checkSizes(attributes)
        } catch {
            throw DiscoveryError(wrapping: error)
        }
        return book.register(id, as: parts, attributes.dictionary)
    }

    func deregister(_ id: String, from service: Registry.ServiceName, incarnation: Int64?) async throws(DiscoveryError) {
        try check()
        var parts = try self.parts(of: service)
        parts.instance = .id(id)
        guard book.deregister(parts, incarnation: incarnation) || incarnation != nil else {
            throw missing(parts, in: parts.namespace ?? "")
        }
    }

    func waitUntilReplaced(_ id: String, in service: Registry.ServiceName, incarnation: Int64) async throws(DiscoveryError) {
        var parts = try self.parts(of: service)
        parts.instance = .id(id)
        let changes = book.watch()
        guard book.instance(parts)?.incarnation == incarnation else { return }
        for await _ in changes where book.instance(parts)?.incarnation != incarnation { return }
    }

    func shutdown() async { isShutDown.store(true, ordering: .relaxed) }

    fileprivate func check() throws(DiscoveryError) {
        guard isShutDown.load(ordering: .relaxed) else { return }
        throw DiscoveryError(.homeUnusable, "This client was shut down. Make another to go on.")
    }

    private func parts(of service: Registry.ServiceName) throws(DiscoveryError) -> Address.Parts {
        guard case .name(let namespace, let name) = service else {
            throw DiscoveryError(.unsupported, "A stub knows services by name only.")
        }
        return Address.Parts(namespace: namespace, service: name)
    }

    private func missing(_ parts: Address.Parts, in namespace: String) -> DiscoveryError {
        var whole = parts
        whole.namespace = namespace
        let known = book.known
        let near = Set([parts, whole].flatMap { NearNames.of($0.address.description, among: known.stubbed + known.registered) }).sorted()
        var message = "\(parts.address) is neither stubbed nor registered."
        if !near.isEmpty { message += " Did you mean \(Self.listed(near))?" }
        message += known.stubbed.isEmpty ? " Nothing is stubbed." : " Stubbed, as they are written: \(Self.listed(known.stubbed))."
        if !known.registered.isEmpty { message += " Registered: \(Self.listed(known.registered))." }
        return DiscoveryError(.notFound, message)
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(20).map { "`\($0)`" }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    }
}

private struct StubFreshness: Freshness {
    let names: StubNames
    let book: StubBook
    let version: Int64

    var isFresh: Bool { book.version == version }

    func isAlive(_ instance: Registry.Instance) -> Bool { true }

    func check() throws(DiscoveryError) { try names.check() }
}
