/// Amazon SQS's rules as pure functions: what may be stored, and what becomes of a message.
enum Rules {
    static func isFIFO(_ name: String) -> Bool { name.utf8.count > 5 && name.hasSuffix(".fifo") }

    /// 1 to 80 letters, digits, `_` and `-`, the `.fifo` of a FIFO queue included.
    static func checkQueue(name: String) throws(MessagingError) {
        guard name.utf8.count <= 80, isQueueName(name) else {
            throw invalid(
                "A queue's name has 1 to 80 letters, digits, `_` and `-`, and ends in `.fifo` if it keeps order; \(quoted(name)) does not fit."
            )
        }
    }

    /// Whether a text is made of what queues' names are made of.
    static func isQueueName(_ text: String) -> Bool {
        let stem = isFIFO(text) ? Substring(text).dropLast(5) : Substring(text)
        return !stem.isEmpty && stem.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }

    static func invalid(_ message: String) -> MessagingError { MessagingError(.invalidParameterValue, message) }

    /// Outside text in a message: bounded, and free of control characters.
    static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(60).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
        return "`" + String(String.UnicodeScalarView(shown)) + (text.unicodeScalars.count > 60 ? "…`" : "`")
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}

extension Duration {
    /// Rounded down; the ends of its range where a duration is longer than 64 bits of them.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000)
        return overflows ? (seconds < 0 ? .min : .max) : product + attoseconds / 1_000_000_000_000_000
    }
}
