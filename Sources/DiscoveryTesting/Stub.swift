public import DiscoveryKit

/// What calls are answered with in a test, by address, and a record of what was sent. Nothing is opened, and no file is written.
///
/// ```swift
/// let stub: Stub = [
///     "ais.scheduler->get-job": .json(Job(id: 7)),
///     "ais.users": .failure(.unreachable),
/// ]
/// try await Discovery.withCurrent(stub.discovery) {
///     try await Scheduler().run()
/// }
/// #expect(stub.sent(to: "ais.users").count == 1)
/// ```
///
/// An address is stubbed as it is written: `ais.users`, `ais.users->*` and `ais.users[stage=prod]` are three. Where the code that is tested
/// leaves out the namespace, it may be left out here, or be the client's default. An address that is not stubbed and not registered throws
/// `.notFound`, with those that are.
///
/// A call is answered once and as the stub says: it is neither tried again nor refused, whatever the client's policies. Deadlines,
/// cancellation and the overrides of the configuration act as always.
///
/// A queue is stubbed with ``Answer/queue(delivering:)``: what is put into it is on record, and so is what became of each message that a
/// listener was given. A message comes once, also when its handler throws; only what a listener gave back unhandled comes again.
///
/// A topic is stubbed with ``Answer/topic``: what is published to it is on record, and goes on to the stubbed queues that subscribe and to
/// those who listen, as their filter policies say. Functions and URLs that subscribe are on record, and nothing is delivered to them.
///
/// What code registers is kept in memory, for the clients of this stub; calls to it are made over the network, as ever. So what a test
/// serves can be called beside what is stubbed. Copies share everything.
public struct Stub: Sendable {
    /// A client of this stub, with default settings: for ``Discovery/withCurrent(_:operation:)``. It needs no shutdown. For other settings
    /// give ``Discovery/Backend/stub(_:)`` to a configuration.
    public let discovery: Discovery
    let book: StubBook

    /// Stubs these addresses.
    public init(_ answers: [Address: Answer]) {
        book = StubBook(answers)
        var configuration = Discovery.Configuration()
        configuration.backend = book.backend
        do throws(DiscoveryError) { discovery = try Discovery(configuration) } catch {
            preconditionFailure("The default configuration contradicts itself: \(error)")
        }
    }

    /// Every call that was made, in order; also those that failed, and those to what is registered. A call to an address that is neither
    /// stubbed nor registered ends before it is made.
    public var sent: [Sent] { book.sent }

    /// The calls to one address, as it is written in them, in order.
    public func sent(to address: Address) -> [Sent] {
        book.sent.filter { $0.address == address }
    }

    /// The calls that were made, once there are so many. Waits for that without end: cancel the task, or give the test a time limit.
    public func sent(atLeast count: Int) async -> [Sent] {
        await book.sent(atLeast: count)
    }

    /// Every call that was put off, in order. It is made at once, in a task of its own and once, and then in ``sent`` as others are.
    public var deferred: [Deferred] { book.deferred }

    /// Every message that was put into a stubbed queue, in order.
    public var queued: [Queued] { book.queues.queued }

    /// The messages that were put into one queue, as it is stubbed, in order.
    public func queued(to address: Address) -> [Queued] {
        book.queues.queued.filter { $0.address == address }
    }

    /// What became of the messages that listeners were given, in the order in which they were settled.
    public var settled: [Settled] { book.queues.settled }

    /// The same, once there are so many. Waits for that without end: cancel the task, or give the test a time limit.
    public func settled(atLeast count: Int) async -> [Settled] {
        await book.queues.settled(atLeast: count)
    }

    /// Every registration and removal, in order.
    public var changes: [Change] { book.changes }

    /// A call that was made.
    public struct Sent: Sendable {
        /// Whom it was for, as the caller wrote it.
        public let address: Address
        /// The body and its attributes.
        public let message: Message
        /// The headers, by lower-case name.
        public let headers: [String: String]
        /// How long the call could take.
        public let deadline: Duration
        /// Whether doing it twice would do no harm.
        public let isIdempotent: Bool

        /// Reads the body as JSON.
        ///
        /// - Throws: `.coding` when the body is not JSON, or not of this type.
        public func decode<Value: Decodable>(_: Value.Type = Value.self) throws(DiscoveryError) -> Value {
            try message.decode()
        }
    }

    /// A call that was put off.
    public struct Deferred: Sendable {
        /// What its caller was given.
        public let id: MessageID
        /// Whom it is for, as the caller wrote it.
        public let address: Address
        /// The body and its attributes.
        public let message: Message
        /// How it is to be made.
        public let options: RequestOptions
    }

    /// A message that was put into a stubbed queue.
    public struct Queued: Sendable {
        /// The queue, as it is stubbed.
        public let address: Address
        /// The body and its attributes.
        public let message: Message
        /// What the sender asked for.
        public let options: SendOptions

        /// Reads the body as JSON.
        ///
        /// - Throws: `.coding` when the body is not JSON, or not of this type.
        public func decode<Value: Decodable>(_: Value.Type = Value.self) throws(DiscoveryError) -> Value {
            try message.decode()
        }
    }

    /// What became of a message that a listener was given.
    public struct Settled: Sendable, Hashable {
        /// What a listener does with a message.
        public enum Outcome: Sendable, Hashable {
            /// It was handled.
            case finished
            /// Its handler threw, or asked for it: elsewhere it would come again after this time.
            case retried(after: Duration)
            /// It is not wanted.
            case deadLettered(reason: String)
        }

        /// The queue, as it is stubbed; the topic, where it was listened to.
        public let address: Address
        /// The message.
        public let message: Message
        /// What became of it.
        public let outcome: Outcome
    }

    /// A change of what is registered.
    public struct Change: Sendable, Hashable {
        /// The instance, with its namespace.
        public let address: Address
        /// What it is now; `nil` when it was removed.
        public let resource: Resource?
    }
}

extension Stub: ExpressibleByDictionaryLiteral {
    /// Stubs these addresses. Stubbing one twice is a mistake in the test: it stops.
    public init(dictionaryLiteral answers: (Address, Answer)...) {
        self.init(Dictionary(answers) { _, _ in preconditionFailure("An address is stubbed twice. Answer its calls with `.inTurn`.") })
    }
}

extension Discovery.Backend {
    /// What calls are answered with in a test: for a client with settings of its own.
    ///
    /// ```swift
    /// configuration.backend = .stub(["ais.users": .json(User(id: 7))])
    /// ```
    public static func stub(_ stub: Stub) -> Discovery.Backend {
        stub.book.backend
    }
}
