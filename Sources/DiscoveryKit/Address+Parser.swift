extension Address {
    /// Reads an address, byte by byte: what divides it is ASCII, and grapheme clusters would hide a quote under a combining accent.
    /// It works on a copy of at most ``Address/maximumLength`` bytes, so that no index can be out of step with the text.
    struct Parser {
        private let bytes: [UInt8]
        private var position = 0

        init(_ text: String) {
            bytes = Array(text.utf8)
        }

        /// Reads all of the text.
        mutating func address() throws(Fault) -> Parts {
            var labels = [try label()]
            while take(".") { labels.append(try label()) }
            let filters = take("[") ? try filters() : []
            var instance = Instance.only
            if next == .hyphen && nextButOne == .greater {
                position += 2
                instance = try self.instance()
                try expectEnd("the end of the address")
            } else {
                try expectEnd(filters.isEmpty ? "`.`, `[`, `->` or the end" : "`->` or the end")
            }
            let first = Self.firstLabelOfService(in: labels)
            return Parts(
                namespace: first == 0 ? nil : Self.joined(labels[..<first]), service: Self.joined(labels[first...]), filters: filters,
                instance: instance)
        }

        // MARK: What an address is made of

        private mutating func filters() throws(Fault) -> [Filter] {
            var found: [(filter: Filter, offset: Int)] = []
            repeat {
                let isRequired = !take("?")
                let offset = position
                let key = try name(expected: "a filter's key", stopsAtArrow: false, holdsDots: true)
                guard take("=") else { throw Fault(offset: position, expected: "`=` and the value of the filter") }
                let value = try name(expected: "a filter's value or `\"\"`", stopsAtArrow: false, holdsDots: true, mayBeEmpty: true)
                found.append((Filter(key: key.text, value: value.text, isRequired: isRequired), offset))
            } while take(",")
            guard take("]") else { throw Fault(offset: position, expected: "`,` or `]`") }
            // Conditions hold in any order, so sorting makes equal addresses equal values. Cloud Map keeps them by key, hence once each.
            found.sort { $0.filter.key.utf8.lexicographicallyPrecedes($1.filter.key.utf8) }
            for (former, latter) in zip(found, found.dropFirst()) where former.filter.key.utf8.elementsEqual(latter.filter.key.utf8) {
                throw Fault(
                    offset: max(former.offset, latter.offset), expected: "a key not given before", found: "a second filter on one key",
                    advice: "Give one filter per key.")
            }
            return found.map(\.filter)
        }

        private mutating func instance() throws(Fault) -> Instance {
            if take("*") { return .any }
            return .id(try name(expected: "an instance's id or `*`", stopsAtArrow: false, holdsDots: true).text)
        }

        private mutating func label() throws(Fault) -> Name {
            try name(expected: "the name of a namespace or service", stopsAtArrow: true, holdsDots: false)
        }

        /// A namespace's or service's label, a key, a value or an id, with what the quotes stand for.
        private struct Name {
            var bytes: [UInt8] = []
            /// Whether the first byte is bare: what was quoted never counts as syntax.
            var startsBare = false
            /// Whether any of it was quoted.
            var isQuoted = false

            var text: String { String(decoding: bytes, as: UTF8.self) }
            var isProtocol: Bool { !isQuoted && (bytes.elementsEqual("_tcp".utf8) || bytes.elementsEqual("_udp".utf8)) }
            var startsWithUnderscore: Bool { startsBare && bytes.first == .underscore && bytes.count > 1 }
        }

        private mutating func name(
            expected: String, stopsAtArrow: Bool, holdsDots: Bool, mayBeEmpty: Bool = false
        ) throws(Fault) -> Name {
            let start = position
            var name = Name()
            var emptyQuotes: Int?
            while let byte = next {
                if byte == .quote {
                    let offset = position
                    let content = try quoted()
                    if content.isEmpty { emptyQuotes = offset }
                    name.bytes += content
                    name.isQuoted = true
                } else if byte.isBareInAddress || (holdsDots && byte == .dot) {
                    if stopsAtArrow && byte == .hyphen && nextButOne == .greater { break }
                    if name.bytes.isEmpty { name.startsBare = true }
                    let run = position
                    repeat { position += 1 } while next.map { $0.isBareInAddress && $0 != .hyphen } ?? false
                    name.bytes += bytes[run..<position]
                } else {
                    break
                }
            }
            guard position > start else { throw Fault(offset: start, expected: expected) }
            if let emptyQuotes, !(mayBeEmpty && position == start + 2) {
                throw Fault(
                    offset: emptyQuotes, expected: mayBeEmpty ? "one value" : expected, found: "an empty name",
                    advice: "Check the value that was interpolated there.")
            }
            return name
        }

        /// What stands between quotes, the first of which is next.
        private mutating func quoted() throws(Fault) -> [UInt8] {
            position += 1
            var content: [UInt8] = []
            while let byte = next {
                switch byte {
                case .quote:
                    position += 1
                    return content
                case .backslash:
                    guard let escaped = nextButOne, escaped == .quote || escaped == .backslash else {
                        throw Fault(
                            offset: position, expected: "`\\\\` or `\\\"`, or a closing quote", found: "a lone backslash",
                            advice: "Write a backslash between quotes twice.")
                    }
                    content.append(escaped)
                    position += 2
                default:
                    if isControl {
                        throw Fault(offset: position, expected: "a printable character", advice: "Names hold no control characters.")
                    }
                    content.append(byte)
                    position += 1
                }
            }
            throw Fault(offset: position, expected: "a closing quote", advice: "Close the quotes.")
        }

        // MARK: Bytes

        private var next: UInt8? { position < bytes.count ? bytes[position] : nil }
        private var nextButOne: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

        /// Whether next are C0, DEL, C1 (C2 80 … C2 9F) or a line or paragraph separator (E2 80 A8, E2 80 A9).
        private var isControl: Bool {
            switch bytes[position] {
            case ..<0x20, 0x7F: true
            case 0xC2: nextButOne.map { $0 < 0xA0 } ?? false
            case 0xE2: nextButOne == 0x80 && position + 2 < bytes.count && (0xA8...0xA9).contains(bytes[position + 2])
            default: false
            }
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard next == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        private func expectEnd(_ expected: String) throws(Fault) {
            guard position == bytes.count else { throw Fault(offset: position, expected: expected) }
        }

        // MARK: Namespace and service

        /// The service is the last label, unless one that starts with an underscore is followed by a protocol: there it begins.
        private static func firstLabelOfService(in labels: [Name]) -> Int {
            for (index, (label, following)) in zip(labels, labels.dropFirst()).enumerated()
            where label.startsWithUnderscore && following.isProtocol {
                return index
            }
            return labels.count - 1
        }

        private static func joined(_ labels: ArraySlice<Name>) -> String {
            guard labels.count > 1 else { return labels.first?.text ?? "" }
            return String(decoding: Array(labels.map(\.bytes).joined(separator: [.dot])), as: UTF8.self)
        }
    }
}
