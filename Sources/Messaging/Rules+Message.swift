extension Rules {
    /// What can be said of a message without knowing its queue.
    static func check(_ message: Messaging.Outgoing) throws(MessagingError) {
        try check(body: message.body)
        guard message.attributes.count <= attributeLimit else {
            throw invalid("A message has at most \(attributeLimit) attributes, not \(message.attributes.count).")
        }
        for (name, attribute) in message.attributes { try check(attribute, named: name) }
        if let delay = message.delay {
            guard message.deliverAt == nil else { throw invalid("A message has a delay or a time to be delivered at, not both.") }
            guard delay >= .zero, delay <= .seconds(900) else { throw invalid("A message's delay is 0 to 900 seconds, not \(delay).") }
        }
        try check(group: message.group, deduplication: message.deduplication, trace: message.trace)
    }

    /// Of a message in a queue.
    static let attributeLimit = 10

    static func check(body: [UInt8]) throws(MessagingError) {
        guard !body.isEmpty else { throw MessagingError(.missingParameter, "A message has a body of at least one character.") }
        guard isAllowedText(body) else {
            throw MessagingError(
                .invalidMessageContents,
                "A message's body is text in UTF-8 without control characters other than tab and line ends; send other bytes as a binary attribute, or encode them."
            )
        }
    }

    static func check(group: String?, deduplication: String?, trace: String?) throws(MessagingError) {
        if let group { try check(token: group, "A message group") }
        if let deduplication { try check(token: deduplication, "A deduplication id") }
        if let trace {
            guard (1...1_024).contains(trace.utf8.count), trace.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw invalid("A trace header has 1 to 1,024 visible ASCII characters.")
            }
        }
    }

    /// Bytes of a message as SQS counts them; the trace header is not counted.
    static func size(of message: Messaging.Outgoing) -> Int { message.body.count + size(of: message.attributes) }

    static func size(of attributes: [String: Messaging.Attribute]) -> Int {
        attributes.reduce(0) { size, entry in
            let (name, attribute) = entry
            let label = attribute.label.map { $0.utf8.count + 1 } ?? 0
            return size + name.utf8.count + 6 + label
                + {
                    switch attribute.value {
                    case .string(let text), .number(let text): text.utf8.count
                    case .binary(let bytes): bytes.count
                    }
                }()
        }
    }

    /// What a queue asks of a message.
    static func check(
        size: Int, group: String?, deduplication: String?, delay: Duration?, isTimed: Bool,
        for configuration: Messaging.QueueConfiguration, isFIFO: Bool
    ) throws(MessagingError) {
        guard size <= configuration.maximumMessageSize else {
            throw MessagingError(
                .messageTooLong,
                "The queue takes messages of at most \(configuration.maximumMessageSize) bytes, attributes included; this one has \(size).")
        }
        guard isFIFO else {
            guard deduplication == nil else { throw invalid("A deduplication id is for FIFO queues, whose names end in `.fifo`.") }
            return
        }
        guard group != nil else { throw MessagingError(.missingParameter, "A message to a FIFO queue has a message group.") }
        guard delay ?? .zero == .zero, !isTimed else {
            throw invalid("In a FIFO queue a message has no delay of its own; give the queue one.")
        }
        guard deduplication != nil || configuration.contentBasedDeduplication else {
            throw invalid("A message to a FIFO queue has a deduplication id, unless the queue deduplicates by content.")
        }
    }

    /// #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF, in UTF-8.
    static func isAllowedText(_ bytes: [UInt8]) -> Bool {
        let isPlain = bytes.withUnsafeBytes(isPlainText)
        if isPlain { return true }
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        return text.unicodeScalars.allSatisfy(isAllowed)
    }

    /// ASCII of the allowed characters, eight bytes at a time: every message passes here.
    private static func isPlainText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = 0
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            // A byte's top bit comes out set when it is 0x80 or more, or less than 0x20.
            if (word | (word &- ones &* 0x20) & ~word) & (ones &* 0x80) != 0, !bytes[index..<index + 8].allSatisfy(isPlain) { return false }
            index += 8
        }
        return bytes[index...].allSatisfy(isPlain)
    }

    private static func isPlain(_ byte: UInt8) -> Bool { byte &- 0x20 < 0x60 || byte == 0x9 || byte == 0xA || byte == 0xD }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    static func check(_ attribute: Messaging.Attribute, named name: String) throws(MessagingError) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...256).contains(name.utf8.count), parts.allSatisfy({ !$0.isEmpty }),
            name.utf8.allSatisfy({ isAlphanumeric($0) || "_-.".utf8.contains($0) }),
            !["aws", "amazon"].contains(parts[0].lowercased()) || parts.count == 1
        else {
            throw invalid(
                "A message attribute's name has 1 to 256 letters, digits, `_`, `-` and single dots inside, and does not start with `AWS.` or `Amazon.`; \(quoted(name)) does not fit."
            )
        }
        if let label = attribute.label {
            guard (1...249).contains(label.utf8.count), label.utf8.allSatisfy({ isAlphanumeric($0) || "_-.".utf8.contains($0) }) else {
                throw invalid("The label of an attribute's type has letters, digits, `_`, `-` and `.`; \(quoted(label)) does not fit.")
            }
        }
        switch attribute.value {
        case .string(let text):
            guard !text.isEmpty, text.unicodeScalars.allSatisfy(isAllowed) else {
                throw invalid("The attribute \(quoted(name)) is empty or holds characters that are not allowed.")
            }
        case .number(let text):
            guard isNumber(text) else { throw invalid("The attribute \(quoted(name)) is no number: \(quoted(text)).") }
        case .binary(let bytes):
            guard !bytes.isEmpty else { throw invalid("The attribute \(quoted(name)) is empty.") }
        }
    }

    /// Digits with an optional sign, fraction and exponent, at most 38 digits before the exponent.
    static func isNumber(_ text: String) -> Bool {
        guard let match = text.wholeMatch(of: /[+-]?([0-9]*)(?:\.([0-9]*))?(?:[eE][+-]?[0-9]{1,3})?/) else { return false }
        return (1...38).contains(match.output.1.count + (match.output.2?.count ?? 0))
    }

    /// 1 to 128 letters, digits and punctuation.
    private static func check(token: String, _ what: String) throws(MessagingError) {
        guard (1...128).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw invalid("\(what) has 1 to 128 letters, digits and punctuation characters; \(quoted(token)) does not fit.")
        }
    }
}
