extension Address {
    /// An address from a literal with values in it.
    public init(stringInterpolation interpolation: Interpolation) {
        if let fault = interpolation.fault {
            self.init(text: interpolation.text, fault: fault)
        } else {
            self.init(checking: interpolation.text)
        }
    }

    /// Puts an address together from a literal and the values interpolated in it. A string is quoted unless it is plainly a name, and
    /// becomes part of the name it touches: `"ais.job-\(name)->x"`. An empty string is a fault, except as the whole value of a filter.
    public struct Interpolation: StringInterpolationProtocol {
        fileprivate private(set) var text = ""
        fileprivate private(set) var fault: DiscoveryError?
        /// Whether the literal opened quotes that it has not closed yet.
        private var isQuoted = false
        /// Whether a backslash between those quotes is the last the literal had.
        private var isEscaped = false

        /// Called by the compiler.
        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(min(literalCapacity + interpolationCount * 16, Address.maximumLength))
        }

        /// Appends what the source says, syntax and all.
        public mutating func appendLiteral(_ literal: String) {
            for byte in literal.utf8 {
                if isEscaped {
                    isEscaped = false
                } else if byte == .quote {
                    isQuoted.toggle()
                } else if byte == .backslash {
                    isEscaped = isQuoted
                }
            }
            append(literal)
        }

        /// Appends a text from anywhere, quoted where it needs to be: it is a name or a piece of one, never syntax.
        public mutating func appendInterpolation(_ part: some StringProtocol) {
            guard part.utf8.count <= Address.maximumLength else {
                append(part.cutToTooLong)
                return
            }
            guard !isEscaped else { return refuse("a backslash before an interpolated value", expected: "`\\\\`") }
            let part = String(part)
            if isQuoted {
                // Here an empty string would leave no trace.
                guard !part.isEmpty else { return refuse("an empty interpolated value", expected: "a text") }
                appendEscaped(part)
            } else if isPlain(part) {
                append(part)
            } else {
                append("\"")
                appendEscaped(part)
                append("\"")
            }
        }

        /// Appends a number in decimal.
        public mutating func appendInterpolation(_ part: some BinaryInteger) {
            guard !isEscaped else { return refuse("a backslash before an interpolated value", expected: "`\\\\`") }
            append(String(part, radix: 10))
        }

        /// Appends an address as it is, so that the literal may go on with `->id`; between quotes, as a text.
        public mutating func appendInterpolation(_ address: Address) {
            if let fault = address.fault { self.fault = self.fault ?? fault }
            if isQuoted {
                appendInterpolation(address.text)
            } else {
                append(address.text)
            }
        }

        /// Whether a text is the same bare as quoted: it begins a name, and holds nothing that could make syntax with what comes before it
        /// (the underscore of a protocol) or after it (the hyphen of an arrow). Only an instance's id holds dots that divide nothing.
        private func isPlain(_ part: String) -> Bool {
            let previous = text.utf8.last ?? .dot
            guard previous == .dot || previous == .greater || previous == UInt8(ascii: "=") else { return false }
            guard let first = part.utf8.first, first != .underscore, part.utf8.last != .hyphen else { return false }
            return part.utf8.allSatisfy { $0.isBareInAddress || ($0 == .dot && previous == .greater) }
        }

        private mutating func appendEscaped(_ part: String) {
            var escaped = ""
            escaped.appendEscaped(part)
            append(escaped)
        }

        /// What is too long already need not grow.
        private mutating func append(_ piece: String) {
            if text.utf8.count <= Address.maximumLength { text += piece }
        }

        private mutating func refuse(_ found: String, expected: String) {
            if fault == nil {
                let fault = Fault(
                    offset: text.utf8.count, expected: expected, found: found, advice: "Check the value that is interpolated there.")
                self.fault = fault.discoveryError(of: text)
            }
        }
    }
}
