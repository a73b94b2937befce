/// Why an operation failed, and what to do about it. The only error the library throws.
///
/// ```swift
/// do {
///     job = try await Discovery.request("ais.scheduler->get-job", query)
/// } catch .notFound {
///     job = nil
/// }
/// ```
public struct DiscoveryError: Error, Sendable {
    // One pointer, so that a function that may throw it returns in registers, and rethrowing copies nothing.
    private let storage: Storage

    /// What kind of failure: match on this, not on the message.
    public var code: Code { storage.code }
    /// What happened and what to do about it, for people; it may change between releases.
    public var message: String { storage.message }
    /// The address the operation was given, where there is one.
    public var address: Address? { storage.address }
    /// The error underneath, of whatever type.
    public var cause: (any Error)? { storage.cause }
    /// What the function answered, with the code ``Code/functionFailed``; or the server before it, with ``Code/unreachable``.
    public var functionError: FunctionError? { storage.functionError }
    /// How long the server asked not to be tried again (`Retry-After`), where it did.
    public var retryAfter: Duration? { storage.retryAfter }
    /// Where in the library the error was made: for reports, not for programs.
    public var location: Location { storage.location }
    /// Whether nothing was done and the same call may succeed later, unchanged: the code's answer.
    public var isRetryable: Bool { code.isRetryable }

    /// Makes an error, as an adapter does.
    ///
    /// - Parameters:
    ///   - code: says what happened to a call, and so whether it is tried again: see ``RequestAdapter``.
    ///   - message: one or more whole sentences, for people: what happened and what to do about it.
    public init(
        _ code: Code, _ message: String, address: Address? = nil, cause: (any Error)? = nil, functionError: FunctionError? = nil,
        retryAfter: Duration? = nil, fileID: String = #fileID, line: Int = #line
    ) {
        storage = Storage(
            code: code, message: message, address: address, cause: cause, functionError: functionError, retryAfter: retryAfter,
            location: Location(fileID: fileID, line: line))
    }

    private init(_ storage: Storage) {
        self.storage = storage
    }

    /// The same error about `address`, unless it is about one already: whoever is nearest to the failure knows best.
    package func with(address: Address) -> DiscoveryError {
        guard storage.address == nil else { return self }
        return with(message, address)
    }

    /// The same error, saying how often the call was tried where that was more than once.
    package func after(tries: Int) -> DiscoveryError { tries > 1 ? with("\(message) It was tried \(tries) times.", address) : self }

    private func with(_ message: String, _ address: Address?) -> DiscoveryError {
        DiscoveryError(
            Storage(
                code: code, message: message, address: address, cause: cause, functionError: functionError, retryAfter: retryAfter,
                location: location))
    }

    /// An error of a function's own, as opposed to one on the way to it.
    public struct FunctionError: Sendable, Hashable {
        /// The error's type as the function names it (`errorType`), where it does.
        public let type: String?
        /// What the function says went wrong (`errorMessage`), or the body as text.
        public let message: String
        /// The HTTP status.
        public let status: Int
        /// The answer as it came.
        public let body: [UInt8]

        /// Makes one, as an adapter does.
        public init(type: String? = nil, message: String, status: Int, body: [UInt8] = []) {
            self.type = type
            self.message = message
            self.status = status
            self.body = body
        }
    }

    /// A line in the library's source.
    public struct Location: Sendable, Hashable, CustomStringConvertible {
        /// `Module/File.swift`.
        public let fileID: String
        /// From 1.
        public let line: Int

        /// `Module/File.swift:line`.
        public var description: String { "\(fileID):\(line)" }
    }

    private final class Storage: Sendable {
        let code: Code
        let message: String
        let address: Address?
        let cause: (any Error)?
        let functionError: FunctionError?
        let retryAfter: Duration?
        let location: Location

        init(
            code: Code, message: String, address: Address?, cause: (any Error)?, functionError: FunctionError?, retryAfter: Duration?,
            location: Location
        ) {
            self.code = code
            self.message = message
            self.address = address
            self.cause = cause
            self.functionError = functionError
            self.retryAfter = retryAfter
            self.location = location
        }
    }
}

extension DiscoveryError: CustomStringConvertible, CustomDebugStringConvertible {
    /// `code (address): message`, with the cause, on one line as long as they are.
    public var description: String {
        var text = code.description
        if let address, address.fault == nil { text += " (\(address))" }
        text += ": \(message)"
        if let cause { text += " Cause: \(cause)" }
        return text
    }

    /// The description, and where the error was made.
    public var debugDescription: String { "\(description) [\(location)]" }
}
