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
        /// What a `serve`'s own options leave open.
        public var serve: ServeOptions
        /// The largest answer of a function that is taken, in bytes.
        public var maximumReplySize: Int
        /// Adapters that come before the built-in ones: the first that accepts a resource is used.
        public var adapters: [any RequestAdapter]
        /// Where the library logs: nothing above `debug` but what somebody should act on; never bodies.
        public var logger: Logger

        /// The embedded backend in its default home, the namespace `default`, and 30 s for a request.
        public init() {
            backend = .embedded()
            namespace = "default"
            request = RequestOptions()
            request.deadline = RequestOptions.defaultDeadline
            request.isIdempotent = false
            serve = ServeOptions()
            serve.host = "127.0.0.1"
            serve.port = 0
            serve.concurrency = 256
            maximumReplySize = 6 << 20
            adapters = []
            logger = Logger(label: "discovery")
        }

        func check() throws(DiscoveryError) {
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
        }
    }

    /// Where names are kept, and by whom.
    public struct Backend: Sendable {
        let home: String
        let group: String?

        /// A directory on this machine, the *home*, which any number of processes open at once, with no server.
        ///
        /// - Parameters:
        ///   - home: its path; `nil` for `$XDG_STATE_HOME/discovery`, else `~/.local/state/discovery`. Made when it is missing, with mode 0700.
        ///   - group: a group of this machine that shares the home: it is then made with mode 2770.
        public static func embedded(home: String? = nil, group: String? = nil) -> Backend {
            Backend(home: home ?? Home.defaultPath(environment: ProcessInfo.processInfo.environment), group: group)
        }
    }
}
