extension Decoder {
    /// Reads a value that is written as the one string it is parsed from.
    ///
    /// - Throws: `DecodingError.dataCorrupted` with our sentence, and our error underneath, when that is malformed.
    func parsed<Value>(_ parse: (String) throws(DiscoveryError) -> Value) throws -> Value {
        let container = try singleValueContainer()
        let text = try container.decode(String.self)
        do {
            return try parse(text)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: container.codingPath, debugDescription: error.message, underlyingError: error))
        }
    }
}

extension Encoder {
    /// Writes `value` as its text.
    ///
    /// - Throws: `EncodingError.invalidValue` for a value with a fault, which nobody could read back.
    func write(_ value: some Any, as text: String, fault: DiscoveryError?) throws {
        var container = singleValueContainer()
        if let fault {
            let context = EncodingError.Context(codingPath: container.codingPath, debugDescription: fault.message, underlyingError: fault)
            throw EncodingError.invalidValue(value, context)
        }
        try container.encode(text)
    }
}
