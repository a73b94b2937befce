internal import Foundation
public import Logging
internal import Store

extension Discovery {
    /// How a client behaves. Every default is here.
    public struct Configuration: Sendable {
        /// Where names are kept.
        public var backend: Backend
        /// The namespace of addresses that name none.
        public var namespace: String
        /// What a request's own options leave open.
        public var request: RequestOptions
        /// How calls are made to succeed, by address: tries, waits, balancing, and when an instance is left alone. A request's own options
        /// come before these, ``request`` after them. Of several rules that match, for each setting the last that has it counts.
        public var policies: [PolicyRule]
        /// What a `serve`'s own options leave open.
        public var serve: ServeOptions
        /// What a `listen`'s own options leave open.
        public var listen: ListenOptions
        /// Whether a message for a FIFO queue has to name its group, and its deduplication where the queue does not go by content. Otherwise
        /// it is given the group `default`, and taken for a new one.
        public var isStrictFIFO: Bool
        /// Whether what this client does to messages of a home is noted there, for `discovery explain --message`: the latest 8 MiB, for four
        /// days. It costs a few hundredths of a message.
        public var keepsJourneys: Bool
        /// The largest answer of a function that is taken, in bytes.
        public var maximumReplySize: Int
        /// What some addresses lead to instead, for this client alone: the first that means an address and has not expired counts, before
        /// those of the home. No two have one pattern.
        public var overrides: [Override]
        /// The other homes of this machine, by absolute path, whose queues may be registered here as `file:///HOME/QUEUE`.
        public var homes: [String]
        /// Adapters that come before the built-in ones: the first that accepts a resource is used.
        public var adapters: [any RequestAdapter]
        /// Adapters for queues that come before the built-in one: the first that accepts a resource is used.
        public var queueAdapters: [any QueueAdapter]
        /// The same for topics.
        public var publishAdapters: [any PublishAdapter]
        /// Where on the network calls may go.
        package var reach: Reach
        /// Where the library logs: nothing above `debug` but what somebody should act on; never bodies.
        public var logger: Logger

        /// The embedded backend in its default home, the namespace `default`, and 30 s for a request.
        public init() {
            backend = .embedded()
            namespace = "default"
            request = RequestOptions()
            request.deadline = RequestOptions.defaultDeadline
            request.isIdempotent = false
            policies = []
            serve = ServeOptions()
            serve.host = "127.0.0.1"
            serve.port = 0
            serve.concurrency = 256
            listen = .defaults
            isStrictFIFO = false
            keepsJourneys = true
            maximumReplySize = 6 << 20
            overrides = []
            homes = []
            adapters = []
            queueAdapters = []
            publishAdapters = []
            reach = .everywhere
            logger = Logger(label: "discovery")
        }

        func check() throws(DiscoveryError) {
            try backend.check()
            if let deadline = request.deadline, deadline <= .zero {
                throw DiscoveryError(
                    .configuration, "A request's deadline is longer than nothing; \(deadline) is not. Correct `request.deadline`.")
            }
            guard maximumReplySize > 0 else {
                throw DiscoveryError(.configuration, "The largest reply to take is 1 byte or more. Correct `maximumReplySize`.")
            }
            guard (try? Address(namespace: namespace, service: "x").parts()) != nil else {
                throw DiscoveryError(
                    .configuration,
                    "The default namespace \"\(namespace.excerpt())\" cannot be part of an address. Correct DISCOVERY_NAMESPACE.")
            }
            do { try listen.check() } catch {
                throw DiscoveryError(.configuration, "The configuration's `listen` cannot be used. \(error.message)")
            }
            try PolicyRule.check(policies)
            try Override.check(overrides)
        }
    }

    /// Where names are kept, and by whom.
    public struct Backend: Sendable {
        private enum Kind: Sendable {
            case home(path: String, group: String?)
            case daemon(CloudMapAccess, RemoteTimes)
            /// What was given means nothing: said when a client is made.
            case unusable(DiscoveryError)
            case other(
                any NameService, adapters: [any RequestAdapter], queueAdapters: [any QueueAdapter], topics: (any TopicBackend)?,
                interceptor: (any CallInterceptor)?)
        }

        private let kind: Kind

        /// A directory on this machine, the *home*, which any number of processes open at once, with no server.
        ///
        /// - Parameters:
        ///   - home: its path; `nil` for `$XDG_STATE_HOME/discovery`, else `~/.local/state/discovery`. Made when it is missing, with mode 0700.
        ///   - group: a group of this machine that shares the home: it is then made with mode 2770.
        public static func embedded(home: String? = nil, group: String? = nil) -> Backend {
            Backend(kind: .home(path: home ?? Home.defaultPath(environment: ProcessInfo.processInfo.environment), group: group))
        }

        /// A daemon, `discoveryd`, on this machine or another: names are resolved, and instances registered and served, through it.
        ///
        /// Requests are signed with the key of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, for the region of
        /// `AWS_REGION` or `AWS_DEFAULT_REGION`; they are not signed where there is no key. Where another registers or
        /// deregisters is seen a second later at most, what becomes of health and the ends of processes on the daemon's machine three seconds
        /// later, and all of it at once after a call that failed. While the daemon is down what was known of names that are in use counts for five
        /// minutes more. What is served is leased for ten seconds at a time: the attribute `DISCOVERY_LEASE_SECONDS` says otherwise. Of
        /// a service with more than 1,000 instances, an address without an id means 1,000 of them, taken at random; its filters choose among those. Overrides that a home
        /// keeps are not known, and queues and topics cannot be used yet.
        ///
        /// - Parameter url: `http://HOST:PORT`. What is no such URL is told when a client is made.
        public static func daemon(_ url: String) -> Backend { daemon(url, environment: ProcessInfo.processInfo.environment) }

        package static func daemon(_ url: String, environment: [String: String], times: RemoteTimes = RemoteTimes()) -> Backend {
            do throws(DiscoveryError) {
                return Backend(kind: .daemon(try CloudMapAccess(daemon: url, environment: environment), times))
            } catch {
                return Backend(kind: .unusable(error))
            }
        }

        /// Names kept by `names`, and what is registered there spoken to by `adapters` and `topics`; `interceptor` is asked before them.
        package static func names(
            _ names: any NameService, adapters: [any RequestAdapter] = [], queueAdapters: [any QueueAdapter] = [],
            topics: (any TopicBackend)? = nil, interceptor: (any CallInterceptor)? = nil
        ) -> Backend {
            Backend(kind: .other(names, adapters: adapters, queueAdapters: queueAdapters, topics: topics, interceptor: interceptor))
        }

        /// A name service for one client.
        func names(for configuration: Configuration) -> any NameService {
            switch kind {
            case .home(let path, let group): EmbeddedBackend(home: path, group: group, keepsJourneys: configuration.keepsJourneys)
            case .daemon(let access, let times): CloudMapNames(access, times: times, logger: configuration.logger)
            case .other(let names, _, _, _, _): names
            case .unusable(let error): preconditionFailure("The configuration was not checked: \(error)")
            }
        }

        func check() throws(DiscoveryError) {
            if case .unusable(let error) = kind { throw error }
        }

        /// The adapters that belong to it.
        var adapters: [any RequestAdapter] {
            if case .other(_, let adapters, _, _, _) = kind { adapters } else { [] }
        }

        /// The adapters for queues that belong to it.
        var queueAdapters: [any QueueAdapter] {
            if case .other(_, _, let adapters, _, _) = kind { adapters } else { [] }
        }

        /// The topics that belong to it; a home's are made with its client.
        var topics: (any TopicBackend)? {
            if case .other(_, _, _, let topics, _) = kind { topics } else { nil }
        }

        /// Who answers calls before any adapter.
        var interceptor: (any CallInterceptor)? {
            if case .other(_, _, _, _, let interceptor) = kind { interceptor } else { nil }
        }

        /// Where the home is; empty for a backend without one on this machine.
        package var homePath: String {
            if case .home(let path, _) = kind { path } else { "" }
        }

        /// The same backend with another home.
        package func moved(to home: String) -> Backend {
            if case .home(_, let group) = kind { .embedded(home: home, group: group) } else { .embedded(home: home) }
        }
    }
}
