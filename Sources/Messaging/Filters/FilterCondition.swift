/// What a policy asks of one value: one element of the array behind a key.
enum FilterCondition: Sendable, Hashable {
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
        case .string(let text): value.kind == .string && document.equals(value.text, text)
        case .number(let number): value.kind == .number && !value.isBeyond && value.number == number
        case .bool(let bool): value.kind == (bool ? .true : .false)
        case .null: value.kind == .null
        case .prefix(let text): value.kind == .string && document.begins(value.text, with: text)
        case .suffix(let text): value.kind == .string && document.ends(value.text, with: text)
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
    let folded: [UInt8]

    init(_ text: [UInt8]) {
        self.text = text
        folded = Self.fold(text[...])
    }

    func equals(_ other: ArraySlice<UInt8>) -> Bool {
        var expected = folded.makeIterator()
        return Self.forEachByte(folding: other) { expected.next() == $0 } && expected.next() == nil
    }

    static func fold(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(text.count)
        _ = forEachByte(folding: text) {
            folded.append($0)
            return true
        }
        return folded
    }

    /// - Returns: whether all bytes were accepted.
    private static func forEachByte(folding text: ArraySlice<UInt8>, _ accepts: (UInt8) -> Bool) -> Bool {
        var scalars = UTF8()
        var bytes = text.makeIterator()
        while true {
            switch scalars.decode(&bytes) {
            case .scalarValue(let scalar) where scalar.isASCII:
                let byte = UInt8(scalar.value)
                guard accepts((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) else { return false }
            case .scalarValue(let scalar):
                for byte in scalar.properties.lowercaseMapping.utf8 where !accepts(byte) { return false }
            case .emptyInput: return true
            case .error: return false
            }
        }
    }
}
