extension Registry {
    /// What an instance is registered with: keys and values in the order of the keys. A handful of strings is looked through faster than
    /// it is hashed, and every registration passes here.
    package struct Attributes: Sendable, Hashable, ExpressibleByDictionaryLiteral {
        struct Pair: Sendable, Hashable {
            let key: String
            let value: String
        }

        private(set) var pairs: [Pair]

        package init(_ attributes: [String: String]) {
            var pairs: [Pair] = []
            pairs.reserveCapacity(attributes.count + 2)
            for (key, value) in attributes { pairs.append(Pair(key: key, value: value)) }
            pairs.sort { $0.key < $1.key }
            self.pairs = pairs
        }

        /// The same with one more, whose key is not among them.
        package mutating func insert(_ value: String, for key: String) {
            pairs.insert(Pair(key: key, value: value), at: pairs.firstIndex { key < $0.key } ?? pairs.endIndex)
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
        var text: String { plainText ?? escapedText }

        /// `nil` where something is to be escaped, which hardly anything is.
        private var plainText: String? {
            var isPlain = true
            let size = pairs.reduce(2) { $0 + $1.key.utf8.count + $1.value.utf8.count + 6 }
            let text = String(unsafeUninitializedCapacity: size) { buffer in
                var end = 0
                for pair in pairs {
                    buffer[end] = UInt8(ascii: end == 0 ? "{" : ",")
                    buffer[end + 1] = UInt8(ascii: "\"")
                    end += 2
                    isPlain = Self.put(pair.key, into: buffer, at: &end) && isPlain
                    buffer[end] = UInt8(ascii: "\"")
                    buffer[end + 1] = UInt8(ascii: ":")
                    buffer[end + 2] = UInt8(ascii: "\"")
                    end += 3
                    isPlain = Self.put(pair.value, into: buffer, at: &end) && isPlain
                    buffer[end] = UInt8(ascii: "\"")
                    end += 1
                }
                buffer[end] = UInt8(ascii: "}")
                return end + 1
            }
            return isPlain && !pairs.isEmpty ? text : nil
        }

        /// - Returns: whether none of it is to be escaped.
        private static func put(_ string: String, into buffer: UnsafeMutableBufferPointer<UInt8>, at end: inout Int) -> Bool {
            end = buffer[end...].update(fromContentsOf: string.utf8)
            return TextScan.isPlain(string)
        }

        private var escapedText: String {
            let members = pairs.map { "\"\(Self.escaped($0.key))\":\"\(Self.escaped($0.value))\"" }
            return "{\(members.joined(separator: ","))}"
        }

        /// RFC 8259, section 7.
        private static func escaped(_ string: String) -> String {
            var text = ""
            for scalar in string.unicodeScalars {
                switch scalar {
                case "\"", "\\": text += "\\\(scalar)"
                case ..<" ": text += "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
                default: text.unicodeScalars.append(scalar)
                }
            }
            return text
        }
    }
}
