/// What a policy asks of one value: one element of the array behind a key.
indirect enum FilterCondition: Sendable, Hashable {
    case string([UInt8])
    case number(FilterNumber)
    case bool(Bool)
    case null
    case prefix([UInt8])
    case suffix([UInt8])
    case ignoringCase(FilterFolding)
    case wildcard(FilterPattern)
    case range(FilterRange)
    case network(FilterNetwork)
    /// `false` asks for no value at all, so no value meets it.
    case exists(Bool)
    /// Met by a value that meets none of these, of whatever type it is.
    case anythingBut([FilterCondition])

    /// Types are never converted: the string `"1"` is not the number 1, and neither is `true`.
    func accepts(_ value: JSONDocument.Node, in document: JSONDocument) -> Bool {
        switch self {
        case .string(let text): value.kind == .string && document[value.text].elementsEqual(text)
        case .number(let number): value.kind == .number && !value.isBeyond && value.number == number
        case .bool(let bool): value.kind == (bool ? .true : .false)
        case .null: value.kind == .null
        case .prefix(let text): value.kind == .string && document[value.text].starts(with: text)
        case .suffix(let text):
            value.kind == .string && value.text.count >= text.count && document[value.text].suffix(text.count).elementsEqual(text)
        case .ignoringCase(let folding): value.kind == .string && folding.equals(document[value.text])
        case .wildcard(let pattern): value.kind == .string && pattern.matches(document[value.text])
        case .range(let range): value.kind == .number && !value.isBeyond && range.units.contains(value.number.units)
        case .network(let network): value.kind == .string && network.contains(document[value.text])
        // "The key must have a non-null and non-empty value."
        case .exists(let isThere): isThere && value.kind != .null && !(value.kind == .string && value.text.count == 0)
        case .anythingBut(let conditions): value.kind != .opaque && !conditions.contains { $0.accepts(value, in: document) }
        }
    }
}

/// One or two bounds of a number.
struct FilterRange: Sendable, Hashable {
    let units: ClosedRange<Int64>
    /// As it was written: `> 0 and <= 150`.
    let words: String
}

/// A text that is compared without regard to case: by Unicode's simple lower case, the same everywhere.
struct FilterFolding: Sendable, Hashable {
    let text: [UInt8]
    private let folded: [UInt8]

    init(_ text: [UInt8]) {
        self.text = text
        folded = String(decoding: text, as: UTF8.self).unicodeScalars.flatMap { Array($0.properties.lowercaseMapping.utf8) }
    }

    func equals(_ other: ArraySlice<UInt8>) -> Bool {
        var scalars = UTF8()
        var bytes = other.makeIterator()
        var expected = folded.makeIterator()
        while true {
            switch scalars.decode(&bytes) {
            case .scalarValue(let scalar) where scalar.isASCII:
                let byte = UInt8(scalar.value)
                guard expected.next() == ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) else { return false }
            case .scalarValue(let scalar):
                for byte in scalar.properties.lowercaseMapping.utf8 where expected.next() != byte { return false }
            case .emptyInput: return expected.next() == nil
            case .error: return false
            }
        }
    }
}
