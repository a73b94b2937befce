internal import Store

/// Attributes of a message as they are stored: for each a byte of its kind, then name, label and value, each with its length before it.
/// In the order of their names, so that equal attributes are equal bytes.
enum AttributeCoding {
    static func encode(_ attributes: [String: Messaging.Attribute]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
            let value: [UInt8]
            switch attribute.value {
            case .string(let text): (bytes, value) = (bytes + [0], Array(text.utf8))
            case .number(let text): (bytes, value) = (bytes + [1], Array(text.utf8))
            case .binary(let binary): (bytes, value) = (bytes + [2], binary)
            }
            for part in [Array(name.utf8), Array((attribute.label ?? "").utf8), value] {
                for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: part.count >> shift)) }
                bytes += part
            }
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) throws(StoreError) -> [String: Messaging.Attribute] {
        var attributes: [String: Messaging.Attribute] = [:]
        var rest = bytes[...]
        while let kind = rest.popFirst() {
            let name = String(decoding: try part(&rest), as: UTF8.self)
            let label = String(decoding: try part(&rest), as: UTF8.self)
            let value = try part(&rest)
            attributes[name] = Messaging.Attribute(
                kind == 2
                    ? .binary(Array(value))
                    : kind == 1 ? .number(String(decoding: value, as: UTF8.self)) : .string(String(decoding: value, as: UTF8.self)),
                label: label.isEmpty ? nil : label)
        }
        return attributes
    }

    private static func part(_ rest: inout ArraySlice<UInt8>) throws(StoreError) -> ArraySlice<UInt8> {
        let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard rest.count >= 4, rest.count - 4 >= length else {
            throw StoreError(.damaged, "The attributes of a message are not what was written. Run `discovery doctor`.")
        }
        defer { rest = rest.dropFirst(4 + length) }
        return rest.dropFirst(4).prefix(length)
    }
}
