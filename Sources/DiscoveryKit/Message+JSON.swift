internal import Foundation

extension Message {
    /// A message whose body is a value as JSON, as Foundation's `JSONEncoder` writes it: dates are seconds since 2001, byte buffers are
    /// base 64. Keys are sorted, so that equal values make equal bodies, which is what queues deduplicate by.
    ///
    /// - Throws: `.coding` when the value cannot be encoded, such as a number that is not finite.
    public static func json(_ value: some Encodable, attributes: [String: Attribute] = [:]) throws(DiscoveryError) -> Message {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Message(body: [UInt8](try encoder.encode(value)), attributes: attributes, contentType: "application/json")
        } catch {
            throw DiscoveryError(
                .coding, "A value of type \(type(of: value)) cannot be encoded as JSON. Send one that can, or a `Message` with the bytes.",
                cause: error)
        }
    }

    /// Reads the body as JSON.
    ///
    /// - Throws: `.coding` when the body is not JSON, or not of this type.
    public func decode<Value: Decodable>(_: Value.Type = Value.self) throws(DiscoveryError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body))
        } catch {
            let found = body.isEmpty ? "is empty" : "of \(body.count) bytes is no such JSON"
            throw DiscoveryError(
                .coding, "The body was to be decoded as \(Value.self), but \(found). Read `body` for the bytes as they came.", cause: error)
        }
    }
}
