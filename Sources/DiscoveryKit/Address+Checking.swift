extension Address {
    /// The one gate: whatever becomes an address passes it. A canonical text of bare names is kept as it is after one look at its bytes;
    /// anything else is parsed and printed.
    init(checking text: some StringProtocol) {
        guard text.utf8.count <= Address.maximumLength else {
            self.init(tooLong: text)
            return
        }
        var text = String(text)
        if text.withUTF8(Address.isPlain) {
            self.init(text: text, fault: nil)
            return
        }
        var parser = Parser(text)
        do {
            let canonical = try parser.address().text
            // A service that is a protocol's name gains quotes.
            guard canonical.utf8.count <= Address.maximumLength else {
                self.init(tooLong: canonical)
                return
            }
            self.init(text: canonical, fault: nil)
        } catch {
            self.init(text: text, fault: error.discoveryError(of: text))
        }
    }

    private init(tooLong text: some StringProtocol) {
        let kept = text.cutToTooLong
        let fault = Fault(
            offset: Address.maximumLength, expected: "the end of the address",
            found: "more than the \(Address.maximumLength) bytes one may have",
            advice: "Shorten its names.")
        self.init(text: kept, fault: fault.discoveryError(of: kept))
    }

    /// Whether a text is a canonical address of bare names and no filters. False says nothing: labels that start with an underscore, which
    /// may be part of `_x._tcp`, are left to the parser.
    static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        var label = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte.isBareInAddress {
                if byte == .underscore && index == label { return false }
            } else if byte == .dot {
                guard index > label else { return false }
                label = index + 1
            } else if byte == .greater {
                guard index - label >= 2, bytes[index - 1] == .hyphen else { return false }
                let instance = bytes[(index + 1)...]
                if instance.count == 1 && instance.first == UInt8(ascii: "*") { return true }
                return !instance.isEmpty && instance.allSatisfy { $0.isBareInAddress || $0 == .dot }
            } else {
                return false
            }
            index += 1
        }
        return index > label
    }

    /// What stops a text from being an address.
    struct Fault: Error {
        /// In bytes of UTF-8 from the start of the text.
        var offset: Int
        /// What could have stood there.
        var expected: String
        /// What stands there, if that is not simply the character at `offset`.
        var found: String?
        /// What to do about it, unless it is to quote.
        var advice: String?

        func discoveryError(of text: String) -> DiscoveryError {
            let found = self.found ?? Fault.character(at: offset, in: text)
            let quoting = "Names that hold more than letters, digits and `_-/:@+~` go in double quotes, as in `ais.\"get job\"`."
            let advice = self.advice ?? (offset < text.utf8.count ? quoting : "Add what is missing.")
            return DiscoveryError(
                .malformedAddress,
                "`\(text.excerpt(around: offset))` is not an address: at byte \(offset) there is \(found), where \(expected) "
                    + "was expected. An address looks like `ais.scheduler->get-job`. \(advice)")
        }

        private static func character(at offset: Int, in text: String) -> String {
            let scalars = text.unicodeScalars
            guard offset < text.utf8.count else { return "the end" }
            let scalar = scalars[text.utf8.index(text.startIndex, offsetBy: offset)]
            return scalar == " " ? "a space" : "`\(scalar.printable)`"
        }
    }
}
