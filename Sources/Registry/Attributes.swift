extension Registry {
    /// What an instance is registered with: keys and values in the order of the keys. A handful of strings is looked through faster than
    /// it is hashed, and every registration passes here.
    package struct Attributes: Sendable, Hashable, ExpressibleByDictionaryLiteral {
        struct Pair: Sendable, Hashable {
            let key: String
            let value: String
        }

        let pairs: [Pair]

        /// - Parameter own: as many more, with keys that are not among `attributes`.
        package init(_ attributes: [String: String], and own: (key: String, value: String)...) {
            var pairs: [Pair] = []
            pairs.reserveCapacity(attributes.count + own.count)
            for (key, value) in attributes { pairs.append(Pair(key: key, value: value)) }
            for (key, value) in own { pairs.append(Pair(key: key, value: value)) }
            pairs.sort { $0.key < $1.key }
            self.pairs = pairs
        }

        package init(dictionaryLiteral elements: (String, String)...) { self.init(Dictionary(uniqueKeysWithValues: elements)) }

        package var count: Int { pairs.count }
        package subscript(key: String) -> String? { pairs.first { $0.key == key }?.value }

        /// For who looks keys up again and again.
        package var dictionary: [String: String] {
            Dictionary(uniqueKeysWithValues: pairs.lazy.map { ($0.key, $0.value) })
        }

        /// As they are stored: a JSON object, so that people can read them with `sqlite3`. What `JSONEncoder` writes with sorted keys, but
        /// for the spelling of control characters, at a tenth of its cost.
        var text: String {
            let size = pairs.reduce(2) { $0 + Self.size($1.key) + Self.size($1.value) + 6 }
            return String(unsafeUninitializedCapacity: size) { buffer in
                var end = 0
                func put(_ byte: UInt8) {
                    buffer[end] = byte
                    end += 1
                }
                func put(quoted string: String) {
                    put(UInt8(ascii: "\""))
                    for byte in string.utf8 {
                        switch byte {
                        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                            put(UInt8(ascii: "\\"))
                            put(byte)
                        case ..<0x20:
                            for escaped in "\\u00".utf8 { put(escaped) }
                            put(Self.digit(byte >> 4))
                            put(Self.digit(byte & 0xF))
                        default: put(byte)
                        }
                    }
                    put(UInt8(ascii: "\""))
                }
                put(UInt8(ascii: "{"))
                for pair in pairs {
                    if end > 1 { put(UInt8(ascii: ",")) }
                    put(quoted: pair.key)
                    put(UInt8(ascii: ":"))
                    put(quoted: pair.value)
                }
                put(UInt8(ascii: "}"))
                return end
            }
        }

        /// Bytes of a string with RFC 8259's escapes.
        private static func size(_ string: String) -> Int {
            string.utf8.reduce(0) { $0 + ($1 < 0x20 ? 6 : $1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : 1) }
        }

        private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value }
    }
}
