/// What a function is asked: `serve` hands one to its handler.
public struct Request: Sendable {
    /// The request's body and attributes.
    public let message: Message
    /// Until when the caller waits.
    public let deadline: ContinuousClock.Instant
    /// The address that is served.
    public let address: Address
    /// The HTTP headers, by lower-case name.
    public let headers: [String: String]

    /// Makes a request, as for a test of a handler.
    ///
    /// - Parameter headers: names in any case.
    public init(_ message: Message, to address: Address, deadline: ContinuousClock.Instant, headers: [String: String] = [:]) {
        let headers = Dictionary(headers.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        self.init(message, to: address, deadline: deadline, lowercaseHeaders: headers)
    }

    init(_ message: Message, to address: Address, deadline: ContinuousClock.Instant, lowercaseHeaders headers: [String: String]) {
        self.message = message
        self.address = address
        self.deadline = deadline
        self.headers = headers
    }

    /// Reads the body as JSON.
    ///
    /// - Throws: `.coding` when the body is not JSON, or not of this type.
    public func decode<Value: Decodable>(_: Value.Type = Value.self) throws(DiscoveryError) -> Value {
        do {
            return try message.decode()
        } catch {
            throw DiscoveryError(.coding, error.message, address: address, cause: Undecodable())
        }
    }

    /// Marks the one coding error that is the caller's fault, and not the function's.
    struct Undecodable: Error {}
}
