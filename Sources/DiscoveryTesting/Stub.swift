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
        configuration.backend = .names(StubNames(book), interceptor: book)
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
        .names(StubNames(stub.book), interceptor: stub.book)
    }
}
