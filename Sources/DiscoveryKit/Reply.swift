/// What a function answered.
public struct Reply: Sendable {
    /// The answer's body and attributes.
    public let message: Message
    /// The HTTP status, 200 to 299: others are thrown as `.functionFailed`.
    public let status: Int
    /// The instance that answered; the address called where an override led elsewhere.
    public let servedBy: Address

    /// Makes a reply, as an adapter does.
    public init(message: Message, status: Int = 200, servedBy: Address) {
        self.message = message
        self.status = status
        self.servedBy = servedBy
    }

    /// Reads the answer as JSON.
    ///
    /// - Throws: `.coding` when the body is not JSON, or not of this type.
    public func decode<Value: Decodable>(_: Value.Type = Value.self) throws(DiscoveryError) -> Value {
        do {
            return try message.decode()
        } catch {
            throw error.with(address: servedBy)
        }
    }
}
