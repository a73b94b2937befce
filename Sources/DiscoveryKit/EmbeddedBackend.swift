internal import Messaging
internal import Registry
package import Store

/// The home of a client on the embedded backend: opened by the first operation. Its messages are opened by the first that is about a queue: a
/// process that only resolves and calls has no part in them.
package final class EmbeddedBackend: Sendable {
    let path: String
    private let group: String?
    private let keepsJourneys: Bool
    private let seam: Seam
    private let registryOpened = Opened<Registry> { $0.close() }
    private let messagingOpened = Opened<Messaging> { $0.close() }

    init(home: String, group: String?, keepsJourneys: Bool = true, seam: Seam = Seam()) {
        path = home
        self.group = group
        self.keepsJourneys = keepsJourneys
        self.seam = seam
    }

    /// The registry, opened when it is not. Waits for the disk the first time.
    func registry() async throws(DiscoveryError) -> Registry {
        if let registry = registryOpened.current { return registry }
        return try await registryOpened.value { [path, group, seam] () throws(DiscoveryError) in
            do throws(StoreError) { return try Registry(Home(path: path, group: group, seam: seam)) } catch { throw DiscoveryError(error) }
        }
    }

    /// The queues, opened when they are not. Waits for the disk the first time.
    func messaging() async throws(DiscoveryError) -> Messaging {
        if let messaging = messagingOpened.current { return messaging }
        let home = try await registry().store.home
        return try await messagingOpened.value { [keepsJourneys] () throws(DiscoveryError) in
            do throws(StoreError) { return try Messaging(home, keepsJourneys: keepsJourneys) } catch { throw DiscoveryError(error) }
        }
    }

    /// Whether this process has opened the messages.
    var hasMessaging: Bool { messagingOpened.current != nil }

    /// Runs an operation on the registry and gives its errors the facade's form.
    // Not inlined: the optimiser of Swift 6.3.1 crashes where it splits the closures of callers that have it inlined.
    @inline(never)
    func run<Value>(_ operation: (Registry) async throws -> Value) async throws(DiscoveryError) -> Value {
        let registry = try await registry()
        do { return try await operation(registry) } catch { throw DiscoveryError(wrapping: error) }
    }

    /// Runs an operation on the queues and gives its errors the facade's form.
    @inline(never)
    func runMessaging<Value>(_ operation: (Messaging) async throws -> Value) async throws(DiscoveryError) -> Value {
        let messaging = try await messaging()
        do { return try await operation(messaging) } catch { throw DiscoveryError(wrapping: error) }
    }

    package func shutdown() async {
        // In this order: the one opens the other.
        await registryOpened.shutdown()
        await messagingOpened.shutdown()
    }
}

extension DiscoveryError {
    /// The leaves' errors are wrapped here, once.
    package init(wrapping error: any Error) {
        switch error {
        case let error as DiscoveryError: self = error
        case let error as StoreError: self.init(error)
        case let error as RegistryError: self.init(error)
        case let error as MessagingError: self.init(error)
        case is CancellationError: self.init(.cancelled, "The calling task was cancelled.")
        default: self.init(.unexpected, "An unexpected error: \(error).", cause: error)
        }
    }

    package init(_ error: StoreError) {
        let code: Code =
            switch error.code {
            case .unusable, .closed: .homeUnusable
            case .busy: .busy
            case .full: .full
            case .damaged, .statement: .damaged
            case .outcomeUnknown: .outcomeUnknown
            case .cancelled: .cancelled
            }
        self.init(code, error.message, cause: error.code == .statement ? error : nil)
    }

    private init(_ error: RegistryError) {
        let code: Code =
            switch error.code {
            case .namespaceNotFound, .serviceNotFound, .instanceNotFound, .operationNotFound, .resourceNotFound: .notFound
            case .namespaceAlreadyExists, .serviceAlreadyExists: .alreadyExists
            case .duplicateRequest, .requestLimitExceeded: .busy
            case .resourceInUse, .invalidInput, .customHealthNotFound, .resourceLimitExceeded, .tooManyTags,
                .serviceAttributesLimitExceeded:
                .invalid
            }
        self.init(code, error.message)
    }

    init(_ error: MessagingError) {
        let code: Code =
            switch error.code {
            case .queueDoesNotExist, .topicDoesNotExist, .subscriptionDoesNotExist, .messageDoesNotExist, .resourceNotFound: .notFound
            case .queueNameExists, .topicNameExists, .subscriptionExists: .alreadyExists
            case .messageTooLong: .tooLarge
            case .receiptHandleHasExpired, .messageNotInflight: .leaseLost
            case .overLimit: .busy
            case .noDeadLetterQueue, .unsupportedOperation: .unsupported
            case .invalidParameterValue, .invalidAttributeValue, .missingParameter, .invalidMessageContents, .receiptHandleIsInvalid,
                .messageInFlight, .tokenIsInvalid:
                .invalid
            }
        self.init(code, error.message)
    }
}
