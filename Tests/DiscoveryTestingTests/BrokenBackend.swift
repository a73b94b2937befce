@testable import DiscoveryKit
@testable import DiscoveryTesting
import Registry
import Synchronization

/// A backend in memory with one fault.
struct BrokenBackend: Sendable {
    enum Fault: CaseIterable {
        case losesAttributes, neverForgets, mistakesIDs, cutsBodies, keepsWhatEnded, removesSuccessors, keepsOneReplica, replacesWithGap,
            swapsLate
        case takesTheFirst, hidesNames, mixesUpErrors, takesAnything, outlivesShutdown
        case losesMessages, keepsFinished, losesReturned
        case needsSubscribers, publishesAnywhere, sharesListeners, leavesListeners, ignoresListenersFilters
        case forgetsCalls
        case publishesTwice, losesSubjects, ignoresFilters, takesOtherOptions, keepsUnsubscribed

        var check: String {
            switch self {
            case .losesAttributes: "resolve: what one client registers, another finds, as it is"
            case .neverForgets: "resolve: every change is seen by the next look"
            case .mistakesIDs: "resolve: filters and ids choose among instances"
            case .cutsBodies: "request: body, attributes, headers and content type arrive, and come back"
            case .keepsWhatEnded: "serve: a closure is callable until it ends, and gone then"
            case .removesSuccessors: "serve: who serves an address that is served takes it over, and keeps it"
            case .keepsOneReplica: "serve: several under one service share its calls"
            case .replacesWithGap, .swapsLate: "swap: under load it fails no call, and the next call goes to the new place"
            case .takesTheFirst, .hidesNames: "errors: what is not there is not found, with what is near"
            case .mixesUpErrors: "errors: each failure of a call has its code"
            case .takesAnything: "errors: what cannot be registered is refused"
            case .outlivesShutdown: "errors: after a shutdown nothing works"
            case .losesMessages: "queue: what one client sends, a listener of another is given"
            case .keepsFinished: "listen: what is handled never comes again, and what fails comes again"
            case .losesReturned: "listen: what a listener held at its end, or dropped, comes again at once"
            case .forgetsCalls: "requestLater: what is accepted is called later, with body, attributes and headers"
            case .needsSubscribers: "publish: a topic that nobody is subscribed to accepts messages"
            case .publishesAnywhere: "publish: what does not fit is refused, with what it is and what it should be"
            case .sharesListeners: "listen: on a topic, each listener hears all that is published while it runs"
            case .leavesListeners: "listen: a listener of a topic leaves nothing behind"
            case .ignoresListenersFilters: "subscribe: a closure hears what its filter policy lets through"
            case .publishesTwice: "publish: what is published side by side, each subscriber is given once"
            case .losesSubjects: "publish: body, attributes and subject arrive, raw or in an envelope"
            case .ignoresFilters: "subscribe: filter policies let through what they match, and nothing else"
            case .takesOtherOptions: "subscribe: doing it again changes nothing, and with other options is refused"
            case .keepsUnsubscribed: "unsubscribe: what is published from then on does not come"
            }
        }

        /// That of its queues.
        var ofQueues: BrokenQueue.Fault? {
            switch self {
            case .losesMessages: .skipsResults
            case .keepsFinished: .keepsFinished
            case .losesReturned: .losesReturned
            default: nil
            }
        }

        /// That of its topics.
        var ofTopics: BrokenTopicBackend.Fault? {
            switch self {
            case .needsSubscribers: .needsSubscribers
            case .publishesAnywhere: .takesAnything
            case .sharesListeners: .sharesListeners
            case .leavesListeners: .leavesListeners
            case .ignoresListenersFilters: .ignoresListenersFilters
            case .publishesTwice: .publishesTwice
            case .losesSubjects: .losesSubjects
            case .ignoresFilters: .ignoresFilters
            case .takesOtherOptions: .takesOtherOptions
            case .keepsUnsubscribed: .keepsUnsubscribed
            default: nil
            }
        }
    }

    let fault: Fault?
    private let book = StubBook(["conformance.jobs": .queue(), "conformance.news": .topic])
    private let queues: BrokenQueue
    private let topics: BrokenTopicBackend

    init(_ fault: Fault?) {
        self.fault = fault
        queues = BrokenQueue(fault?.ofQueues)
        topics = BrokenTopicBackend(fault?.ofTopics, book.topics)
    }

    /// The stub's, where it is its topics that are checked: those know no other.
    var queue: Resource {
        fault?.ofQueues == nil ? Resource(.queue, at: "stub:conformance.jobs") : Resource(.queue, at: "memory:jobs")
    }
    let topic = Resource(.topic, at: "stub:conformance.news")

    var backend: Discovery.Backend {
        .names(
            BrokenNames(fault, StubNames(book)), adapters: [BrokenHTTPAdapter(fault: fault)], queueAdapters: [queues, book.queues],
            topics: topics,
            interceptor: BrokenInterceptor(fault: fault, book: book))
    }
}

/// A registry with one fault.
private final class BrokenNames: NameService {
    private let fault: BrokenBackend.Fault?
    private let names: StubNames

    init(_ fault: BrokenBackend.Fault?, _ names: StubNames) {
        self.fault = fault
        self.names = names
    }

    var place: String { "a broken backend" }

    func freshness() async throws(DiscoveryError) -> any Freshness {
        let freshness = try await names.freshness()
        return fault == .neverForgets || fault == .swapsLate
            ? Staleness(freshness, looks: fault == .swapsLate ? 1_000 : .max) : freshness
    }

    func instances(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> NamedInstances {
        var parts = parts
        if fault == .mistakesIDs, parts.id != nil { parts.instance = .any }
        do throws(DiscoveryError) {
            let found = try await names.instances(of: parts, in: namespace)
            guard fault == .losesAttributes else { return found }
            return NamedInstances(found.instances.map(Self.reduced), hasHealthCheck: false, revision: found.revision)
        } catch {
            if fault == .takesTheFirst { return try await names.instances(of: Address.Parts(service: parts.service), in: namespace) }
            if fault == .hidesNames { throw DiscoveryError(.notFound, "Nothing there.") }
            throw error
        }
    }

    private static func reduced(_ instance: Registry.Instance) -> Registry.Instance {
        let kept = instance.attributes.filter { $0.key != "note" }
        return Registry.Instance(id: instance.id, attributes: kept, health: instance.health, incarnation: instance.incarnation)
    }

    func listing(of parts: Address.Parts, in namespace: String, limit: Int) async throws(DiscoveryError) -> NamedInstances {
        try await names.listing(of: parts, in: namespace, limit: limit)
    }

    func override(of parts: Address.Parts, in namespace: String) async throws(DiscoveryError) -> Override? { nil }

    func register(
        _ id: String, in service: Registry.ServiceName, attributes: Registry.Attributes, isLeased: Bool
    ) async throws(DiscoveryError) -> Registry.Registered {
        switch fault {
        case .keepsOneReplica:
            return try await names.register("one", in: service, attributes: attributes, isLeased: isLeased)
        case .replacesWithGap:
            try await names.deregister(id, from: service, incarnation: 0)
            try? await names.deregister(id, from: service, incarnation: nil)
            try? await Task.sleep(for: .milliseconds(5))
        case .takesAnything:
            do throws(DiscoveryError) {
                return try await names.register(id, in: service, attributes: attributes, isLeased: isLeased)
            } catch .invalid {
                return Registry.Registered(incarnation: 1, replaced: false)
            }
        default: break
        }
        return try await names.register(id, in: service, attributes: attributes, isLeased: isLeased)
    }

    func deregister(_ id: String, from service: Registry.ServiceName, incarnation: Int64?) async throws(DiscoveryError) {
        if fault == .keepsWhatEnded, incarnation != nil { return }
        try await names.deregister(id, from: service, incarnation: fault == .removesSuccessors ? nil : incarnation)
    }

    func waitUntilReplaced(_ id: String, in service: Registry.ServiceName, incarnation: Int64) async throws(DiscoveryError) {
        try await names.waitUntilReplaced(id, in: service, incarnation: incarnation)
    }

    func shutdown() async { if fault != .outlivesShutdown { await names.shutdown() } }
}

/// Takes what was read for fresh when it is not any more, for so many looks.
private final class Staleness: Freshness {
    private let freshness: any Freshness
    private let left: Atomic<Int>

    init(_ freshness: any Freshness, looks: Int) {
        self.freshness = freshness
        left = Atomic(looks)
    }

    var isFresh: Bool { freshness.isFresh || left.wrappingSubtract(1, ordering: .relaxed).newValue >= 0 }
    func isAlive(_ instance: Registry.Instance) -> Bool { true }
    func check() throws(DiscoveryError) { try freshness.check() }
}

/// The answers of a stub with one fault.
private struct BrokenInterceptor: CallInterceptor {
    let fault: BrokenBackend.Fault?
    let book: StubBook

    func reply(to call: InterceptedCall) async throws(DiscoveryError) -> Reply? { try await book.reply(to: call) }

    func putOff(
        _ message: Message, to address: Address, _ options: RequestOptions, make: @escaping @Sendable () async -> Void
    ) async throws(DiscoveryError) -> MessageID {
        fault == .forgetsCalls ? MessageID("forgotten") : try await book.putOff(message, to: address, options, make: make)
    }
}

/// The built-in adapter with one fault.
private struct BrokenHTTPAdapter: RequestAdapter {
    let fault: BrokenBackend.Fault?
    private let adapter = HTTPFunctionAdapter(maximumReplySize: 6 << 20)

    func accepts(_ resource: Resource) -> Bool { adapter.accepts(resource) }

    func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
        var message = request.message
        if fault == .cutsBodies { message.body = Array(message.body.prefix(1_000)) }
        let sent = Request(message, to: request.address, deadline: request.deadline, headers: request.headers)
        do throws(DiscoveryError) { return try await adapter.request(sent, from: resource) } catch {
            throw fault == .mixesUpErrors ? DiscoveryError(.unexpected, error.message) : error
        }
    }
}
